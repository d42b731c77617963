/**
 * A process of its own that captures through the package `cap` (libpcap) and writes a pcap file to standard output: a
 * CaptureRequest as JSON in, packets out. Apart from the analysis because `cap` aborts its whole process when an interface
 * goes down (binding.cc: assert(status == 0)), and lets nothing else run while packets keep coming.
 * Source: draft-ietf-opsawg-pcap §4 and §5; linktypes.html of tcpdump.org.
 */
import { writeSync } from 'node:fs';
import type { CaptureRequest } from './live-backend.ts';

/** The names that `cap` gives to link types, with their LINKTYPE_*; others are told by the system's number. */
const LINKS: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  LINKTYPE_LINUX_SLL: 113,
  IEEE802_11_RADIO: 127,
};

const MICROSECONDS = 0xa1b2c3d4;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** The snapshot length that `cap` asks for, whatever is wanted. */
const CAP_SNAPLEN = 65_535;
/** Wire length of a packet that was cut: `cap` does not tell it. No IP packet with its link header is longer, and how long
 *  it was is in its IP header. */
const CUT_LENGTH = CAP_SNAPLEN + 64;
/** Bytes gathered before they are written. */
const BATCH = 64 * 1024;
const STDOUT = 1;

const request: CaptureRequest = JSON.parse(process.argv[2] ?? '{}');
const batch = Buffer.alloc(BATCH + FILE_HEADER + RECORD_HEADER + CUT_LENGTH);
let filled = 0;
let scheduled = false;

try {
  await capture();
} catch (error) {
  process.stderr.write(`cap: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function capture(): Promise<void> {
  if (!request.promiscuous)
    throw new Error('captures in promiscuous mode only: leave --no-promiscuous-mode out');
  const { Cap } = await load();
  const cap = new Cap();
  // Referred to by the listener for as long as the capture is open: libpcap writes there.
  const packet = Buffer.alloc(Math.min(request.snaplen, CAP_SNAPLEN));
  cap.on('packet', (length, truncated) => {
    const isCut = truncated || length === CAP_SNAPLEN;
    addRecord(packet, length, isCut ? CUT_LENGTH : length);
  });
  const link = cap.open(request.interface, request.filter, request.bufferSize * 1024, packet);
  addHeader(LINKS[link] ?? Number(/\d+$/.exec(link)?.[0] ?? -1));
  flush();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      cap.close();
      flush();
      process.exit(0);
    });
  }
}

async function load() {
  try {
    return (await import('cap')).default;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(`cannot be run: the package is not built here (${reason})`);
  }
}

function addHeader(link: number): void {
  batch.writeUInt32LE(MICROSECONDS, 0);
  batch.writeUInt16LE(2, 4);
  batch.writeUInt16LE(4, 6);
  batch.writeUInt32LE(request.snaplen, 16);
  batch.writeUInt32LE(link, 20);
  filled = FILE_HEADER;
}

/** The time is that of arrival here: `cap` does not hand over the kernel's. A clock that is never set, from a date. */
function addRecord(packet: Buffer, length: number, wireLength: number): void {
  const now = performance.timeOrigin + performance.now();
  const seconds = Math.floor(now / 1000);
  batch.writeUInt32LE(seconds, filled);
  batch.writeUInt32LE(Math.floor((now - seconds * 1000) * 1000), filled + 4);
  batch.writeUInt32LE(length, filled + 8);
  batch.writeUInt32LE(wireLength, filled + 12);
  packet.copy(batch, filled + RECORD_HEADER, 0, length);
  filled += RECORD_HEADER + length;
  if (filled >= BATCH) flush();
  else if (!scheduled) {
    scheduled = true;
    setImmediate(flush);
  }
}

/** Waits for the reader: what it cannot take in time is lost in the kernel, as with any other capture. */
function flush(): void {
  scheduled = false;
  try {
    for (let at = 0; at < filled; ) at += writeSync(STDOUT, batch, at, filled - at);
  } catch {
    // The reader has gone.
    process.exit(0);
  }
  filled = 0;
}
