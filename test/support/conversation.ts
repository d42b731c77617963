/**
 * Writes the packets of one TCP connection as a capture at the client shows them, with right sequence and
 * acknowledgement numbers, so that a scenario is a few words:
 *
 *   conversation().handshake().clientSends('POST …').ack().serverSends('HTTP/1.1 200 …').ack().fin('client').frames
 *
 * Each side acknowledges what has reached it in order. `drop` hides packets from the capture only, `lose` keeps
 * them from reaching the other side only. `frames` is a plain array: reorder, duplicate, cut it at will.
 */
import { type TcpFrame, type TcpOptionList, tcpFrame } from './frames.ts';
import type { Frame } from './packets-source.ts';

export type Peer = 'client' | 'server';

export interface ConversationOptions {
  /** 'address:port' or '[address]:port'; default 10.0.0.1:40000. */
  readonly client?: string;
  /** Default 203.0.113.44:80. */
  readonly server?: string;
  /** Nanoseconds of the first packet; default 0. */
  readonly start?: number;
  /** Milliseconds between a client packet and the server packet that follows it; default 20. */
  readonly rtt?: number;
  /** Default 1460: longer texts are cut into segments. */
  readonly mss?: number;
  /** Initial sequence numbers; default 1000 and 5000. */
  readonly clientIsn?: number;
  readonly serverIsn?: number;
  /** Any other field of every frame: link, vlan, ttl, badChecksums … */
  readonly frame?: Partial<TcpFrame>;
}

interface Sent {
  readonly seq: number;
  readonly length: number;
}

interface Half {
  readonly address: string;
  readonly port: number;
  readonly isn: number;
  /** Next sequence number to send. */
  next: number;
  /** Everything of the other side below this has arrived; undefined before its SYN. */
  received: number | undefined;
  early: Sent[];
  lastData: { readonly seq: number; readonly payload: Buffer } | undefined;
}

export type SegmentFields = Partial<Omit<TcpFrame, 'src' | 'dst' | 'srcPort' | 'dstPort'>>;

const MILLISECOND = 1_000_000;
const SYN_OPTIONS: TcpOptionList = { mss: 1460, sackPermitted: true, wscale: 7 };

export function conversation(options: ConversationOptions = {}): Conversation {
  return new Conversation(options);
}

export class Conversation {
  readonly frames: Frame[] = [];
  /** Nanoseconds of the next packet. */
  now: number;
  readonly client: Half;
  readonly server: Half;
  readonly #rtt: number;
  readonly #mss: number;
  readonly #common: Partial<TcpFrame>;
  #last: Peer | undefined;
  #drop = 0;
  #lose = 0;

  constructor(options: ConversationOptions) {
    this.now = options.start ?? 0;
    this.client = half(options.client ?? '10.0.0.1:40000', options.clientIsn ?? 1000);
    this.server = half(options.server ?? '203.0.113.44:80', options.serverIsn ?? 5000);
    this.#rtt = (options.rtt ?? 20) * MILLISECOND;
    this.#mss = options.mss ?? 1460;
    this.#common = options.frame ?? {};
  }

  /** SYN, SYN-ACK, ACK. */
  handshake(): this {
    return this.syn().synAck().ack('client');
  }

  syn(fields: SegmentFields = {}): this {
    return this.segment('client', { flags: 'S', seq: this.client.isn, options: SYN_OPTIONS, ...fields });
  }

  synAck(fields: SegmentFields = {}): this {
    return this.segment('server', { flags: 'SA', seq: this.server.isn, options: SYN_OPTIONS, ...fields });
  }

  /** Sequence numbers as after a handshake that the capture does not show. */
  established(): this {
    for (const [own, other] of [
      [this.client, this.server],
      [this.server, this.client],
    ] as const) {
      own.next = (own.isn + 1) >>> 0;
      own.received = (other.isn + 1) >>> 0;
    }
    return this;
  }

  clientSends(data: string | Buffer, fields: SegmentFields = {}): this {
    return this.#sends('client', data, fields);
  }

  serverSends(data: string | Buffer, fields: SegmentFields = {}): this {
    return this.#sends('server', data, fields);
  }

  /** A bare acknowledgement; by default of the side that did not send last. */
  ack(side: Peer = this.#last === 'client' ? 'server' : 'client', fields: SegmentFields = {}): this {
    return this.segment(side, { flags: 'A', ...fields });
  }

  fin(side: Peer, fields: SegmentFields = {}): this {
    return this.segment(side, { flags: 'FA', ...fields });
  }

  /** A reset with acknowledgement, as a kernel sends for unread data; give `flags: 'R'` for a bare one. */
  rst(side: Peer, fields: SegmentFields = {}): this {
    return this.segment(side, { flags: 'RA', ...fields });
  }

  /** FIN, FIN, ACK. */
  close(side: Peer): this {
    const other = side === 'client' ? 'server' : 'client';
    return this.fin(side).fin(other).ack(side);
  }

  /** Sends the side's last data segment again. */
  retransmit(side: Peer, fields: SegmentFields = {}): this {
    const last = this[side].lastData;
    if (!last) throw new Error(`${side} has sent no data`);
    return this.segment(side, { flags: 'PA', seq: last.seq, payload: last.payload, ...fields });
  }

  /** A keep-alive probe: no data, one below the next sequence number. */
  keepAlive(side: Peer): this {
    return this.segment(side, { flags: 'A', seq: this[side].next - 1 });
  }

  wait(milliseconds: number): this {
    this.now += milliseconds * MILLISECOND;
    return this;
  }

  /** The next packets reach the other side but not the capture. */
  drop(count = 1): this {
    this.#drop += count;
    return this;
  }

  /** The next packets are captured but do not reach the other side. */
  lose(count = 1): this {
    this.#lose += count;
    return this;
  }

  /** Puts any frame here (an ICMP error, another connection's packet). */
  raw(bytes: Buffer, wireLength = bytes.length): this {
    this.frames.push({ timeNs: this.now, bytes, wireLength });
    this.now += MILLISECOND / 100;
    return this;
  }

  /** The fields of a packet of `side`, to be quoted in an ICMP error. */
  fields(side: Peer, fields: SegmentFields = {}): TcpFrame {
    const own = this[side];
    const other = side === 'client' ? this.server : this.client;
    return {
      ...this.#common,
      src: own.address,
      dst: other.address,
      srcPort: own.port,
      dstPort: other.port,
      seq: own.next,
      ack: own.received ?? 0,
      ...fields,
    };
  }

  /** One packet with any fields; `seq` and `ack` default to the side's own. */
  segment(side: Peer, fields: SegmentFields): this {
    const own = this[side];
    const frame = this.fields(side, fields);
    const flags = frame.flags ?? 'A';
    if (!flags.includes('A') && fields.ack === undefined) Object.assign(frame, { ack: 0 });
    const payload = Buffer.from(frame.payload ?? '');
    const seq = (frame.seq ?? 0) >>> 0;
    const length = payload.length + (flags.includes('S') ? 1 : 0) + (flags.includes('F') ? 1 : 0);
    if (((seq + length - own.next) | 0) > 0) own.next = (seq + length) >>> 0;
    if (payload.length > 0) own.lastData = { seq, payload };
    if (side === 'server' && this.#last !== 'server') this.now += this.#rtt;
    this.#last = side;
    if (this.#lose > 0) this.#lose -= 1;
    else arrive(side === 'client' ? this.server : this.client, { seq, length }, flags.includes('S'));
    if (this.#drop > 0) {
      this.#drop -= 1;
      this.now += MILLISECOND / 100;
      return this;
    }
    return this.raw(tcpFrame(frame));
  }

  #sends(side: Peer, data: string | Buffer, fields: SegmentFields): this {
    const bytes = Buffer.from(data);
    for (let at = 0; at < bytes.length; at += this.#mss) {
      const payload = bytes.subarray(at, at + this.#mss);
      const last = at + this.#mss >= bytes.length;
      this.segment(side, { flags: last ? 'PA' : 'A', payload, ...fields });
    }
    return this;
  }
}

function half(endpoint: string, isn: number): Half {
  const colon = endpoint.lastIndexOf(':');
  return {
    address: endpoint.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(endpoint.slice(colon + 1)),
    isn: isn >>> 0,
    next: isn >>> 0,
    received: undefined,
    early: [],
    lastData: undefined,
  };
}

/** Moves what the receiver acknowledges over everything that is now there without a hole. */
function arrive(receiver: Half, sent: Sent, syn: boolean): void {
  if (syn) receiver.received = (sent.seq + sent.length) >>> 0;
  if (receiver.received === undefined) return;
  receiver.early.push(sent);
  for (let moved = true; moved; ) {
    moved = false;
    for (const { seq, length } of receiver.early) {
      const starts = (seq - receiver.received) | 0;
      const ends = (seq + length - receiver.received) | 0;
      if (starts <= 0 && ends > 0) {
        receiver.received = (seq + length) >>> 0;
        moved = true;
      }
    }
  }
  const received = receiver.received;
  receiver.early = receiver.early.filter(({ seq, length }) => ((seq + length - received) | 0) > 0);
}
