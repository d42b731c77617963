/** Streams of HTTP/2 become the attempts that the same exchange in HTTP/1.1 is, whatever the packets part or hide. */
import { describe, expect, test } from 'vitest';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { run } from '../pipeline/run.ts';
import { type Conversation, conversation } from '../support/conversation.ts';
import { data, ERROR, type Fields, headers, PREFACE, rstStream, settings } from '../support/http2.ts';
import type { Frame } from '../support/packets-source.ts';
import { paired } from './attempts.ts';

const HOST = 'm.example';
const open = () => conversation().handshake();

/** What one exchange says, in either version. */
interface Exchange {
  readonly path: string;
  readonly body: string;
  readonly type?: string;
  readonly status: number;
  readonly interim?: number;
  readonly answer: string;
}

const EXCHANGES: readonly Exchange[] = [
  {
    path: '/1',
    body: 'out_trade_no=7&x=1',
    type: 'application/x-www-form-urlencoded',
    status: 200,
    answer: 'ok',
  },
  { path: '/2?a=1', body: '{"order_id":"8"}', type: 'application/json', status: 200, answer: 'fail' },
  { path: '/3', body: 'a'.repeat(5000), status: 503, answer: 'busy' },
  { path: '/4', body: '', status: 404, answer: '' },
  { path: '/5', body: 'x', interim: 103, status: 302, answer: 'b'.repeat(4000) },
];

const typed = ({ type }: Exchange): Fields => (type === undefined ? {} : { 'content-type': type });
const text = (fields: Fields) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');

function inHttp1(c: Conversation, one: Exchange): Conversation {
  const { path, body, status, interim, answer } = one;
  const fields = { host: HOST, 'content-length': `${body.length}`, ...typed(one) };
  c.clientSends(`POST ${path} HTTP/1.1\r\n${text(fields)}\r\n${body}`)
    .ack('server')
    .wait(40);
  if (interim !== undefined) c.serverSends(`HTTP/1.1 ${interim} \r\n\r\n`).wait(5);
  return c
    .serverSends(`HTTP/1.1 ${status} \r\ncontent-length: ${answer.length}\r\n\r\n${answer}`)
    .ack('client');
}

function request(stream: number, one: Exchange): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': one.path,
    ':authority': HOST,
    'content-length': `${one.body.length}`,
    ...typed(one),
  };
  return Buffer.concat([headers(stream, fields, { end: false }), data(stream, one.body)]);
}

function response(stream: number, { status, answer }: Exchange): Buffer {
  const fields = { ':status': `${status}`, 'content-length': `${answer.length}` };
  return Buffer.concat([headers(stream, fields, { end: false }), data(stream, answer)]);
}

function inHttp2(c: Conversation, one: Exchange, stream: number): Conversation {
  c.clientSends(request(stream, one)).ack('server').wait(40);
  if (one.interim !== undefined) {
    c.serverSends(headers(stream, { ':status': `${one.interim}` }, { end: false })).wait(5);
  }
  return c.serverSends(response(stream, one)).ack('client');
}

const begun = () =>
  open()
    .clientSends(Buffer.concat([PREFACE, settings()]))
    .serverSends(settings());

async function recordsOf(frames: readonly Frame[]): Promise<readonly TransactionRecord[]> {
  const { records } = await run(frames);
  return records.toSorted((a, b) => a.connection.index - b.connection.index);
}

/** What does not depend on what carries it. */
function meaning({
  verdict,
  outcome,
  fault,
  confidence,
  because,
  facts,
  request,
  response,
  timings,
  delivery,
  missing,
}: TransactionRecord) {
  const lengths = { headerBytes: 0, version: '' };
  return {
    verdict,
    outcome,
    fault,
    confidence,
    because,
    facts,
    delivery,
    missing,
    request: { ...request, ...lengths },
    response: { ...response, ...lengths },
    ack: timings.ack,
    wait: timings.wait,
  };
}

describe('the same exchange in HTTP/1.1 and in HTTP/2', () => {
  test('answered one after the other', async () => {
    const plain = open();
    const framed = begun();
    for (const [i, one] of EXCHANGES.entries()) {
      inHttp1(plain, one);
      inHttp2(framed, one, 2 * i + 1);
    }
    const before = await recordsOf(plain.close('client').frames);
    const after = await recordsOf(framed.close('client').frames);
    expect(after.map(meaning)).toEqual(before.map(meaning));
    expect(after.map(({ connection }) => connection.stream)).toEqual([1, 3, 5, 7, 9]);
    expect(before.map(({ connection }) => connection.stream)).toEqual(Array(5).fill(null));
    expect(new Set(after.map(({ request }) => request?.version))).toEqual(new Set(['HTTP/2']));
  });

  test('never answered, the sender closes the connection', async () => {
    const [one] = EXCHANGES;
    const asked = (c: Conversation, bytes: string | Buffer) =>
      c.clientSends(bytes).ack('server').wait(5000).close('client').frames;
    const [first] = await recordsOf(
      asked(
        open(),
        `POST /1 HTTP/1.1\r\nhost: ${HOST}\r\ncontent-length: 18\r\ncontent-type: ${one!.type}\r\n\r\n${one!.body}`,
      ),
    );
    const [second] = await recordsOf(asked(begun(), request(1, one!)));
    expect(meaning(second!)).toEqual(meaning(first!));
    expect(second!.verdict).toBe('no_response_sender_closed');
  });
});

describe('whatever the packets part', () => {
  const whole = () => {
    const sent = Buffer.concat([PREFACE, settings(), ...EXCHANGES.map((one, i) => request(2 * i + 1, one))]);
    const answered = Buffer.concat([
      settings(),
      ...EXCHANGES.map((one, i) => response(2 * i + 1, one)).reverse(),
    ]);
    return [sent, answered] as const;
  };
  const texts = ['POST /1 > 200', 'POST /2?a=1 > 200', 'POST /3 > 503', 'POST /4 > 404', 'POST /5 > 302'];

  test.each([1, 2, 3, 7, 23, 24, 1460])('segments of %i bytes', async (mss) => {
    const [sent, answered] = whole();
    const c = conversation({ mss })
      .handshake()
      .clientSends(sent)
      .serverSends(answered)
      .ack('client')
      .close('client');
    expect(await paired(c.frames)).toEqual(texts);
  });
});

describe('a stream', () => {
  const [one, two] = EXCHANGES as [Exchange, Exchange];

  test('is acknowledged by what covers its own last byte', async () => {
    const c = begun()
      .clientSends(request(1, one))
      .ack('server')
      .wait(300)
      .clientSends(request(3, two))
      .ack('server');
    const records = await recordsOf(
      c.wait(100).serverSends(response(3, two)).ack('client').close('client').frames,
    );
    expect(records.map(({ timings }) => Math.round(timings.ack ?? -1))).toEqual([20, 20]);
  });

  test('has a deadline of its own, whatever the others do', async () => {
    const c = begun().clientSends(request(1, one)).ack('server');
    for (let stream = 3; stream < 43; stream += 2) {
      c.wait(1000).clientSends(request(stream, two)).serverSends(response(stream, two)).ack('client');
    }
    const { records } = await run(c.frames, { timeout: 10e9 });
    const first = records.find(({ connection }) => connection.stream === 1)!;
    expect(first.verdict).toBe('no_response_timeout');
    expect(first.because[0]).toMatchObject({ reason: 'watched', seconds: expect.closeTo(10, 1) });
    expect(records.filter(({ verdict }) => verdict === 'delivered')).toHaveLength(20);
  });

  test('that was reset and is answered all the same was answered late', async () => {
    const c = begun()
      .clientSends(request(1, one))
      .ack('server')
      .wait(2000)
      .clientSends(Buffer.concat([rstStream(1, ERROR.cancel), request(3, two)]))
      .serverSends(Buffer.concat([response(1, one), response(3, two)]))
      .ack('client');
    const records = await recordsOf(c.wait(3000).close('client').frames);
    expect(records.map(({ verdict }) => verdict)).toEqual(['response_late', 'delivered']);
    expect(records[0]!.timings.gaveUpAfter).toBeCloseTo(2020, 0);
  });

  test('of thousands at a time: each is paired, and the bound is told', async () => {
    const c = begun();
    for (let i = 0; i < 1500; i++) c.clientSends(request(2 * i + 1, one));
    c.ack('server');
    for (let i = 1499; i >= 0; i--) c.serverSends(response(2 * i + 1, one));
    const { records, findings } = await run(c.ack('client').close('client').frames);
    expect(records).toHaveLength(1500);
    expect(findings.capture.limitsHit.pendingRequests).toBe(500);
    expect(records.filter(({ verdict }) => verdict === 'delivered')).toHaveLength(1000);
    expect(records.filter(({ outcome }) => outcome === 'unanswered')).toEqual([]);
  });
});

describe('where the beginning was not captured', () => {
  const [one] = EXCHANGES as [Exchange];
  const told = async (c: Conversation) =>
    (await recordsOf(c.frames)).map(({ verdict, connection }) => `${connection.stream} ${verdict}`);
  const going = () => conversation().established();

  test('the sender is seen first', async () => {
    const c = going().clientSends(request(7, one)).serverSends(response(7, one)).ack('client');
    expect(await told(c.close('client'))).toEqual(['7 delivered']);
  });

  test('an answer is seen first: nobody knows what it answers', async () => {
    const c = going().serverSends(response(5, one)).ack('client');
    c.clientSends(request(7, one)).serverSends(response(7, one)).ack('client').close('client');
    expect(await told(c)).toEqual(['5 capture_insufficient', '7 delivered']);
  });

  test('in the middle of a frame', async () => {
    const c = going().clientSends('x'.repeat(300)).ack('server');
    c.clientSends(request(7, one)).serverSends(response(7, one)).ack('client').close('client');
    expect(await told(c)).toEqual(['null opaque', '7 delivered']);
  });

  test('the preface was lost', async () => {
    const c = open()
      .drop()
      .clientSends(Buffer.concat([PREFACE, settings()]))
      .serverSends(settings());
    c.clientSends(request(1, one)).serverSends(response(1, one)).ack('client').close('client');
    expect(await told(c)).toEqual(['1 delivered']);
  });
});

describe('a body that is not as long as its head says', () => {
  const short = (fields: Fields) =>
    Buffer.concat([headers(1, { ':status': '200', ...fields }, { end: false }), data(1, 'ok')]);

  test('is no answer', async () => {
    const c = begun()
      .clientSends(request(1, EXCHANGES[0]!))
      .serverSends(short({ 'content-length': '3' }));
    const [record] = await recordsOf(c.ack('client').close('client').frames);
    expect(record!.verdict).toBe('response_invalid');
    expect(record!.signals).toContain('http_anomaly:content_length_mismatch');
  });

  test('but of HEAD', async () => {
    const head = headers(1, { ':method': 'HEAD', ':scheme': 'http', ':path': '/', ':authority': HOST });
    const c = begun()
      .clientSends(head)
      .serverSends(headers(1, { ':status': '200', 'content-length': '3' }));
    const [record] = await recordsOf(c.ack('client').close('client').frames);
    expect(record!.verdict).toBe('delivered');
  });
});
