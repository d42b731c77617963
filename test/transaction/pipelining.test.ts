/** Requests that are sent before the ones before them are answered (RFC 9112 §9.3.2): the n-th response is the n-th's. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { attempts, paired, post, reply } from './attempts.ts';

const names = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}`);
const all = (count: number) => names(count).map((n) => `POST /${n} > 200 r${n}`);

describe.each([2, 3, 10, 50])('%i pipelined requests', (count) => {
  const requests = names(count).map((n) => post(n));
  const replies = names(count).map((n) => reply(`r${n}`));

  test('one segment each', async () => {
    const c = conversation().handshake();
    for (const request of requests) c.clientSends(request);
    for (const answer of replies) c.serverSends(answer).ack();
    expect(await paired(c.close('client').frames)).toEqual(all(count));
  });

  test('all in one write, cut into segments anywhere', async () => {
    const c = conversation({ mss: 97 }).handshake();
    c.clientSends(requests.join('')).ack().serverSends(replies.join('')).ack();
    expect(await paired(c.close('server').frames)).toEqual(all(count));
  });

  test('two and a half to a segment', async () => {
    const c = conversation({ mss: Math.floor(requests[0]!.length * 2.5) }).handshake();
    c.clientSends(requests.join('')).ack();
    for (const answer of replies) c.serverSends(answer).ack();
    expect(await paired(c.frames)).toEqual(all(count));
  });

  test('each body is its own', async () => {
    const c = conversation({ mss: 61 }).handshake();
    c.clientSends(requests.join('')).ack().serverSends(replies.join('')).ack();
    const bodies = (await attempts(c.frames)).map(({ request, response }) => {
      return [request?.decoded().text, response?.decoded().text];
    });
    expect(bodies).toEqual(names(count).map((n) => [`id=${n}`, `body of r${n}`]));
  });

  test('the last ones stay without an answer', async () => {
    for (const missing of names(count).map(Number)) {
      const answered = count - missing;
      const c = conversation().handshake().clientSends(requests.join('')).ack();
      c.serverSends(replies.slice(0, answered).join('')).ack().fin('server').ack();
      expect(await paired(c.frames)).toEqual([
        ...all(answered),
        ...names(count)
          .slice(answered)
          .map((n) => `POST /${n} > -`),
      ]);
    }
  });
});

test('pipelined responses in answer to different methods keep their framings apart', async () => {
  const c = conversation().handshake();
  c.clientSends(`HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\n${post('2')}HEAD /3 HTTP/1.1\r\nHost: h\r\n\r\n`).ack();
  const head = (n: number) => `HTTP/1.1 200 r${n}\r\nContent-Length: 5000\r\n\r\n`;
  c.serverSends(head(1) + reply('r2') + head(3)).ack();
  expect(await paired(c.frames)).toEqual(['HEAD /1 > 200 r1', 'POST /2 > 200 r2', 'HEAD /3 > 200 r3']);
});

/** A capture that lost one whole response. What follows it answers the requests that follow. */
describe('one response of several that follow each other was not captured', () => {
  const count = 6;
  test.each(names(count).map(Number))('of request %i', async (lost) => {
    const c = conversation().handshake();
    for (const n of names(count)) {
      c.clientSends(post(n)).ack();
      if (Number(n) === lost) c.drop();
      c.serverSends(reply(`r${n}`))
        .ack()
        .wait(5);
    }
    const found = await attempts(c.close('client').frames);
    expect(found.map(({ response }) => response?.head?.reason ?? null)).toEqual(
      names(count).map((n) => (Number(n) === lost ? null : `r${n}`)),
    );
    expect(found[lost - 1]!.answerUnseen).toBe(reply('r1').length);
    expect(found.filter(({ answerUnseen }) => answerUnseen > 0)).toHaveLength(1);
  });

  test.each(names(count).map(Number))('of request %i, neither was the request', async (lost) => {
    const c = conversation().handshake();
    for (const n of names(count)) {
      if (Number(n) === lost) c.drop(3);
      c.clientSends(post(n))
        .ack()
        .serverSends(reply(`r${n}`))
        .ack()
        .wait(5);
    }
    const expected = names(count).filter((n) => Number(n) !== lost);
    const pairs = (await paired(c.frames)).filter((text) => text !== '- > -');
    expect(pairs).toEqual(expected.map((n) => `POST /${n} > 200 r${n}`));
  });

  test.each(names(count).map(Number))('request %i was not captured, its response was', async (lost) => {
    const c = conversation().handshake();
    for (const n of names(count)) {
      if (Number(n) === lost) c.drop();
      c.clientSends(post(n))
        .ack()
        .serverSends(reply(`r${n}`))
        .ack()
        .wait(5);
    }
    expect(await paired(c.frames)).toEqual(
      names(count).map((n) => `${Number(n) === lost ? '-' : `POST /${n}`} > 200 r${n}`),
    );
  });
});

/** The capture lost packets of one direction, or of both, for a while. */
describe('everything from the second to the fourth exchange was not captured', () => {
  const lossy = (lost: 'requests' | 'responses' | 'both') => {
    const c = conversation().handshake();
    for (const n of names(6)) {
      const inside = Number(n) >= 2 && Number(n) <= 4;
      if (inside && lost !== 'responses') c.drop();
      c.clientSends(post(n));
      if (inside && lost !== 'requests') c.drop();
      c.serverSends(reply(`r${n}`))
        .ack('client')
        .wait(5);
    }
    return c.frames;
  };

  test('of the responses', async () => {
    const found = await attempts(lossy('responses'));
    expect(found.map(({ request, response }) => [request?.head?.target, response?.head?.reason])).toEqual([
      ['/1', 'r1'],
      ['/2', undefined],
      ['/3', undefined],
      ['/4', undefined],
      ['/5', 'r5'],
      ['/6', 'r6'],
    ]);
    const length = reply('r2').length;
    expect(found.map(({ answerUnseen }) => answerUnseen > 0)).toEqual([
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(found[3]!.answerUnseen).toBe(length);
  });

  test('of the requests', async () => {
    expect(await paired(lossy('requests'))).toEqual([
      'POST /1 > 200 r1',
      '- > 200 r2',
      '- > 200 r3',
      '- > 200 r4',
      'POST /5 > 200 r5',
      'POST /6 > 200 r6',
    ]);
  });

  test('of both', async () => {
    const expected = ['POST /1 > 200 r1', 'POST /5 > 200 r5', 'POST /6 > 200 r6'];
    expect(await paired(lossy('both'))).toEqual(expected);
  });
});

test.each([5, 5000])(
  'a response and the request after it were not captured, %i ms between all',
  async (between) => {
    const c = conversation().handshake().clientSends(post('1')).drop().serverSends(reply('r1')).ack('client');
    c.wait(between).drop().clientSends(post('2')).serverSends(reply('r2')).ack('client').wait(between);
    c.clientSends(post('3')).serverSends(reply('r3')).ack('client').wait(between);
    c.drop().clientSends(post('4')).serverSends(reply('r4')).ack('client').wait(between);
    expect(await paired(c.frames)).toEqual(['POST /1 > -', '- > 200 r2', 'POST /3 > 200 r3', '- > 200 r4']);
  },
);

test('every other packet of a side was not captured, in turns', async () => {
  const c = conversation().handshake();
  const expected: string[] = [];
  for (let n = 1; n <= 24; n++) {
    if (n % 4 === 1) c.drop();
    c.clientSends(post(`${n}`));
    if (n % 4 === 3) c.drop();
    c.serverSends(reply(`r${n}`))
      .ack('client')
      .wait(5);
    if (n % 4 === 3) expected.push(`POST /${n} > -`);
    else expected.push(`${n % 4 === 1 ? '-' : `POST /${n}`} > 200 r${n}`);
  }
  expect(await paired(c.frames)).toEqual(expected);
  const unanswered = (await attempts(c.frames)).filter(({ response }) => response === null);
  expect(unanswered.map(({ answerUnseen }) => answerUnseen)).toEqual(
    unanswered.map(({ request }) => reply(request!.head!.target.replace('/', 'r')).length),
  );
});

test('any order of sending, answering and cutting gives the same pairs', async () => {
  const script = fc.record({
    count: fc.integer({ min: 2, max: 8 }),
    mss: fc.integer({ min: 20, max: 400 }),
    // Before each response, how many more requests are sent.
    ahead: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(script, async ({ count, mss, ahead }) => {
      const c = conversation({ mss }).handshake();
      let sent = 0;
      for (let answered = 0; answered < count; answered++) {
        const until = Math.min(count, Math.max(answered + 1, sent + ahead[answered]!));
        while (sent < until) c.clientSends(post(`${++sent}`));
        c.ack('server')
          .serverSends(reply(`r${answered + 1}`))
          .ack('client');
      }
      expect(await paired(c.frames)).toEqual(all(count));
    }),
    { numRuns: 60, seed: 7 },
  );
});
