/**
 * Keeps packets until it is known what may be shown of them, and gives them back in the order of the run. A bounded part
 * is held in memory, the rest in a temporary file; of each packet only its places stay.
 */
import type { Packet } from '../../capture/packet.ts';
import { LIMITS } from '../../limits.ts';
import type { Traced } from '../../tcp/stream.ts';
import { TemporaryFile } from '../temporary-file.ts';

/** Numbers before the bytes of a packet, 8 bytes each. */
const FIELDS = 14;
const HEADER = FIELDS * 8;

export class PacketSpool {
  readonly #most: number;
  readonly #file = new TemporaryFile();
  #held: Buffer[] = [];
  #heldBytes = 0;
  #places: { readonly order: number; readonly position: number; readonly length: number }[] = [];
  #end = 0;

  /** @param most bytes held in memory. */
  constructor(most: number = LIMITS.spoolLength) {
    this.#most = most;
  }

  /** Both are copied. */
  push(packet: Packet, traced: Traced): void {
    const fields = Float64Array.of(
      packet.time,
      packet.file,
      packet.frame,
      packet.link,
      packet.interfaceIndex,
      packet.wireLength,
      traced.order,
      traced.connection,
      traced.side,
      traced.icmp ? 1 : 0,
      traced.payload - packet.start,
      traced.payloadEnd - packet.start,
      traced.offset,
      traced.checksum < 0 ? -1 : traced.checksum - packet.start,
    );
    const bytes = packet.bytes.subarray(packet.start, packet.end);
    const record = Buffer.concat([new Uint8Array(fields.buffer), bytes]);
    this.#places.push({ order: traced.order, position: this.#end, length: record.length });
    this.#end += record.length;
    this.#held.push(record);
    this.#heldBytes += record.length;
    if (this.#heldBytes > this.#most) this.#spill();
  }

  /** In the order of the run. What is handed over is the receiver's to change. */
  drain(take: (packet: Packet, traced: Traced) => void): void {
    this.#spill();
    for (const { position, length } of [...this.#places].sort((a, b) => a.order - b.order)) {
      const record = Buffer.alloc(length);
      this.#file.read(position, record);
      const fields = new Float64Array(Uint8Array.from(record.subarray(0, HEADER)).buffer);
      let next = 0;
      const field = () => fields[next++] ?? 0;
      const bytes = record.subarray(HEADER);
      take(
        {
          time: field(),
          file: field(),
          frame: field(),
          link: field(),
          interfaceIndex: field(),
          wireLength: field(),
          bytes,
          start: 0,
          end: bytes.length,
        },
        {
          order: field(),
          connection: field(),
          side: field() === 0 ? 0 : 1,
          icmp: field() === 1,
          payload: field(),
          payloadEnd: field(),
          offset: field(),
          checksum: field(),
        },
      );
    }
    this.close();
  }

  close(): void {
    this.#file.close();
    this.#held = [];
    this.#heldBytes = 0;
    this.#places = [];
    this.#end = 0;
  }

  #spill(): void {
    if (this.#held.length > 0) this.#file.append(Buffer.concat(this.#held));
    this.#held = [];
    this.#heldBytes = 0;
  }
}
