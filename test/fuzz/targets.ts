/**
 * What is fuzzed: each target draws files from the samples and random numbers, and holds a part of the program against
 * them. The files alone repeat a finding.
 */
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import { damaged } from './by-byte.ts';
import { FIELD_MUTATIONS } from './by-field.ts';
import { edited, editedTurns, laid, type Turn, turnsOf } from './by-http.ts';
import { directionOf, streamsOf } from './by-http2.ts';
import { PACKET_MUTATIONS } from './by-packet.ts';
import { checkCapture } from './captures.ts';
import { type FuzzPacket, fileOf, type Sample } from './packets.ts';
import { checkContent, checkHttp, checkHttp2, checkRefill } from './parsers.ts';
import type { Problem } from './problem.ts';
import type { Random } from './random.ts';

export interface Corpus {
  readonly samples: readonly Sample[];
  /** What those that carry HTTP say. */
  readonly talks: readonly (readonly Turn[])[];
}

export interface Target {
  readonly name: string;
  /** How often, against the others. */
  readonly weight: number;
  make(random: Random, corpus: Corpus): Buffer[];
  check(files: readonly Buffer[]): Promise<Problem[]>;
}

export function corpusOf(samples: readonly Sample[]): Corpus {
  const talks = samples.map(turnsOf).filter((turns) => turns.length > 0);
  return { samples, talks };
}

const opened = (files: readonly Buffer[]) => checkCapture(files, 'opened');
const poured = (files: readonly Buffer[]) => checkCapture(files, 'poured');

export const TARGETS: readonly Target[] = [
  {
    name: 'packets',
    weight: 2,
    make: (random, corpus) => [fileOf(packetsOf(random, corpus), random)],
    check: opened,
  },
  {
    name: 'disorder',
    weight: 6,
    make: (random, corpus) => [fileOf(packetsOf(random, corpus), random)],
    check: poured,
  },
  {
    name: 'talks',
    weight: 6,
    make: (random, corpus) => [fileOf(talkOf(random, corpus), random)],
    check: poured,
  },
  {
    name: 'streams',
    weight: 3,
    make: (random) => [fileOf(laid(streamsOf(random), random), random)],
    check: poured,
  },
  {
    name: 'files',
    weight: 3,
    make(random, corpus) {
      const file = () => fileOf(random.pick(corpus.samples).packets, random);
      const first = damaged(file(), random, [file()]);
      return random.chance(0.3) ? [first, random.chance(0.5) ? file() : damaged(file(), random)] : [first];
    },
    check: opened,
  },
  {
    name: 'refills',
    weight: 2,
    make: (random, corpus) => [damaged(fileOf(random.pick(corpus.samples).packets, random), random)],
    check: ([bytes]) => checkRefill(bytes!),
  },
  {
    name: 'http',
    weight: 6,
    make(random, corpus) {
      const side = random.pick(['client', 'server'] as const);
      const said = random.pick(corpus.talks).filter((turn) => turn.side === side);
      const text = edited(said.map((turn) => turn.text).join(''), random);
      return [Buffer.from(text.slice(0, 100_000), 'latin1')];
    },
    check: ([bytes]) => checkHttp(bytes!),
  },
  {
    name: 'http2',
    weight: 4,
    make: (random) => [directionOf(random, random.chance(0.5))],
    check: ([bytes]) => checkHttp2(bytes!),
  },
  {
    name: 'content',
    weight: 1,
    make(random, corpus) {
      let bytes: Buffer = Buffer.from(random.pick(random.pick(corpus.talks)).text, 'latin1');
      for (let left = random.about(4); left > 0; left--) {
        bytes = random.pick([gzipSync, deflateRawSync, brotliCompressSync])(bytes);
      }
      return [random.chance(0.7) ? damaged(bytes, random) : bytes];
    },
    check: ([bytes]) => checkContent(bytes!),
  },
];

/** Packets beyond this are cut off: a finding does not need them, and each input is to be fast. */
const MOST_PACKETS = 1500;

function packetsOf(random: Random, { samples }: Corpus): FuzzPacket[] {
  return mutated(random.pick(samples).packets, random.about(8), random, samples);
}

function talkOf(random: Random, { samples, talks }: Corpus): FuzzPacket[] {
  const turns = editedTurns(random.pick(talks), random);
  const packets = laid(random.chance(0.2) ? [...turns, ...random.pick(talks)] : turns, random);
  return mutated(packets, random.below(3), random, samples);
}

function mutated(
  given: readonly FuzzPacket[],
  times: number,
  random: Random,
  samples: readonly Sample[],
): FuzzPacket[] {
  let packets = given.slice(0, MOST_PACKETS);
  for (let left = times; left > 0; left--) {
    // Nothing is left to change, or never was.
    if (packets.length === 0) packets = [...random.pick(samples).packets];
    const mutate = random.pick(random.chance(0.5) ? PACKET_MUTATIONS : FIELD_MUTATIONS);
    packets = mutate(packets, random, samples).slice(0, MOST_PACKETS);
  }
  return packets;
}

/** By their weights. */
export function targetFor(random: Random): Target {
  let left = random.below(TARGETS.reduce((sum, { weight }) => sum + weight, 0));
  for (const target of TARGETS) {
    left -= target.weight;
    if (left < 0) return target;
  }
  throw new Error('no target');
}
