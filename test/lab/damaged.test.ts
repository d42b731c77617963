/** Whatever is missing from a capture of the lab: nobody who answered is accused of silence, and no silence is an answer. */
import { expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import type { CaptureFacts } from '../../src/capture/packet.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { record } from '../fixtures/replay.ts';
import { needs } from '../support/needs.ts';
import { type Damage, damages } from './damage.ts';
import { ANSWERED } from './labels.ts';
import { ACKNOWLEDGEMENT, type Capture, labCaptures, matched, type Post } from './truth.ts';

/** Of larger captures only some of the damages are tried: all would take minutes. */
const MANY_PACKETS = 400;

async function recordsOf(damage: Damage, capture: Capture, recorded: CaptureFacts) {
  const facts = { ...recorded, limitsHit: {} };
  const records: TransactionRecord[] = [];
  await analyze(
    {
      facts,
      run: async (onPacket) => {
        for (const packet of damage.packets) onPacket({ ...packet });
        return facts;
      },
    },
    { ...DEFAULT_OPTIONS, accept: { body: ACKNOWLEDGEMENT, rejectBody: null, statuses: null } },
    { transaction: (one) => records.push(one), end() {} },
  );
  return matched(capture.posts, records, facts).matches;
}

/** What is claimed with more than a guess, against what happened. */
function unfair(post: Post, { outcome, verdict, confidence }: TransactionRecord): string | null {
  const answered = [post.expected, post.complete_capture_label, ...(post.also_acceptable ?? [])].every(
    (label) => label === undefined || ANSWERED.has(label),
  );
  const silent = outcome === 'unanswered' || outcome === 'unsent';
  const sure = confidence === 'strong' || confidence === 'proven';
  if (answered && silent && sure) return `${post.id} was answered: ${verdict} (${confidence})`;
  if (outcome === 'delivered' && post.server_sent === null) return `${post.id} was not answered: ${verdict}`;
  return null;
}

needs('shared-captures').describe('a capture that lacks something', () => {
  for (const [seed, capture] of labCaptures().entries()) {
    // Of what is encrypted nothing is claimed at all.
    if (capture.scenario.startsWith('17')) continue;
    test(capture.name, async () => {
      const recording = await record(openCapture(capture.files));
      const every = Math.ceil(recording.packets.length / MANY_PACKETS);
      const ports = new Set(capture.posts.map(({ client }) => client?.port ?? 0));
      const faults: string[] = [];
      for (const damage of damages(recording, ports, seed + 1).filter((_, i) => i % every === 0)) {
        for (const { post, record: one } of await recordsOf(damage, capture, recording.facts)) {
          const fault = one === null ? null : unfair(post, one);
          if (fault !== null) faults.push(`${damage.name}: ${fault}`);
        }
      }
      expect(faults).toEqual([]);
    });
  }
});
