/** The catalogue as people read it. */
import { expect, test } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { suggest } from '../../src/cli/suggest.ts';
import { CATALOGUE } from '../../src/verdict/codes.ts';

test('one code', () => {
  expect(explain('connect_refused', 60)).toBe(`connect_refused: Connection refused

The sender's SYN was answered by an RST that acknowledges
it, and no SYN-ACK came: nothing listens on that port, or a
device in front of it answers for it.

outcome:     unsent
fault:       receiver
confidence:  proven, before the health of the capture is weighed

What to do: Ask the receiver to check that the service is
running and listens on this address and port, and that no
firewall rejects the sender.
`);
  expect(explain('delivered', 80)).toContain('\nfault:       none\n');
});

test('all codes, one a line', () => {
  const lines = explain(null, 80).trimEnd().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(CATALOGUE.map((entry) => entry.code));
  expect(lines[0]).toBe('connect_refused              unsent      Connection refused');
});

test.each([
  ['no_respons_reset', 'unknown code no_respons_reset: did you mean no_response_reset?'],
  ['REDIRECTED', 'unknown code REDIRECTED: did you mean redirected?'],
  ['gateway', 'unknown code gateway: did you mean gateway_error?'],
  ['xyzzy', 'unknown code xyzzy: wirewitness explain lists all'],
  ['\x1b', 'unknown code \\x1b: wirewitness explain lists all'],
])('%j is no code', (code, message) => {
  expect(() => explain(code, 80)).toThrow(message);
});

test('nothing is suggested for what is not near, however long', () => {
  expect(suggest('a'.repeat(100_000), ['aaaa'])).toBeNull();
  expect(suggest('q', ['quiet', 'verbose'])).toBeNull();
});
