/** Files, compressions, encapsulations and fragments that are made to cost more than their bytes. */
import { gzipSync } from 'node:zlib';
import { ipFrame, tcpFrame } from '../support/frames.ts';
import { blocksIn } from '../support/pcap-files.ts';
import { zstd } from '../support/zstd.ts';
import { Capture, CLIENT, client, opened, POST, type Trap, times } from './trap.ts';

export const FILE_TRAPS: readonly Trap[] = [
  {
    name: 'fragments without the rest',
    from: 4200,
    files: (size) => [fragments(size, (i) => ({ id: i % 65_536, unit: 0 }))],
  },
  {
    name: 'fragments of one datagram, backwards',
    from: 2000,
    files: (size) => [fragments(size, (i) => ({ id: 1, unit: 8000 - (i % 8000) }))],
  },
  {
    name: 'fragments with holes between them',
    from: 2000,
    files: (size) => [fragments(size, (i) => ({ id: i >> 9, unit: 2 * (i & 511) }))],
  },
  {
    name: 'tags and tunnels',
    from: 500,
    files(size) {
      const tags = Buffer.concat(times(size, () => Buffer.of(0x81, 0, 0, 1)));
      const packet = Buffer.concat([
        Buffer.alloc(12, 2),
        tags,
        Buffer.of(8, 0),
        client(0, POST).subarray(14),
      ]);
      return [new Capture().repeat(200, packet).file()];
    },
  },
  {
    name: 'IPv6 extension headers',
    from: 500,
    files(size) {
      const extensions = Buffer.concat(times(size, () => Buffer.of(60, 0, 1, 4, 0, 0, 0, 0)));
      const packet = ipFrame({ src: '2001:db8::1', dst: '2001:db8::2' }, 60, extensions);
      return [new Capture().repeat(200, packet).file()];
    },
  },
  {
    name: 'TCP options',
    from: 2000,
    files: (size) => [
      opened()
        .repeat(size, tcpFrame({ ...CLIENT, options: Buffer.alloc(40, 1) }))
        .file(),
    ],
  },
  { name: 'a file backwards in time', from: 1000, files: (size) => [sequence(size).file(true)] },
  { name: 'a file in pieces that are in order', from: 1000, files: (size) => [scattered(size)] },
  { name: 'many small files', from: 60, files: (size) => times(size, (i) => sequence(3, i * 10).file()) },
  {
    name: 'many small files of one moment',
    from: 60,
    files: (size) => times(size, (i) => sequence(20, i).file()),
  },
  {
    name: 'interfaces',
    from: 1000,
    files: (size) => [
      pcapng((blocks) =>
        times(size, () => blocks.interface({}, blocks.option(2, Buffer.from('eth0')), blocks.endOfOptions)),
      ),
    ],
  },
  {
    name: 'options of one block',
    from: 10000,
    files: (size) => [
      pcapng((blocks) => [
        blocks.interface({}, Buffer.concat(times(size, () => blocks.option(1, Buffer.from('note'))))),
      ]),
    ],
  },
  {
    name: 'sections',
    from: 1000,
    files: (size) => [
      pcapng((blocks) => times(size, () => Buffer.concat([blocks.section(), blocks.interface()]))),
    ],
  },
  {
    name: 'name resolutions',
    from: 4000,
    files: (size) => [
      pcapng((blocks) =>
        times(size, () => blocks.block(4, Buffer.from('0100080000000001610000000000', 'hex'))),
      ),
    ],
  },
  {
    name: 'statistics',
    from: 4000,
    files: (size) => [
      pcapng((blocks) => [
        blocks.interface(),
        ...times(size, () => blocks.statistics(0, blocks.option(5, blocks.u64(1n)))),
      ]),
    ],
  },
  {
    name: 'a capture that expands, gzip',
    from: 1,
    files: (size) => [gzipSync(Buffer.concat([new Capture().file(), Buffer.alloc(size * 400_000)]))],
  },
  {
    name: 'a capture that expands, zstd',
    from: 10,
    files: (size) => [zstd([{ raw: new Capture().file() }, ...times(size, () => ({ run: 65_536 }))])],
  },
  {
    name: 'a capture of tiny zstd blocks',
    from: 100,
    files: (size) => [zstd([{ raw: new Capture().file() }, ...times(size, () => ({ run: 1 }))], 22)],
  },
  {
    name: 'gzip members',
    from: 100,
    files: (size) => [
      Buffer.concat([gzipSync(new Capture().file()), ...times(size, () => gzipSync(Buffer.alloc(0)))]),
    ],
  },
];

const FRAGMENT = ipFrame({ ...CLIENT, fragment: { offset: 0, more: true } }, 6, Buffer.alloc(8));

/** Of eight bytes each, and never the last of their datagrams. @param of identification, and offset in units of eight bytes. */
function fragments(size: number, of: (index: number) => { id: number; unit: number }): Buffer {
  const capture = new Capture();
  for (let i = 0; i < size; i++) {
    const bytes = Buffer.from(FRAGMENT);
    const { id, unit } = of(i);
    bytes.writeUInt16BE(id, 18);
    bytes.writeUInt16BE(0x2000 | unit, 20);
    capture.add(bytes);
  }
  return capture.file();
}

/** Packets a millisecond apart from each other. */
function sequence(size: number, start = 0): Capture {
  const capture = new Capture();
  capture.now = start * 1e9;
  for (let i = 0; i < size; i++) capture.add(client(i * 8, 'xxxxxxxx'), 1000);
  return capture;
}

/** Pairs of packets, each in order, the pairs themselves backwards. */
function scattered(size: number): Buffer {
  const capture = new Capture();
  for (let i = size; i > 0; i -= 2) {
    capture.now = i * 1e6;
    capture.add(client(i * 8, 'xxxxxxxx')).add(client(i * 8 + 8, 'xxxxxxxx'));
  }
  return capture.file();
}

function pcapng(make: (blocks: ReturnType<typeof blocksIn>) => Buffer[]): Buffer {
  const blocks = blocksIn('little');
  return Buffer.concat([blocks.section(), ...make(blocks), blocks.enhanced({ bytes: client(0, POST) })]);
}
