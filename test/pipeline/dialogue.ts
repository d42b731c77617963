/**
 * Generated keep-alive conversations: POSTs with their responses, as messages that are then laid on the wire in any
 * cut. Frames keep cause before effect: a response is sent when its request has arrived, an acknowledgement covers
 * what came before it.
 */
import fc from 'fast-check';
import { conversation } from '../support/conversation.ts';
import type { Frame } from '../support/packets-source.ts';

export interface Turn {
  readonly target: string;
  readonly request: string;
  readonly interim: readonly number[];
  readonly status: number;
  readonly response: string;
  /** Sent before the response to the request before it came. */
  readonly pipelined: boolean;
}

const text = fc.string({ minLength: 0, maxLength: 60, unit: fc.constantFrom(...'ab={}&% \r\n:0"HTP/1.') });
const words = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abcxyz') });

/** Each request has a target of its own. */
export const turns: fc.Arbitrary<Turn[]> = fc
  .array(
    fc.record({
      body: text,
      reply: text,
      chunkedRequest: fc.boolean(),
      chunkedReply: fc.boolean(),
      chunk: fc.integer({ min: 1, max: 30 }),
      order: words,
      interim: fc.array(fc.constantFrom(100, 102, 103), { maxLength: 2 }),
      status: fc.constantFrom(200, 200, 200, 201, 404, 500, 502),
      pipelined: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((drawn) =>
    drawn.map((turn, index) => {
      const target = `/notify/${turn.order}${index}`;
      const start = `POST ${target} HTTP/1.1\r\nHost: shop.example\r\n`;
      return {
        target,
        request: message(start, turn.body, turn.chunkedRequest ? turn.chunk : 0),
        interim: turn.interim,
        status: turn.status,
        response: message(
          `HTTP/1.1 ${turn.status} Whatever\r\n`,
          turn.reply,
          turn.chunkedReply ? turn.chunk : 0,
        ),
        pipelined: turn.pipelined,
      };
    }),
  );

/** How the bytes of one burst are cut into segments: lengths that are gone through again and again. */
export const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 });

function message(start: string, body: string, chunk: number): string {
  if (chunk === 0) return `${start}Content-Length: ${body.length}\r\n\r\n${body}`;
  let chunks = '';
  for (let at = 0; at < body.length; at += chunk) {
    const part = body.slice(at, at + chunk);
    chunks += `${part.length.toString(16)}\r\n${part}\r\n`;
  }
  return `${start}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
}

export interface Wire {
  readonly cuts: readonly number[];
  /** Without it the capture begins after the handshake. */
  readonly handshake?: boolean;
  readonly clientIsn?: number;
  readonly serverIsn?: number;
  /** Each side acknowledges by bare segments too. */
  readonly bareAcks?: boolean;
}

/** A frame and the side that sent it, with its stream offsets. */
export interface Laid {
  readonly frames: Frame[];
  /** Per turn: numbers (from 0) of the frames that carry any of its request, and any of its final response. */
  readonly requestFrames: readonly (readonly number[])[];
  readonly responseFrames: readonly (readonly number[])[];
}

export function lay(dialogue: readonly Turn[], wire: Wire): Laid {
  const talk = conversation({
    clientIsn: wire.clientIsn ?? 1000,
    serverIsn: wire.serverIsn ?? 5000,
    rtt: 30,
  });
  if (wire.handshake === false) talk.established();
  else talk.handshake();
  let cut = 0;
  const requestFrames: number[][] = [];
  const responseFrames: number[][] = [];
  const send = (side: 'client' | 'server', parts: readonly { text: string; frames: number[] }[]) => {
    const whole = parts.map((part) => part.text).join('');
    for (let at = 0; at < whole.length; ) {
      const length = wire.cuts[cut++ % wire.cuts.length]!;
      let from = 0;
      for (const { text: part, frames } of parts) {
        if (at < from + part.length && at + length > from) frames.push(talk.frames.length);
        from += part.length;
      }
      const piece = whole.slice(at, at + length);
      if (side === 'client') talk.clientSends(piece);
      else talk.serverSends(piece);
      if (wire.bareAcks) talk.ack(side === 'client' ? 'server' : 'client');
      talk.wait(0.2);
      at += length;
    }
  };
  for (let first = 0; first < dialogue.length; ) {
    let after = first + 1;
    while (after < dialogue.length && dialogue[after]!.pipelined) after++;
    const burst = dialogue.slice(first, after);
    const requests = burst.map(({ request }) => ({ text: request, frames: [] as number[] }));
    send('client', requests);
    requestFrames.push(...requests.map(({ frames }) => frames));
    talk.ack('server').wait(15);
    const responses = burst.flatMap(({ interim, response }) => [
      ...interim.map((status) => ({
        text: `HTTP/1.1 ${status} Early\r\n\r\n`,
        frames: [] as number[],
        final: false,
      })),
      { text: response, frames: [] as number[], final: true },
    ]);
    send('server', responses);
    responseFrames.push(...responses.filter(({ final }) => final).map(({ frames }) => frames));
    talk.ack('client').wait(15);
    first = after;
  }
  talk.close('client');
  return { frames: talk.frames, requestFrames, responseFrames };
}

const MILLISECOND = 1e6;

/** Frames in the order in which they come with each delayed by up to 10 ms; the clock of the capture runs on. */
export function shuffled(frames: readonly Frame[], delays: readonly number[]): Frame[] {
  const delayed = frames.map((frame, index) => ({
    frame,
    index,
    at: frame.timeNs + (delays[index % delays.length] ?? 0) * MILLISECOND,
  }));
  delayed.sort((a, b) => a.at - b.at || a.index - b.index);
  return delayed.map(({ frame, at }) => ({ ...frame, timeNs: at }));
}
