/** Packets come back as they were and in the order of the run, whether memory held them or a file. */
import { expect, test } from 'vitest';
import type { Packet } from '../../../src/capture/packet.ts';
import { PacketSpool } from '../../../src/report/evidence/packet-spool.ts';
import type { Traced } from '../../../src/tcp/stream.ts';

function packet(i: number): Packet {
  return {
    time: i * 1e9 + 0.25,
    file: i % 3,
    frame: i,
    link: 276,
    interfaceIndex: i % 2,
    bytes: Buffer.from(`..packet ${i}..`),
    start: 2,
    end: 11,
    wireLength: 1_000_000 + i,
  };
}

function traced(i: number, order: number): Traced {
  return {
    order,
    connection: 2 ** 40 + i,
    side: i % 2 === 0 ? 0 : 1,
    icmp: i % 5 === 0,
    payload: 4,
    payloadEnd: 9,
    offset: -1 - i,
    checksum: i % 4 === 0 ? -1 : 3,
  };
}

test.each([0, 300, 1_000_000])('with %d bytes in memory', (most) => {
  const spool = new PacketSpool(most);
  const orders = [3, 1, 4, 10, 5, 9, 2, 6, 8, 7];
  for (const [i, order] of orders.entries()) spool.push(packet(i), traced(i, order));
  const found: string[] = [];
  spool.drain((given, of) => {
    const i = orders.indexOf(of.order);
    const { bytes, start, end, ...rest } = given;
    const { bytes: _, start: __, end: ___, ...expected } = packet(i);
    expect(rest).toEqual(expected);
    expect(bytes.toString('latin1', start, end)).toBe(`packet ${i}.`.slice(0, 9));
    expect(of).toEqual({ ...traced(i, of.order), payload: 2, payloadEnd: 7, checksum: i % 4 === 0 ? -1 : 1 });
    found.push(String(of.order));
  });
  expect(found).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  // What was drained is gone.
  spool.drain(() => {
    throw new Error('left over');
  });
});
