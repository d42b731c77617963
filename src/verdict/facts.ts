/**
 * An attempt as the rules see it: what was sent, acknowledged and answered, who closed first, whether the sender
 * had given up. Everything here is read off the packets; nothing is a judgement.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { Direction, Fingerprint } from '../tcp/stream.ts';
import { receiverOf, type StreamFacts, senderOf, type Transaction } from '../transaction/transaction.ts';
import type { Neighbours } from './neighbours.ts';
import type { AcceptRule, ClosedBy } from './verdict.ts';

/** A kernel answers what comes for a closed socket sooner than this. */
const KERNEL: Time = 10e6;

/** A FIN that follows the request within this, where no round trip was measured, only says "no more requests". */
const HALF_CLOSE_MINIMUM: Time = 1e6;

/** After this a SYN is sent again (RFC 6298 §2.1). */
const SYN_TIMEOUT: Time = 1e9;

/** Each repetition doubles the wait (RFC 6298 §5.5): three make at least seven round-trip timeouts. */
export const STUCK_REPEATS = 3;

export interface Facts {
  readonly transaction: Transaction;
  /** The transaction's own; a rule may be asked what it said if a sealed turn were one that can be read. */
  readonly kind: Transaction['kind'];
  readonly sender: Direction;
  readonly receiver: Direction;
  readonly sent: 'full' | 'partial' | 'none' | 'unknown';
  readonly acked: 'full' | 'partial' | 'none' | 'unknown';
  readonly responded: 'full' | 'partial' | 'none' | 'unknown';
  readonly closedBy: ClosedBy;
  /** First FIN or RST of either side; of a FIN that was not captured, the other side's FIN that acknowledges it. */
  readonly closed: Moment | null;
  /** What the packet at `closed` is. */
  readonly closing: ClosedBy;
  /** `closed` ended the stream of HTTP/2 alone, before its connection. */
  readonly streamClosed: boolean;
  /** The first FIN was not captured. */
  readonly closeUnseen: boolean;
  /** The sender's first FIN or RST that was no half-close: from then on it took no answer. */
  readonly gaveUp: Moment | null;
  readonly halfClosed: boolean;
  /** Round trip of the handshake; null when it was not seen. */
  readonly rtt: Time | null;
  /** The final response began after the sender had given up, and was not taken. */
  readonly late: boolean;
  /** Only one side's packets are in the capture although both spoke. */
  readonly oneDirection: 'sender' | 'receiver' | null;
  /** The handshake was completed, whether all of it was captured or not. */
  readonly established: boolean;
  readonly reused: boolean;
  readonly accept: AcceptRule;
  /** Connections to the same receiver, and others, at the same time. */
  readonly neighbours: Neighbours;
}

export function factsOf(transaction: Transaction, accept: AcceptRule, neighbours: Neighbours): Facts {
  const sender = senderOf(transaction);
  const receiver = receiverOf(transaction);
  const rtt = roundTrip(sender, receiver);
  const halfClosed = isHalfClosed(transaction, sender, receiver, rtt);
  const gaveUp = firstOf(closeOf(sender, receiver, halfClosed), sender.rst);
  // Of those at one moment the sender's, and the FIN, count as the first.
  const first = firstOf(receiver.rst, firstOf(sender.rst, firstFin(sender, receiver)));
  const ended = endOfStream(transaction.stream);
  const streamFirst = ended !== null && (first === null || isBefore(ended.at, first.at)) ? ended : null;
  const closing = streamFirst?.role ?? closingOf(first, sender, receiver);
  const closeUnseen =
    (closing === 'receiver_fin' && isFinUnseen(sender, receiver)) ||
    (closing === 'sender_fin' && isFinUnseen(receiver, sender));
  const closedBy = !closeUnseen ? closing : closing === 'receiver_fin' ? 'sender_fin' : 'receiver_fin';
  const cancelled = ended?.role === 'sender_rst_stream' ? ended.at : null;
  // Where the receiver had ended the stream, nobody waited any more.
  const gaveUpAt = cancelled ?? (streamFirst === null ? (gaveUp?.at ?? null) : null);
  return {
    transaction,
    kind: transaction.kind,
    sender,
    receiver,
    sent: sentOf(transaction),
    acked: ackedOf(transaction),
    responded: respondedOf(transaction, sender, receiver, gaveUp),
    closedBy,
    closed: streamFirst?.at ?? first?.at ?? null,
    closing,
    streamClosed: streamFirst !== null,
    closeUnseen,
    gaveUp: gaveUpAt,
    halfClosed,
    rtt,
    late: cancelled === null ? isLate(transaction, receiver, gaveUp) : isAfter(transaction, cancelled),
    oneDirection: oneDirectionOf(sender, receiver),
    established:
      transaction.connection.established !== null ||
      receiver.acked > 0 ||
      sender.acked > 0 ||
      hasAcknowledged(sender),
    reused: transaction.index > 1 || (sender.syn === null && receiver.syn === null),
    accept,
    neighbours,
  };
}

/** What ended a stream of HTTP/2 and left its connection open (RFC 9113 §5.4.2, §6.8). */
function endOfStream(
  stream: StreamFacts | null,
): { readonly role: NonNullable<ClosedBy>; readonly at: Moment } | null {
  if (stream === null) return null;
  const { reset, goAway } = stream;
  if (reset !== null)
    return { role: reset.side === 'sender' ? 'sender_rst_stream' : 'receiver_rst_stream', at: reset.at };
  return goAway !== null && isLeftOut(stream) ? { role: 'receiver_goaway', at: goAway.at } : null;
}

/** The receiver has told that it did not process the stream, and will not (RFC 9113 §6.8). */
export function isLeftOut({ id, goAway }: StreamFacts): boolean {
  return goAway !== null && id > goAway.lastStream;
}

/** The FIN by which the sender gave up, or the one of the receiver that answers it where it was not captured. */
function closeOf(sender: Direction, receiver: Direction, halfClosed: boolean): Fingerprint | null {
  if (sender.fin === null) return isFinUnseen(sender, receiver) ? receiver.fin : null;
  return halfClosed || isFinUnseen(receiver, sender) ? null : sender.fin;
}

/** The FIN of `peer` acknowledges one of `me`, one beyond its last byte, that was not captured: `me` closed first. */
function isFinUnseen(me: Direction, peer: Direction): boolean {
  return me.fin === null && peer.fin?.ackOffset === me.highest + 1;
}

/** A FIN that acknowledges the other side's came after it, in whatever order the two were captured. */
function firstFin(sender: Direction, receiver: Direction): Fingerprint | null {
  if (answersFin(receiver.fin, sender)) return sender.fin;
  return answersFin(sender.fin, receiver) ? receiver.fin : firstOf(receiver.fin, sender.fin);
}

function answersFin(fin: Fingerprint | null, peer: Direction): boolean {
  return fin !== null && peer.fin !== null && fin.ackOffset === peer.highest + 1;
}

export function isClosedBySender({ closedBy }: Facts): boolean {
  return closedBy === 'sender_fin' || closedBy === 'sender_rst' || closedBy === 'sender_rst_stream';
}

/** Time order, and capture order where the clock does not tell. */
export function isBefore(a: Moment, b: Moment): boolean {
  if (a.time !== b.time) return a.time < b.time;
  return a.file === b.file && a.frame < b.frame;
}

function closingOf(first: Fingerprint | null, sender: Direction, receiver: Direction): ClosedBy {
  if (first === null) return null;
  if (first === sender.fin) return 'sender_fin';
  if (first === sender.rst) return 'sender_rst';
  return first === receiver.fin ? 'receiver_fin' : 'receiver_rst';
}

function firstOf(a: Fingerprint | null, b: Fingerprint | null): Fingerprint | null {
  if (a === null || b === null) return a ?? b;
  return isBefore(a.at, b.at) ? a : b;
}

function roundTrip(sender: Direction, receiver: Direction): Time | null {
  if (sender.lastSyn === null || receiver.syn === null) return null;
  const time = receiver.syn.at.time - sender.lastSyn.time;
  if (time >= 0) return time;
  return Math.max(0, receiver.syn.at.time - sender.syn!.at.time);
}

/**
 * A FIN that came with or within one round trip of the request's last byte, or after which the sender still took
 * an answer, closed one direction only.
 */
function isHalfClosed(t: Transaction, sender: Direction, receiver: Direction, rtt: Time | null): boolean {
  // HTTP/2 knows no half of a connection: its streams are what is closed on one side (RFC 9113 §5.1).
  if (t.stream !== null) return false;
  if (sender.fin === null || sender.rst !== null || t.request?.ended !== 'complete') return false;
  const { fin } = sender;
  const answer = t.response;
  // Behind the whole answer it is the common way to close.
  if (answer?.ended === 'complete' && !isBefore(fin.at, answer.lastByte)) return false;
  const after = fin.at.time - t.request.lastByte.time;
  // One that is so long has a SYN between that was not captured.
  const roundTrip = rtt === null || (rtt >= SYN_TIMEOUT && sender.synCount === 1) ? 0 : rtt;
  if (after <= Math.max(roundTrip, HALF_CLOSE_MINIMUM)) return true;
  return answer !== null && isBefore(fin.at, answer.firstByte) && receiver.acked > answer.start;
}

function sentOf(t: Transaction): Facts['sent'] {
  if (t.request === null) return t.kind === 'connect' ? 'none' : 'unknown';
  switch (t.request.ended) {
    case 'complete':
    case 'closed':
      return 'full';
    case 'lost':
      return 'unknown';
    case 'invalid':
      return 'unknown';
    default:
      return 'partial';
  }
}

export function ackedOf(t: Transaction): Facts['acked'] {
  const sender = senderOf(t);
  if (t.request === null) return t.kind === 'connect' ? 'none' : 'unknown';
  if (t.acked !== null) {
    if (t.acked.at !== null) return 'full';
  } else if (t.request.ended === 'lost') {
    if (sender.acked >= t.request.end) return 'full';
    // Bytes cut off by the snapshot length are known to have been sent; others may have been acknowledged unseen.
    if (sender.snaplenCut === 0 || sender.ackedUnseen > 0) return 'unknown';
  }
  return sender.acked > t.request.start || isBeginSpared(t.request.start, sender) ? 'partial' : 'none';
}

/** A sender repeats its earliest unacknowledged bytes (RFC 6298 §5.4): those before them were acknowledged, unseen. */
function isBeginSpared(start: number, { stuckRepeats, stuckFrom }: Direction): boolean {
  return stuckRepeats >= STUCK_REPEATS && stuckFrom > start;
}

function respondedOf(
  t: Transaction,
  sender: Direction,
  receiver: Direction,
  gaveUp: Fingerprint | null,
): Facts['responded'] {
  if (t.kind === 'opaque') return 'unknown';
  const { response } = t;
  if (t.kind === 'sealed') return respondedSealed(t);
  if (response !== null) {
    if (response.ended === 'complete' || response.ended === 'closed') return 'full';
    if (response.ended === 'lost') return 'unknown';
    const closed = receiver.finUnseen || isFinUnseen(receiver, sender);
    // Its end was sent and not captured, if the FIN was its end.
    return closed && endsByClose(response) && response.end >= receiver.highest ? 'unknown' : 'partial';
  }
  if (t.answerUnseen > 0) return 'unknown';
  // Its sequence numbers tell of bytes that answer; whether they reached the sender, it tells when it gives up.
  if (t.garbage === null && receiver.holding && gaveUp?.ackOffset !== receiver.next) return 'unknown';
  // Nothing was captured of the request: what the receiver sent may have answered it.
  if (t.request === null && t.kind === 'exchange' && receiver.highest > 0) return 'unknown';
  return t.garbage === null ? 'none' : 'partial';
}

/** Where records end says nothing of where an answer does. */
function respondedSealed({ response, answerDoubtful, answerUnseen }: Transaction): Facts['responded'] {
  if (response !== null) return response.ended === 'cut' ? 'partial' : 'unknown';
  return answerDoubtful || answerUnseen > 0 ? 'unknown' : 'none';
}

/** RFC 9112 §6.3: a response without a length ends with its connection. */
function endsByClose({ head }: NonNullable<Transaction['response']>): boolean {
  return (
    head?.complete === true &&
    head.version !== 'HTTP/2' &&
    !head.headers.some(({ name }) => /^(content-length|transfer-encoding)$/i.test(name))
  );
}

/** Its frames are acknowledged, whatever they are for. */
function isAfter({ response }: Transaction, cancelled: Moment): boolean {
  return response !== null && isBefore(cancelled, response.firstByte);
}

function isLate(t: Transaction, receiver: Direction, gaveUp: Fingerprint | null): boolean {
  if (t.response === null || gaveUp === null || receiver.acked > t.response.start) return false;
  return isBefore(gaveUp.at, t.response.firstByte) || isTurnedAway(t.response, receiver, gaveUp);
}

/**
 * The answer met a socket that was closed: at once an RST without ACK (RFC 9293 §3.10.7.1), whose FIN was not captured.
 * What came behind the answer may have met it as well, when the sender had read that and was done.
 */
function isTurnedAway(
  { firstByte, lastByte }: { readonly firstByte: Moment; readonly lastByte: Moment },
  { lastData }: Direction,
  { at, ackOffset }: Fingerprint,
): boolean {
  if (lastData !== null && isBefore(lastByte, lastData) && isBefore(lastData, at)) return false;
  return ackOffset === null && isBefore(firstByte, at) && at.time - firstByte.time <= KERNEL;
}

/** One side unheard although the other acknowledges it: it was not captured. */
function oneDirectionOf(sender: Direction, receiver: Direction): Facts['oneDirection'] {
  if (sender.packets === 0) return 'receiver';
  if (receiver.packets > 0 || isDeaf(sender, receiver)) return null;
  const heardOf =
    receiver.ackedUnseen > 0 || receiver.finUnseen || receiver.acked > 0 || hasAcknowledged(sender);
  return heardOf ? 'sender' : null;
}

/** In the middle of a connection a sender that repeats itself over and over has itself heard nothing. */
function isDeaf(sender: Direction, receiver: Direction): boolean {
  return sender.syn === null && sender.stuckRepeats >= STUCK_REPEATS && receiver.ackedUnseen === 0;
}

/** After its SYN the sender has sent more than resets: it had a SYN-ACK to acknowledge. */
function hasAcknowledged(sender: Direction): boolean {
  return sender.packets > sender.synCount + sender.rstCount;
}
