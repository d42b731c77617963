/**
 * What the packets of one connection are, as a list of steps: handshake, POSTs with their answers, close. Sequence and
 * acknowledgement numbers are relative to the initial ones, so one script serves many connections.
 */

export interface Step {
  readonly fromClient: boolean;
  /** TCP header flags. */
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly payload: Buffer;
  /** Which request of the connection begins in this segment, from 0; -1 for none. */
  readonly request: number;
}

export interface Script {
  /** In a step that is null nothing is sent: time passes. */
  readonly steps: readonly (Step | null)[];
  readonly requests: number;
  /** Attempts that the analyzer has to find, and what becomes of them all. */
  readonly transactions: number;
  readonly outcome: 'delivered' | 'refused' | 'unanswered' | 'unsent';
}

export interface Exchange {
  readonly posts: number;
  /** Bytes of each request's body and each response's body. */
  readonly requestBody: number;
  readonly responseBody: number;
}

/** Chances of what happens to a data segment. */
export interface Faults {
  readonly lost: number;
  readonly reordered: number;
  readonly duplicated: number;
}

export const NO_FAULTS: Faults = { lost: 0, reordered: 0, duplicated: 0 };

/** Digits that the writer replaces by the number of the order, and by that of the receiver. */
export const ORDER_DIGITS = '0000000000';
export const HOST_DIGITS = '000';

const MSS = 1448;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const EMPTY = Buffer.alloc(0);

interface Piece {
  readonly seq: number;
  readonly payload: Buffer;
  readonly request: number;
}

/** @param random numbers in [0, 1); only drawn for faults. */
export function script(exchange: Exchange, faults: Faults, random: () => number): Script {
  const request = requestBytes(exchange.requestBody);
  const response = responseBytes(exchange.responseBody);
  const writer = new ScriptWriter();
  writer.add(true, SYN, 0);
  writer.add(false, SYN | ACK, 0);
  writer.add(true, ACK, 1);
  let sent = 1;
  let answered = 1;
  for (let i = 0; i < exchange.posts; i++) {
    writer.flight(true, pieces(request, sent, i), faults, random);
    sent += request.length;
    writer.flight(false, pieces(response, answered, -1), faults, random);
    answered += response.length;
  }
  writer.add(true, FIN | ACK, sent);
  writer.add(false, FIN | ACK, answered);
  writer.add(true, ACK, sent + 1);
  return {
    steps: writer.steps,
    requests: exchange.posts,
    transactions: exchange.posts,
    outcome: 'delivered',
  };
}

/** How an attempt can fail, one connection each, and what is to be said of it. */
const OUTCOMES = {
  refused: 'unsent',
  dropped: 'unsent',
  unacknowledged: 'unanswered',
  unanswered: 'unanswered',
  reset: 'unanswered',
  closed: 'unanswered',
  cut: 'unanswered',
  error: 'refused',
} as const;

type Failure = keyof typeof OUTCOMES;

export const FAILURES = Object.keys(OUTCOMES) as readonly Failure[];

/** Steps without a packet: longer than a round trip. */
const PATIENCE = 40;

export function failure(how: Failure, exchange: Exchange): Script {
  const writer = new ScriptWriter();
  const outcome = OUTCOMES[how];
  if (outcome === 'unsent') failToConnect(writer, how === 'refused');
  else failToAnswer(writer, how, exchange);
  return { steps: writer.steps, requests: outcome === 'unsent' ? 0 : 1, transactions: 1, outcome };
}

function failToConnect(writer: ScriptWriter, refused: boolean): void {
  writer.add(true, SYN, 0);
  if (refused) writer.add(false, RST | ACK, 0);
  else writer.repeat(2, () => writer.add(true, SYN, 0));
}

function failToAnswer(writer: ScriptWriter, how: Failure, exchange: Exchange): void {
  const request = requestBytes(exchange.requestBody);
  const [piece] = pieces(request, 1, 0);
  const sent = 1 + request.length;
  writer.add(true, SYN, 0);
  writer.add(false, SYN | ACK, 0);
  writer.add(true, ACK, 1);
  if (how === 'unacknowledged') {
    writer.add(true, PSH | ACK, 1, piece, false);
    writer.repeat(4, () => writer.add(true, PSH | ACK, 1, piece, false));
    return;
  }
  writer.add(true, PSH | ACK, 1, piece);
  writer.add(false, ACK, 1);
  writer.pause(PATIENCE);
  if (how === 'reset') {
    writer.add(false, RST | ACK, 1);
    return;
  }
  if (how === 'unanswered') {
    writer.add(true, FIN | ACK, sent);
    writer.add(false, FIN | ACK, 1);
    writer.add(true, ACK, sent + 1);
    return;
  }
  const answer = answerOf(how, responseBytes(exchange.responseBody));
  for (const each of pieces(answer, 1, -1)) writer.add(false, PSH | ACK, each.seq, each);
  writer.add(false, FIN | ACK, 1 + answer.length);
  writer.add(true, FIN | ACK, sent);
  writer.add(false, ACK, 2 + answer.length);
}

function answerOf(how: Failure, response: Buffer): Buffer {
  if (how === 'error') return Buffer.from(response.toString('latin1').replace('200 OK', '503 Busy'));
  return how === 'cut' ? response.subarray(0, response.length - 100) : EMPTY;
}

class ScriptWriter {
  readonly steps: (Step | null)[] = [];
  /** Per sending side (client 0, server 1): up to where the other has everything, and what lies beyond a hole. */
  readonly #reached = [0, 0];
  readonly #beyond: [Set<Piece>, Set<Piece>] = [new Set(), new Set()];

  pause(steps: number): void {
    for (let i = 0; i < steps; i++) this.steps.push(null);
  }

  /** Again and again, each time after twice the patience. */
  repeat(times: number, what: () => void): void {
    for (let i = 0; i < times; i++) {
      this.pause(PATIENCE << i);
      what();
    }
  }

  /** @param arrives false for a packet that the capture shows but the other side never gets. */
  add(fromClient: boolean, flags: number, seq: number, piece?: Piece, arrives = true): void {
    const ack = (flags & ACK) === 0 ? 0 : this.#reached[fromClient ? 1 : 0]!;
    const payload = piece?.payload ?? EMPTY;
    this.steps.push({ fromClient, flags, seq, ack, payload, request: piece?.request ?? -1 });
    const own = fromClient ? 0 : 1;
    if ((flags & (SYN | FIN)) !== 0) this.#reached[own] = seq + 1;
    if (piece && arrives) this.#arrive(own, piece);
  }

  /**
   * Data of one message, with an acknowledgement for every second segment and at the end. The capture stands at the
   * client: what the client loses is seen, then seen again; what the server loses is only seen the second time.
   */
  flight(fromClient: boolean, all: readonly Piece[], faults: Faults, random: () => number): void {
    const order = [...all];
    for (let i = 0; i + 1 < order.length; i++) {
      if (random() < faults.reordered) order.splice(i, 2, order[i + 1]!, order[i]!);
    }
    const again: Piece[] = [];
    let unacknowledged = 0;
    for (const piece of order) {
      const flags = piece === all.at(-1) ? PSH | ACK : ACK;
      const lost = random() < faults.lost;
      if (lost) again.push(piece);
      if (lost && !fromClient) continue;
      this.add(fromClient, flags, piece.seq, piece, !lost);
      if (random() < faults.duplicated) this.add(fromClient, flags, piece.seq, piece, !lost);
      unacknowledged += 1;
      if (unacknowledged % 2 === 0) this.#acknowledge(fromClient);
    }
    for (const piece of again) this.add(fromClient, PSH | ACK, piece.seq, piece);
    if (again.length > 0 || unacknowledged % 2 !== 0) this.#acknowledge(fromClient);
  }

  #acknowledge(fromClient: boolean): void {
    this.add(!fromClient, ACK, this.#reached[fromClient ? 1 : 0]!);
  }

  #arrive(own: number, piece: Piece): void {
    const beyond = this.#beyond[own]!;
    beyond.add(piece);
    for (let moved = true; moved; ) {
      moved = false;
      for (const { seq, payload } of beyond) {
        if (seq > this.#reached[own]! || seq + payload.length <= this.#reached[own]!) continue;
        this.#reached[own] = seq + payload.length;
        moved = true;
      }
    }
    for (const held of beyond) if (held.seq < this.#reached[own]!) beyond.delete(held);
  }
}

function pieces(message: Buffer, seq: number, request: number): Piece[] {
  const all: Piece[] = [];
  for (let at = 0; at < message.length; at += MSS) {
    all.push({
      seq: seq + at,
      payload: message.subarray(at, at + MSS),
      request: at === 0 ? request : -1,
    });
  }
  return all;
}

/** A payment notification as JSON, filled up to `body` bytes. */
function requestBytes(body: number): Buffer {
  const start = `{"out_trade_no":"${ORDER_DIGITS}","trade_status":"TRADE_SUCCESS","note":"`;
  const text = `${start}${filler(body - start.length - 2)}"}`;
  return Buffer.from(
    `POST /notify HTTP/1.1\r\nHost: m${HOST_DIGITS}.example\r\nUser-Agent: notify/2.1\r\nAccept: */*\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${text.length}\r\nX-Order: ${ORDER_DIGITS}\r\n\r\n${text}`,
  );
}

function responseBytes(body: number): Buffer {
  return Buffer.from(
    'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\n' +
      `Content-Length: ${body}\r\n\r\n${filler(body)}`,
  );
}

function filler(length: number): string {
  const words = 'success payment accepted and booked; ';
  return words.repeat(Math.ceil(length / words.length)).slice(0, Math.max(0, length));
}
