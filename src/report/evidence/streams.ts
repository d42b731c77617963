/**
 * What of the chosen connections' streams may be shown: their bytes in order and their transactions come in; for any
 * part of a stream out comes what of it is to be overwritten. Only what was read and found clean is shown: bytes beyond
 * the bounds, in no stream, or unlike those of the stream are not. Ciphertext is, as it is: it hides all by itself.
 */
import type { HeaderField } from '../../http/message.ts';
import { LIMITS } from '../../limits.ts';
import type { Side } from '../../tcp/stream.ts';
import { receiverOf, senderOf, type Transaction } from '../../transaction/transaction.ts';
import type { SecretNames } from '../redaction/names.ts';
import { type FramedMessage, frameSecrets } from './frames.ts';
import { type Body, bodySecrets, headSecrets, otherSecrets, type Part } from './messages.ts';
import type { Hidden } from './overwrite.ts';

/** RFC 9113 §3.4. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HEAD_END = '\r\n\r\n';

/** Captured bytes without a hole. */
interface Run {
  readonly from: number;
  to: number;
  readonly parts: Buffer[];
  bytes: Buffer;
}

interface Message {
  readonly start: number;
  /** Where its head ends. */
  readonly body: number;
  readonly end: number;
  readonly content: Body;
}

class Stream {
  readonly runs: Run[] = [];
  readonly messages: Message[] = [];
  /** The capture met it in the middle: its first bytes may be the rest of anything. */
  midway = false;
  size = 0;
  /** The transactions tell that it carries TLS records, behind what messages it has in clear. */
  sealed = false;
  /** What its streams said where it carries HTTP/2 in clear, by their numbers; null where it does not. */
  framed: Map<number, FramedMessage> | null = null;
  /** It is that of the side which sends requests. */
  asks = false;
  secrets: readonly Hidden[] | null = null;
}

export class Streams {
  readonly #names: SecretNames;
  readonly #streams = new Map<number, readonly [Stream, Stream]>();
  #bytes = 0;

  constructor(names: SecretNames) {
    this.#names = names;
  }

  onBytes(connection: number, side: Side, offset: number, bytes: Buffer, start: number, end: number): void {
    const stream = this.#of(connection)[side];
    const length = end - start;
    if (stream.size + length > LIMITS.evidenceStreamBytes || this.#bytes + length > LIMITS.evidenceBytes)
      return;
    stream.size += length;
    this.#bytes += length;
    const part = Buffer.from(bytes.subarray(start, end));
    const last = stream.runs.at(-1);
    if (last !== undefined && last.to === offset) {
      last.parts.push(part);
      last.to += length;
    } else stream.runs.push({ from: offset, to: offset + length, parts: [part], bytes: part });
  }

  onTransaction(transaction: Transaction): void {
    const { connection, sender, request, response, tls } = transaction;
    const streams = this.#of(connection.id);
    // Its messages are not where the stream has their ciphertext.
    if (tls !== null) {
      const throughout = tls.notTls === null && !tls.anomalies.includes('record_header_invalid');
      for (const stream of streams) stream.sealed = throughout;
      return;
    }
    const receiver = sender === 0 ? 1 : 0;
    if (transaction.stream !== null) {
      for (const stream of streams) stream.framed ??= new Map();
      streams[sender].asks = true;
      noteFramed(transaction, streams[sender], streams[receiver]);
    }
    streams[sender].midway = senderOf(transaction).syn === null;
    streams[receiver].midway = receiverOf(transaction).syn === null;
    for (const [stream, message] of [
      [streams[sender], request],
      [streams[receiver], response],
    ] as const) {
      if (message === null || message.head?.version === 'HTTP/2') continue;
      const { start, end, head } = message;
      const content = { headers: head?.headers ?? [], decoded: () => message.decoded() };
      stream.messages.push({ start, body: Math.min(end, start + (head?.headerBytes ?? 0)), end, content });
    }
  }

  /** @param payload bytes that a packet carries at `offset`. */
  hidden(connection: number, side: Side, offset: number, payload: Buffer): Hidden[] {
    const end = offset + payload.length;
    const all = [{ from: offset, to: end, bare: false }];
    const stream = this.#of(connection)[side];
    stream.secrets ??= secretsOf(stream, this.#names);
    if (stream.sealed && offset >= clearUntil(stream)) return [];
    const run = stream.runs[firstIndex(stream.runs, ({ to }) => to > offset)];
    if (run === undefined || run.from > offset) return all;
    const known = Math.min(end, run.to);
    // Sent again with other bytes than the receiver was given before: nobody has looked at these.
    if (run.bytes.compare(payload, 0, known - offset, offset - run.from, known - run.from) !== 0) return all;
    const found: Hidden[] = [];
    for (let i = firstIndex(stream.secrets, ({ to }) => to > offset); i < stream.secrets.length; i++) {
      const one = stream.secrets[i]!;
      if (one.from >= known) break;
      found.push(one);
    }
    return known === end ? found : [...found, { from: known, to: end, bare: false }];
  }

  #of(connection: number): readonly [Stream, Stream] {
    let streams = this.#streams.get(connection);
    if (streams === undefined) {
      streams = [new Stream(), new Stream()];
      this.#streams.set(connection, streams);
    }
    return streams;
  }
}

function secretsOf(stream: Stream, names: SecretNames): Hidden[] {
  for (const run of stream.runs) {
    run.bytes = run.parts.length === 1 ? run.bytes : Buffer.concat(run.parts);
    run.parts.length = 0;
  }
  const found: Hidden[] = [];
  const messages = [...stream.messages].sort((a, b) => a.start - b.start);
  let at = Number.NEGATIVE_INFINITY;
  for (const { start, body, end, content } of messages) {
    const before = partsOf(stream, at, start);
    if (at < 0 && stream.midway) found.push(...before.map(whole));
    else found.push(...before.flatMap((part) => otherSecrets(part, names)));
    found.push(...partsOf(stream, start, body).flatMap((part) => headSecrets(part, names)));
    found.push(...bodySecrets(partsOf(stream, body, end), content, names));
    at = Math.max(at, end);
  }
  if (stream.framed !== null) {
    const frames = framesFrom(stream, Math.max(at, 0));
    found.push(...partsOf(stream, at, frames ?? at).flatMap((part) => otherSecrets(part, names)));
    const rest = partsOf(stream, frames ?? at, Number.POSITIVE_INFINITY);
    found.push(...(frames === null ? rest.map(whole) : frameSecrets(rest, stream.framed, names)));
  } else if (!stream.sealed) {
    const rest = partsOf(stream, at, Number.POSITIVE_INFINITY);
    found.push(...rest.flatMap((part) => otherSecrets(part, names)));
  }
  return found.sort((a, b) => a.from - b.from);
}

/** What may be shown of a stream of HTTP/2: what its field blocks say, and its bodies where their secrets are known. */
function noteFramed(transaction: Transaction, sender: Stream, receiver: Stream): void {
  const { request, response, interim, stream, tls } = transaction;
  const id = stream?.id ?? 0;
  const none = { headers: [], decoded: () => ({ text: null, whole: false }) };
  const contentOf = (message: typeof request | typeof response): Body =>
    message === null ? none : { headers: message.head?.headers ?? [], decoded: () => message.decoded() };
  const asked = request?.head ?? null;
  const said = response?.head ?? null;
  const requestHead: HeaderField[] =
    asked === null || asked.version !== 'HTTP/2'
      ? []
      : [
          { name: ':method', value: asked.method },
          { name: ':scheme', value: tls === null ? 'http' : 'https' },
          { name: ':path', value: asked.target },
          ...asked.headers.map(({ name, value }) => ({ name: name === 'host' ? ':authority' : name, value })),
        ];
  sender.framed?.set(id, {
    start: asked?.version === 'HTTP/2' ? (request?.start ?? null) : null,
    content: contentOf(request),
    heads: [inOrder(requestHead)],
  });
  const answerHead = said === null ? [] : [{ name: ':status', value: `${said.status}` }, ...said.headers];
  const grpcStatus = stream?.grpcStatus ?? null;
  receiver.framed?.set(id, {
    start: response?.start ?? null,
    content: contentOf(response),
    // A 101 was said in HTTP/1.1.
    heads: [
      ...interim
        .filter(({ status }) => status !== 101)
        .map(({ status }) => [{ name: ':status', value: `${status}` }]),
      answerHead,
      grpcStatus === null ? [] : [{ name: 'grpc-status', value: grpcStatus }],
    ],
  });
}

/** Pseudo-header fields come before all others (RFC 9113 §8.3). */
function inOrder(fields: readonly HeaderField[]): HeaderField[] {
  const isPseudo = ({ name }: HeaderField) => name.startsWith(':');
  return [...fields.filter(isPseudo), ...fields.filter((field) => !isPseudo(field))];
}

/**
 * Where the first frame begins: behind the preface, or behind what was said in HTTP/1.1 before (RFC 9113 §3.4); null where
 * that was not captured.
 */
function framesFrom({ runs, midway, asks }: Stream, from: number): number | null {
  const run = runs.find((one) => one.from <= from && one.to > from);
  if (midway || run === undefined) return null;
  const start = from - run.from;
  if (asks) {
    const preface = run.bytes.indexOf(PREFACE, start);
    return preface < 0 ? null : run.from + preface + PREFACE.length;
  }
  if (run.bytes.toString('latin1', start, start + 5) !== 'HTTP/') return from;
  const head = run.bytes.indexOf(HEAD_END, start);
  return head < 0 ? null : run.from + head + HEAD_END.length;
}

/** Where what comes after the last message in clear begins. */
function clearUntil({ messages }: Stream): number {
  return messages.reduce((latest, { end }) => Math.max(latest, end), Number.NEGATIVE_INFINITY);
}

/** Of a sorted list, where what is asked for begins; its length where it never does. */
function firstIndex<T>(sorted: readonly T[], reached: (one: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function whole({ offset, bytes }: Part): Hidden {
  return { from: offset, to: offset + bytes.length, bare: false };
}

/** What was captured of `[from, to)`. */
function partsOf(stream: Stream, from: number, to: number): Part[] {
  return stream.runs.flatMap((run) => {
    const start = Math.max(from, run.from);
    const end = Math.min(to, run.to);
    return end > start
      ? [{ offset: start, bytes: run.bytes.subarray(start - run.from, end - run.from) }]
      : [];
  });
}
