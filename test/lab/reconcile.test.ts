/**
 * Every lab capture held against the list of what its sender should have sent, as its truth tells it: with place and
 * time, with place, and with keys alone. No delivery may come to what it did not, none that was sent may be missing.
 */
import { expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import type { ExpectedDelivery, Outcome } from '../../src/verdict/verdict.ts';
import { needs } from '../support/needs.ts';
import type { Label } from './labels.ts';
import { ACKNOWLEDGEMENT, type Capture, labCaptures, type Post } from './truth.ts';

/** What a label may come to, beside unknown: the list may not tell whether an opaque connection is the delivery. */
function outcomesOf(label: Label): readonly Outcome[] {
  if (label === 'answered-ok') return ['delivered'];
  if (label === 'answered-late') return ['unanswered'];
  if (label.startsWith('answered-')) return ['refused'];
  if (label === 'not-in-capture') return ['missing'];
  if (label.endsWith('-unseen')) return ['delivered', 'pending'];
  if (label === 'no-answer') return ['unanswered', 'pending'];
  if (/^(connect|tls|synack|handshake|request-incomplete)/.test(label)) return ['unsent', 'unanswered'];
  return ['unanswered'];
}

type Told = 'place and time' | 'place' | 'nothing but the key';

function listOf(posts: readonly Post[], told: Told): ExpectedDelivery[] {
  return posts.map((post, i) => {
    const { hostname, port, protocol, pathname } = new URL(post.url);
    const usual = protocol === 'https:' ? 443 : 80;
    const hidden = told === 'nothing but the key';
    return {
      key: post.order,
      host: hidden ? null : hostname,
      port: hidden ? null : Number(port || usual),
      path: hidden ? null : pathname,
      time: told === 'place and time' ? post.client_times['post_start']! * 1000 : null,
      line: i + 1,
    };
  });
}

async function reconciled(capture: Capture, expected: readonly ExpectedDelivery[]) {
  const accept = { body: ACKNOWLEDGEMENT, rejectBody: null, statuses: null };
  const findings = await analyze(
    openCapture(capture.files),
    { ...DEFAULT_OPTIONS, accept, expected },
    { bodies: false, wants: () => false, transaction() {}, end() {} },
  );
  return { ...findings, deliveries: [...findings.deliveries] };
}

needs('shared-captures').describe('lists of expected deliveries', () => {
  const captures = labCaptures();

  test.each<Told>(['place and time', 'place', 'nothing but the key'])('that tell %s', async (told) => {
    const wrong: string[] = [];
    let unknown = 0;
    for (const capture of captures) {
      const { deliveries, unseen, summary } = await reconciled(capture, listOf(capture.posts, told));
      expect(summary.outcomes.missing).toBe(unseen.filter(({ outcome }) => outcome === 'missing').length);
      for (const [i, post] of capture.posts.entries()) {
        const of = deliveries.filter(({ expected }) => expected!.lines.includes(i + 1));
        expect(of, `${capture.name} ${post.id}`).toHaveLength(1);
        const { outcome } = of[0]!;
        const posts = capture.posts.filter(({ order }) => order === post.order);
        const labels = posts.flatMap((one) => [
          one.expected,
          ...(one.also_acceptable ?? []),
          ...(one.expected_without_keys === undefined ? [] : [one.expected_without_keys]),
        ]);
        if (outcome === 'unknown') unknown++;
        else if (!labels.flatMap(outcomesOf).includes(outcome))
          wrong.push(`${capture.name} ${post.id}: ${outcome}`);
        // Missing: of no attempt was there a packet.
        else if (outcome === 'missing' && posts.some((one) => one.expected !== 'not-in-capture')) {
          wrong.push(`${capture.name} ${post.id}: missing, but ${labels.join(', ')}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(unknown).toBeGreaterThan(0);
  });

  test('scenario 20: what was never sent is missing, and the sender is named', async () => {
    for (const capture of captures.filter(({ scenario }) => scenario === '20-never-sent')) {
      const { unseen, summary } = await reconciled(capture, listOf(capture.posts, 'place and time'));
      const orders = new Set(capture.posts.map(({ order }) => order));
      const absent = [...orders].filter((order) =>
        capture.posts.every((post) => post.order !== order || post.expected === 'not-in-capture'),
      );
      expect(absent.length).toBeGreaterThan(0);
      expect(unseen.map(({ verdict, delivery }) => [verdict, delivery.key]).sort()).toEqual(
        absent.map((order) => ['not_observed', order]).sort(),
      );
      expect(unseen.every(({ fault }) => fault[0] === 'sender')).toBe(true);
      expect(summary.exitStatus).toBe(1);
    }
  });

  test('scenario 19: a day with every kind of end', async () => {
    const [capture] = captures.filter(({ scenario }) => scenario === '19-day-in-the-life');
    const { summary, deliveries } = await reconciled(capture!, listOf(capture!.posts, 'place and time'));
    expect(summary.expected).toMatchObject({
      lines: 245,
      deliveries: 173,
      outcomes: { missing: 2, unsent: 1 },
      // Orders that came in with the keys of notifications that went out.
      notExpected: 15,
    });
    const [refused] = deliveries.filter(({ inferred }) => inferred);
    expect(refused).toMatchObject({ outcome: 'unsent', verdict: 'connect_refused', attemptCount: 6 });
  });
});
