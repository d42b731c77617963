/** What other connections of a capture add to a verdict, and what they must not. */
import { expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { type Frame, merged } from '../support/packets-source.ts';
import { analyzed, OK, POST } from './judged.ts';
import { resent, reused } from './situations.ts';

const SECOND = 1e9;

/** Accepted, asked, and closed by the sender unanswered. */
function failing(port: number, start: number, server = '203.0.113.44:80'): Frame[] {
  return conversation({ client: `10.0.0.1:${port}`, server, start })
    .handshake()
    .clientSends(POST)
    .ack('server')
    .wait(1_500)
    .close('client').frames;
}

function answered(port: number, start: number, server: string): Frame[] {
  return conversation({ client: `10.0.0.1:${port}`, server, start })
    .handshake()
    .clientSends(POST)
    .ack('server')
    .serverSends(OK)
    .close('client').frames;
}

/** With drops every absence is at most probable. */
async function confidences(...lists: Frame[][]): Promise<string[]> {
  const { records } = await analyzed(merged(...lists), {}, { dropped: 1 });
  return records.filter(({ outcome }) => outcome === 'unanswered').map(({ confidence }) => confidence);
}

const three = (gap: number) => [1, 2, 3].map((i) => failing(40_000 + i, i * gap));

test('the third failure alike is surer while another host is answered', async () => {
  const healthy = answered(50_000, 2 * SECOND, '198.51.100.7:80');
  expect(await confidences(...three(2 * SECOND), healthy)).toEqual(['probable', 'probable', 'strong']);
});

test('not when nobody else is answered', async () => {
  expect(await confidences(...three(2 * SECOND))).toEqual(['probable', 'probable', 'probable']);
});

test('not when only the same host is', async () => {
  const same = answered(50_000, 2 * SECOND, '203.0.113.44:80');
  expect(await confidences(...three(2 * SECOND), same)).toEqual(['probable', 'probable', 'probable']);
});

test('not when the failures lie further apart than a minute', async () => {
  const healthy = answered(50_000, 130 * SECOND, '198.51.100.7:80');
  expect(await confidences(...three(65 * SECOND), healthy)).toEqual(['probable', 'probable', 'probable']);
});

test('a request into long silence is lost on the way when a new connection works', async () => {
  const old = resent(reused(60_000).lose().clientSends(POST)).wait(30_000).fin('client');
  const fresh = answered(50_000, 62 * SECOND, '203.0.113.44:80');
  const { records } = await analyzed(merged(old.frames, fresh));
  expect(records.map(({ id, verdict }) => [id, verdict])).toEqual([
    ['1.1', 'delivered'],
    ['2.1', 'delivered'],
    ['1.2', 'idle_state_lost'],
  ]);
});

test('not when the new connection was earlier than the request', async () => {
  const old = resent(reused(60_000).lose().clientSends(POST)).wait(30_000).fin('client');
  const earlier = answered(50_000, 30 * SECOND, '203.0.113.44:80');
  const { records } = await analyzed(merged(old.frames, earlier));
  expect(records.at(-1)).toMatchObject({ id: '1.2', verdict: 'request_not_acked' });
});
