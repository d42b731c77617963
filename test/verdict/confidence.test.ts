/** What the capture's health takes from a claim: nothing from what was seen, much from what was not. */
import { expect, test } from 'vitest';
import { type Health, weigh } from '../../src/verdict/confidence.ts';
import type { Facts } from '../../src/verdict/facts.ts';

const HEALTHY: Health = { dropped: 0, limitsHit: false, disordered: false, live: null };
const SEEN = { syn: {}, ackedUnseen: 0 };

function facts(sender: object = SEEN, receiver: object = SEEN): Facts {
  const transaction = { occasion: 'closed', connection: { established: {} } };
  return { transaction, sender, receiver, closed: {} } as unknown as Facts;
}

test.each<[string, Partial<Health>, Facts, string]>([
  ['a clean capture', {}, facts(), 'strong'],
  ['drops that the capture does not tell', { dropped: null }, facts(), 'strong'],
  ['drops', { dropped: 1 }, facts(), 'probable'],
  ['a limit', { limitsHit: true }, facts(), 'probable'],
  ['times that run backwards', { disordered: true }, facts(), 'weak'],
  ['bytes acknowledged unseen', {}, facts(SEEN, { syn: {}, ackedUnseen: 5 }), 'weak'],
  [
    'the middle of a connection',
    {},
    facts({ syn: null, ackedUnseen: 0 }, { syn: null, ackedUnseen: 0 }),
    'probable',
  ],
])('an absence, with %s', (_, health, given, confidence) => {
  const weighed = weigh('no_response_timeout', 'strong', given, { ...HEALTHY, ...health }, false);
  expect(weighed.confidence).toBe(confidence);
  expect(weighed.because.length).toBeGreaterThan(0);
});

test('a packet that was seen proves whatever else was missed', () => {
  const worst = { dropped: 9, limitsHit: true, disordered: true, live: null };
  expect(weigh('delivered', 'proven', facts(), worst, true)).toEqual({ confidence: 'proven', because: [] });
});

test.each<[string, Partial<Health>, Facts, string]>([
  ['drops, one step', { dropped: 1 }, facts(), 'strong'],
  ['a clean capture, nothing', {}, facts(), 'strong'],
  ['bytes acknowledged unseen, nothing', {}, facts(SEEN, { syn: {}, ackedUnseen: 5 }), 'weak'],
  ['times that run backwards, nothing', { disordered: true }, facts(), 'weak'],
])('many failures alike raise, with %s', (_, health, given, confidence) => {
  const weighed = weigh('no_response_timeout', 'strong', given, { ...HEALTHY, ...health }, true);
  expect(weighed.confidence).toBe(confidence);
});
