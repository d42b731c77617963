/** Situations to judge, a few words each, and tables of them. */
import { expect, test } from 'vitest';
import type { Code } from '../../src/verdict/verdict.ts';
import { type Conversation, conversation } from '../support/conversation.ts';
import { icmpError } from '../support/frames.ts';
import { judged, OK, POST } from './judged.ts';

export const talk = () => conversation().handshake();
/** After the request is sent and acknowledged. */
export const asked = () => talk().clientSends(POST).ack('server');
/** A finished exchange, then the same connection again. */
export const reused = (idle = 100) => asked().serverSends(OK).ack('client').wait(idle);
/** Another connection's packet so much later: the capture goes on. */
export const later = (c: Conversation, ms = 40_000): Conversation => {
  const other = conversation({ client: '10.0.0.9:1', server: '10.0.0.8:2', start: c.now + ms * 1e6 });
  c.frames.push(...other.segment('client', { flags: 'RA' }).frames);
  return c;
};
export const resent = (c: Conversation, times = 4, fields = {}): Conversation => {
  for (let i = 0, wait = 200; i < times; i++, wait *= 2) c.wait(wait).lose().retransmit('client', fields);
  return c;
};
export const icmp = (c: Conversation, src: string, type: number, code: number, mtu?: number): Conversation =>
  c.raw(
    icmpError({
      src,
      dst: '10.0.0.1',
      type,
      code,
      ...(mtu === undefined ? {} : { mtu }),
      quote: c.fields('client', { flags: 'S', seq: 1000 }),
    }),
  );

/** `of` is how many records the frames give; the last one is looked at. */
export type Row = readonly [
  name: string,
  build: () => Conversation,
  verdict: Code,
  also?: Readonly<Record<string, unknown>>,
  of?: number,
];
export function rows(list: readonly Row[]): void {
  for (const [name, build, verdict, also = {}, of = 1] of list) {
    test(name, async () => {
      expect(await judged(build(), {}, {}, of)).toMatchObject({ verdict, ...also });
    });
  }
}
