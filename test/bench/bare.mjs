/**
 * Not a tool: about the least that a JavaScript program can do to a capture and still speak of requests. One pass over a classic
 * pcap of Ethernet, IPv4 and TCP in order, a flow table, the head of each message as one string, the order number of each
 * request, its status and how long it took. No gaps, no copies, no retransmissions, no timers, no evidence, nothing checked.
 * The benchmark runs it as a peer: what stands between it and the analyzer is the price of being right.
 */
import { closeSync, openSync, readSync } from 'node:fs';

const MICROSECONDS = 0xa1b2c3d4;
const PIECE = 4 * 1024 * 1024;
const RECORD_HEADER = 16;
const FIN_OR_RST = 0b101;
const SLOTS = 1 << 17;

/** By slot: addresses and ports, and of both sides the next sequence number and how much of a body is to come. */
const flows = {
  low: new Uint32Array(SLOTS),
  high: new Uint32Array(SLOTS),
  ports: new Uint32Array(SLOTS),
  next: [new Uint32Array(SLOTS), new Uint32Array(SLOTS)],
  left: [new Uint32Array(SLOTS), new Uint32Array(SLOTS)],
  asked: new Float64Array(SLOTS),
};
/** By slot: the order number of the request that waits for its answer. */
const waiting = new Array(SLOTS).fill('');
const orders = new Map();
const hosts = new Map();
let requests = 0;
let answers = 0;

/** The slot of a flow, whichever of its sides comes first: made when it is new. */
function slotOf(low, high, ports) {
  let slot = (Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(ports, 0xc2b2ae35)) >>> 15;
  while (flows.ports[slot] !== 0) {
    if (flows.low[slot] === low && flows.high[slot] === high && flows.ports[slot] === ports) return slot;
    slot = (slot + 1) & (SLOTS - 1);
  }
  flows.low[slot] = low;
  flows.high[slot] = high;
  flows.ports[slot] = ports;
  return slot;
}

function packet(bytes, at, end, time) {
  if (bytes.readUInt16BE(at + 12) !== 0x0800 || bytes[at + 23] !== 6) return;
  const ip = at + 14;
  const tcp = ip + 4 * (bytes[ip] & 15);
  const source = bytes.readUInt32BE(ip + 12);
  const target = bytes.readUInt32BE(ip + 16);
  const from = bytes.readUInt16BE(tcp);
  const to = bytes.readUInt16BE(tcp + 2);
  const side = source < target ? 0 : 1;
  const slot =
    side === 0
      ? slotOf(source, target, ((from << 16) | to) >>> 0)
      : slotOf(target, source, ((to << 16) | from) >>> 0);
  const data = tcp + 4 * (bytes[tcp + 12] >> 4);
  const last = Math.min(end, ip + bytes.readUInt16BE(ip + 2));
  const flags = bytes[tcp + 13];
  const sequence = bytes.readUInt32BE(tcp + 4);
  const next = flows.next[side];
  if (flags & 2) next[slot] = sequence + 1;
  else if (data < last && sequence === next[slot]) {
    next[slot] = sequence + last - data;
    payload(bytes, data, last, slot, side, time);
  }
  if (flags & FIN_OR_RST) next[slot] += 1;
}

function payload(bytes, from, to, slot, side, time) {
  const left = flows.left[side];
  if (left[slot] > 0) {
    left[slot] -= Math.min(left[slot], to - from);
    return;
  }
  const end = bytes.indexOf('\r\n\r\n', from, 'latin1');
  if (end < 0 || end >= to) return;
  const head = bytes.latin1Slice(from, end);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  left[slot] = Math.max(0, length - (to - end - 4));
  if (head.startsWith('HTTP/')) answer(slot, time, Number(head.slice(9, 12)));
  else {
    requests++;
    waiting[slot] = /"out_trade_no":"([^"]*)"/.exec(bytes.latin1Slice(end + 4, to))?.[1] ?? '';
    flows.asked[slot] = time;
    const host = /\r\nhost: *([^\r]*)/i.exec(head)?.[1] ?? '';
    hosts.set(host, (hosts.get(host) ?? 0) + 1);
  }
}

function answer(slot, time, status) {
  answers++;
  orders.set(waiting[slot], { status, took: time - flows.asked[slot] });
}

function read(path) {
  const fd = openSync(path, 'r');
  const buffer = Buffer.alloc(2 * PIECE);
  readSync(fd, buffer, 0, 24, null);
  if (buffer.readUInt32LE(0) !== MICROSECONDS || buffer.readUInt32LE(20) !== 1) {
    process.stderr.write('not a classic pcap of Ethernet\n');
    process.exit(1);
  }
  let kept = 0;
  let at = 0;
  for (;;) {
    const got = readSync(fd, buffer, kept, PIECE, null);
    if (got === 0) break;
    const end = kept + got;
    while (at + RECORD_HEADER <= end) {
      const captured = buffer.readUInt32LE(at + 8);
      const next = at + RECORD_HEADER + captured;
      if (next > end) break;
      const time = buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) / 1e6;
      if (captured >= 54) packet(buffer, at + RECORD_HEADER, next, time);
      at = next;
    }
    buffer.copyWithin(0, at, end);
    kept = end - at;
    at = 0;
  }
  closeSync(fd);
}

read(process.argv[2]);
process.stdout.write(
  `${requests} requests, ${answers} answers, ${orders.size} orders, ${hosts.size} hosts\n`,
);
