/** A capture that is being taken: deadlines by the clock, steps of that clock, interruptions, names that move. */
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { conversation } from '../support/conversation.ts';
import { play } from './harness.ts';

/** Three packets of a handshake, then a request and its acknowledgement: five. */
const POST = 'POST /notify HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\nok';
const asked = () => conversation().handshake().clientSends(POST).ack('server');
const answered = () =>
  asked()
    .serverSends('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    .ack('client')
    .fin('client')
    .fin('server');

describe('deadlines', () => {
  test('a request that is never answered is reported though no other packet comes', async () => {
    const live = await play({ timeout: 2 });
    await live.begin();
    await live.capture(...asked().frames);
    await live.time.pass(3000);
    expect(live.records).toEqual([]);
    await live.time.pass(1000);
    expect(live.records.map(({ verdict, confidence }) => [verdict, confidence])).toEqual([
      ['no_response_timeout', 'probable'],
    ]);
    await live.end();
  });

  test('an answer that was captured in time counts, however late the process looks at the clock', async () => {
    const live = await play({ timeout: 2 });
    await live.begin();
    const { frames } = answered();
    await live.capture(...frames.slice(0, 5));
    // Held up for ten seconds: what was captured meanwhile is read only after the timer has run.
    await live.time.pass(10_000, 10_000);
    live.time.step(-9);
    await live.capture(...frames.slice(5));
    live.time.step(9);
    await live.time.pass(5000);
    expect(live.records.map(({ verdict }) => verdict)).toEqual(['delivered']);
    await live.end();
  });

  test('a silent interface that shows nothing at all reports nothing', async () => {
    const live = await play();
    await live.begin();
    await live.time.pass(60_000, 250);
    const { summary, capture } = await live.end();
    expect(summary.transactions).toBe(0);
    expect(capture).toMatchObject({ packets: 0, firstTime: null, lastTime: null });
  });

  test('the end of the run is the end of the watch, not the last packet', async () => {
    const live = await play({ timeout: 30 });
    await live.begin();
    await live.capture(...asked().frames);
    await live.time.pass(10_000);
    await live.end();
    const [record] = live.records;
    expect(record?.verdict).toBe('pending_at_capture_end');
    const observed = record?.because.find(({ reason }) => reason === 'undecided_at_end');
    expect(observed).toMatchObject({ reason: 'undecided_at_end' });
    // Watched for ten seconds, and while what was still in the kernel was waited for.
    if (observed !== undefined && 'seconds' in observed) expect(observed.seconds).toBeGreaterThan(8);
  });

  test('what was captured before the end, and comes after it, counts', async () => {
    const live = await play({ timeout: 30 });
    await live.begin();
    const { frames } = answered();
    await live.capture(...frames.slice(0, 5));
    const over = live.end();
    await live.capture(...frames.slice(5));
    expect((await over).summary.outcomes.delivered).toBe(1);
  });

  test('a capture that is never quiet ends at its first packet from after the end', async () => {
    const live = await play();
    await live.begin();
    await live.capture(...asked().frames);
    const over = live.end();
    let ended = false;
    void over.then(() => {
      ended = true;
    });
    for (let i = 0; i < 40 && !ended; i++) {
      await live.capture(...conversation({ client: `10.0.0.1:${41_000 + i}` }).handshake().frames);
    }
    // Not one every half second, which would hold it for as long as they come.
    expect((await over).capture.packets).toBeLessThan(5 + 3 * 10);
  });
});

describe('a clock that is set', () => {
  test.each([3600, -3600, 86_400 * 365, 5, -5])(
    'by %i s times nothing out and holds nothing up',
    async (by) => {
      const live = await play({ timeout: 20 });
      await live.begin();
      const { frames } = answered();
      await live.capture(...frames.slice(0, 5));
      await live.time.pass(1000);
      live.time.step(by);
      // Another connection shows the new time.
      await live.capture(...conversation({ client: '10.0.0.1:40001' }).handshake().frames);
      await live.time.pass(1000);
      expect(live.records).toEqual([]);
      await live.capture(...frames.slice(5));
      await live.time.pass(4000);
      expect(live.records.map(({ verdict }) => verdict)).toEqual(['delivered']);
      expect(live.records[0]?.timings.wait).toBeGreaterThan(1900);
      expect(live.records[0]?.timings.wait).toBeLessThan(2100);
      const { capture } = await live.end();
      expect(capture.warnings.map(({ code }) => code)).toEqual(['clock_stepped']);
    },
  );

  test('dates what follows by the new time', async () => {
    const live = await play();
    await live.begin();
    await live.capture(...asked().frames);
    const before = live.source.facts.epoch ?? 0n;
    await live.time.pass(500);
    live.time.step(100);
    await live.capture(...conversation({ client: '10.0.0.1:40001' }).handshake().frames);
    expect(Number((live.source.facts.epoch ?? 0n) - before) / 1e9).toBeCloseTo(100, 3);
    await live.end();
  });

  test('by less than it takes to tell is no step', async () => {
    const live = await play();
    await live.begin();
    await live.capture(...asked().frames);
    live.time.step(0.5);
    await live.capture(...conversation({ client: '10.0.0.1:40001' }).handshake().frames);
    const { capture } = await live.end();
    expect(capture.warnings).toEqual([]);
  });
});

describe('interruptions', () => {
  test('a capture that died is taken up again, and what it hid accuses nobody', async () => {
    const live = await play({ timeout: 4 });
    await live.begin();
    live.dropped(0);
    const { frames } = answered();
    await live.capture(...frames.slice(0, 5));
    await live.time.pass(1000);
    await live.die('The interface disappeared');
    await live.time.pass(20_000);
    // While nothing is captured no deadline passes.
    expect(live.records).toEqual([]);
    expect(live.requests.length).toBe(2);
    await live.begin();
    await live.time.pass(8000);
    expect(live.records.map(({ verdict, confidence }) => [verdict, confidence])).toEqual([
      ['no_response_timeout', 'weak'],
    ]);
    expect(live.records[0]?.because).toContainEqual({ reason: 'interrupted' });
    const { capture } = await live.end();
    expect(capture.warnings.map(({ code }) => code)).toEqual(['capture_gap']);
    expect(capture.warnings[0]?.text).toMatch(
      /^eth0: nothing was captured from 20\S+Z to 20\S+Z: tcpdump ended: The interface disappeared$/,
    );
    expect(live.source.facts.live.gaps.map(({ from, to }) => Math.round((to - from) / 1e9))).toEqual([20]);
  });

  test('an attempt that began after the gap keeps its confidence', async () => {
    const live = await play({ timeout: 2 });
    await live.begin();
    await live.capture(...conversation({ client: '10.0.0.1:39999' }).handshake().frames);
    await live.time.pass(1000);
    await live.die('gone');
    await live.time.pass(5000);
    await live.begin();
    live.dropped(0);
    await live.capture(...asked().frames);
    await live.time.pass(5000);
    const record = live.records.find(({ verdict }) => verdict === 'no_response_timeout');
    expect(record?.confidence).toBe('strong');
    await live.end();
  });

  test('is tried again and again, ever more rarely, and told once', async () => {
    const live = await play();
    await live.begin();
    await live.die('gone');
    for (let i = 0; i < 200; i++) {
      await live.time.pass(500);
      if (live.requests.length > 1) await live.die('No such device exists');
    }
    expect(live.requests.length).toBeGreaterThan(8);
    expect(live.requests.length).toBeLessThan(20);
    expect(live.notes.filter((note) => note.includes('still no capture'))).toHaveLength(1);
    await live.end();
  });

  test('without number, none of them fills the memory', async () => {
    const live = await play();
    await live.begin();
    await live.capture(...conversation().handshake().frames);
    for (let i = 0; i < LIMITS.captureGaps + 50; i++) {
      await live.die('flapping');
      await live.time.pass(300, 300);
      await live.begin();
    }
    const { live: facts, warnings } = live.source.facts;
    expect(facts.gaps.length).toBe(LIMITS.captureGaps);
    expect(warnings.length).toBe(LIMITS.captureGaps);
    // The oldest are one long one: nothing that any of them may have hidden is claimed.
    expect(facts.gaps[0]!.to - facts.gaps[0]!.from).toBeGreaterThan(10e9);
    await live.end();
  });

  test('a capture that cannot begin ends the run in the words of who captures', async () => {
    const filter = await play({ refuses: "tcpdump: can't parse filter expression: syntax error" });
    await expect(filter.end()).rejects.toThrow(
      "cannot capture on eth0: tcpdump: can't parse filter expression: syntax error",
    );
    const denied = await play({ refuses: 'You do not have permission to capture on that device' });
    await expect(denied.end()).rejects.toMatchObject({ name: 'UserError', code: 'permission' });
  });
});

describe('drops', () => {
  test('are asked for while packets come, and added up over restarts', async () => {
    const live = await play();
    await live.begin();
    await live.time.pass(2100);
    expect(live.asked()).toBe(2);
    live.dropped(3);
    live.dropped(5);
    await live.die('gone');
    await live.time.pass(1000);
    await live.begin();
    live.dropped(2);
    const { capture } = await live.end();
    expect(capture.dropped).toBe(7);
  });

  test('that nobody tells lower what is claimed of absences', async () => {
    const live = await play({ timeout: 2, clockArrival: true });
    await live.begin();
    await live.capture(...asked().frames);
    await live.time.pass(5000);
    expect(live.records[0]).toMatchObject({ verdict: 'no_response_timeout', confidence: 'probable' });
    expect(live.records[0]?.because).toContainEqual({ reason: 'drops_untold' });
    expect(live.records[0]?.signals).toContain('clock_arrival');
    const { capture } = await live.end();
    expect(capture.dropped).toBeNull();
  });
});

describe('names', () => {
  const answers = (...lists: readonly (readonly string[])[]) => {
    let calls = 0;
    return async () => ({ addresses: lists[Math.min(calls++, lists.length - 1)]!, ttl: 60 });
  };

  test('stand for all their addresses, and are asked for again when the answer is too old', async () => {
    const resolve = answers(['203.0.113.44', '2001:db8::44'], ['203.0.113.44'], ['203.0.113.45']);
    const live = await play({ hosts: ['shop.example', '10.0.0.0/8'], resolve });
    await live.begin();
    expect(live.requests[0]?.filter).toContain('net 10.0.0.0/8 or host 203.0.113.44 or host 2001:db8::44');
    await live.time.pass(61_000, 250);
    // An address that is gone from the answer stays: connections to it live on.
    expect(live.requests.length).toBe(1);
    await live.capture(...asked().frames);
    await live.time.pass(60_000, 250);
    await live.begin();
    expect(live.requests.length).toBe(2);
    expect(live.requests[1]?.filter).toContain('host 2001:db8::44 or host 203.0.113.45');
    const { capture } = await live.end();
    expect(capture.warnings.map(({ text }) => text).join()).toContain('the filter was changed');
  });

  test('that have no address end the run before it begins', async () => {
    const live = await play({ hosts: ['nowhere.example'], resolve: answers([]) });
    await expect(live.end()).rejects.toThrow('--host nowhere.example: the name has no address now');
    expect(live.requests).toEqual([]);
  });

  test('count for attempts that failed before they could say whom they asked', async () => {
    const live = await play({ hosts: ['shop.example'], resolve: answers(['203.0.113.44']), timeout: 2 });
    await live.begin();
    await live.capture(conversation().handshake().frames[0]!);
    await live.time.pass(5000);
    expect(live.records.map(({ verdict }) => verdict)).toEqual(['connect_no_reply']);
    await live.end();
  });
});
