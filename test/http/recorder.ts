/**
 * A message sink that writes down what it is told, and fails where the calls are not as MessageSink promises.
 * `feed` hands a stream in pieces as the reassembler does: every piece lent, inside a larger buffer that holds HTTP
 * before and after it, and destroyed after the call. A number in place of a piece is a gap.
 */
import { frameRequest, frameResponse } from '../../src/http/framing.ts';
import {
  type Anomaly,
  type Framing,
  fieldOf,
  type MessageEnd,
  type MessageSink,
  type RequestHead,
  type ResponseHead,
} from '../../src/http/message.ts';
import {
  createRequestParser,
  createResponseParser,
  type MessageParser,
  type ParserOptions,
} from '../../src/http/parser.ts';
import type { LimitName } from '../../src/limits.ts';
import type { EndCause } from '../../src/tcp/stream.ts';

export interface Message<H> {
  /** Position of the first byte, of the end of the head and of the message. */
  begin: number;
  headEnd: number;
  finish: number;
  /** Frame of the packet that brought the first byte: here the position of its first byte. */
  frame: number;
  head: H | undefined;
  framing: Framing | undefined;
  body: string;
  gap: number;
  end: MessageEnd | undefined;
  anomalies: Anomaly[];
}

export interface Recorder<H extends RequestHead | ResponseHead> {
  readonly parser: MessageParser<H>;
  readonly messages: Message<H>[];
  /** Told between messages. */
  readonly anomalies: Anomaly[];
  readonly limits: LimitName[];
  other(): string;
  bodyCalls(): number;
}

export type Piece = string | Buffer | number;

export function requests(options: ParserOptions = {}): Recorder<RequestHead> {
  return recorder<RequestHead>(
    (sink, onLimit) => createRequestParser(sink, { onLimit, ...options }),
    frameRequest,
    (head) => ({ ...wholeOf(head), method: head.method, target: head.target }),
  );
}

/** @param methods of the requests that the final responses answer, in order. */
export function responses(
  methods: readonly string[] = [],
  options: ParserOptions = {},
): Recorder<ResponseHead> {
  let answered = 0;
  return recorder<ResponseHead>(
    (sink, onLimit) => createResponseParser(sink, { onLimit, ...options }),
    (head, tell) => {
      const framing = frameResponse(head, methods[answered], tell);
      if (head.status >= 200) answered++;
      return framing;
    },
    (head) => ({ ...wholeOf(head), status: head.status, reason: head.reason }),
  );
}

/** Beside those of a head: names of the same length, and of no field. */
const ASKED = ['host', 'hose', 'content-type', 'content-length', 'webhook-id', 'x', ''];

/** A head with all that it tells cut out, however it was found. @throws where one field is told in another way than all. */
function wholeOf(head: RequestHead | ResponseHead): Omit<RequestHead, 'method' | 'target'> {
  const { headerBytes, headers, version, complete } = head;
  for (const name of [...ASKED, ...headers.map((field) => field.name.toLowerCase())]) {
    const told = headers.find((field) => field.name.toLowerCase() === name)?.value;
    if (fieldOf(head, name) !== told) throw new Error(`${name}: ${fieldOf(head, name)} is not ${told}`);
  }
  return { headerBytes, headers, version, complete };
}

function recorder<H extends RequestHead | ResponseHead>(
  create: (sink: MessageSink<H>, onLimit: (name: LimitName) => void) => MessageParser<H>,
  frame: (head: H, tell: (anomaly: Anomaly) => void) => Framing,
  whole: (head: H) => H,
): Recorder<H> {
  const messages: Message<H>[] = [];
  const anomalies: Anomaly[] = [];
  const limits: LimitName[] = [];
  let other = '';
  let calls = 0;
  let open: Message<H> | undefined;
  const withHead = (): Message<H> => {
    if (open?.head === undefined) throw new Error('a body outside of a message');
    return open;
  };
  const note = (anomaly: Anomaly) => {
    const list = open?.anomalies ?? anomalies;
    if (!list.includes(anomaly)) list.push(anomaly);
  };
  const parser = create(
    {
      onStart(at) {
        if (open !== undefined) throw new Error('onStart within a message');
        open = {
          begin: parser.position,
          headEnd: -1,
          finish: -1,
          frame: at.frame,
          head: undefined,
          framing: undefined,
          body: '',
          gap: 0,
          end: undefined,
          anomalies: [],
        };
        messages.push(open);
      },
      onHead(head) {
        if (open === undefined || open.head !== undefined) throw new Error('a second onHead, or none begun');
        open.head = whole(head);
        open.headEnd = parser.position;
        if (!head.complete) return { kind: 'none' };
        open.framing = frame(head, note);
        return open.framing;
      },
      onBody(bytes, start, end) {
        if (start >= end) throw new Error('an empty body call');
        calls++;
        withHead().body += bytes.toString('latin1', start, end);
      },
      onBodyGap(length) {
        if (length <= 0) throw new Error('an empty gap');
        withHead().gap += length;
      },
      onEnd(end) {
        const message = withHead();
        message.end = end;
        message.finish = parser.position;
        open = undefined;
      },
      onAnomaly: note,
      onOther(bytes, start, end) {
        if (open !== undefined) throw new Error('onOther within a message');
        if (start >= end) throw new Error('an empty onOther');
        other += bytes.toString('latin1', start, end);
      },
      isDue: () => false,
    },
    (name) => limits.push(name),
  );
  return { parser, messages, anomalies, limits, other: () => other, bodyCalls: () => calls };
}

const BEFORE = Buffer.from('GET /before HTTP/1.1\r\n\r\n');
const AFTER = Buffer.from('\n\r\nGET /after HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n');

/** Hands the pieces in, then the end unless `cause` is null. */
export function feed<R extends Recorder<RequestHead> | Recorder<ResponseHead>>(
  recorder: R,
  pieces: readonly Piece[],
  cause: EndCause | null = 'fin',
): R {
  let position = recorder.parser.position;
  const at = { time: 0, file: 0, frame: 0 };
  for (const piece of pieces) {
    at.frame = position;
    if (typeof piece === 'number') {
      recorder.parser.onGap(piece, at);
      position += piece;
      continue;
    }
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
    const lent = Buffer.concat([BEFORE, bytes, AFTER]);
    recorder.parser.onBytes(lent, BEFORE.length, BEFORE.length + bytes.length, at);
    lent.fill(0x58);
    position += bytes.length;
  }
  at.frame = position;
  if (cause !== null) recorder.parser.onEnd(cause, at);
  return recorder;
}

/** What does not depend on how the stream was cut, for comparison. */
export function outcome(recorder: Recorder<RequestHead> | Recorder<ResponseHead>): unknown {
  return {
    messages: recorder.messages.map(({ frame: _, ...message }) => message),
    anomalies: recorder.anomalies,
    other: recorder.other(),
    limits: recorder.limits,
  };
}

export function bytewise(text: string | Buffer): Buffer[] {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** `bytes` cut at each of `cuts` (any numbers; taken modulo its length). */
export function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const ends = [...places, bytes.length];
  let start = 0;
  return ends.flatMap((end) => {
    const piece = bytes.subarray(start, end);
    start = end;
    return piece.length > 0 ? [piece] : [];
  });
}

export function request(text: string | Buffer, options?: ParserOptions): Recorder<RequestHead> {
  return feed(requests(options), [text]);
}

export function response(text: string | Buffer, ...methods: string[]): Recorder<ResponseHead> {
  return feed(responses(methods), [text]);
}
