/** Every archive is valid HAR 1.2 by the published schema, whatever was captured. */
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import schemas from 'har-schema';
import { expect, test } from 'vitest';
import { DELIVERED, REFUSED, SPARSE, transaction, UNANSWERED } from './records.ts';
import { report } from './run-format.ts';

const load = createRequire(import.meta.url);

function schema(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addMetaSchema(load('ajv/dist/refs/json-schema-draft-06.json'));
  for (const one of Object.values(schemas)) ajv.addSchema(one);
  return ajv.getSchema('har.json#')!;
}

const valid = schema();

interface Entry {
  readonly startedDateTime: string;
  readonly time: number;
  readonly request: Record<string, unknown>;
  readonly response: Record<string, unknown>;
  readonly timings: Record<string, number>;
  readonly [extra: string]: unknown;
}

async function entries(records: Parameters<typeof report>[1]): Promise<Entry[]> {
  const har = JSON.parse((await report('har', records)).toString());
  expect(valid(har), JSON.stringify(valid.errors)).toBe(true);
  return har.log.entries;
}

test('the schema refuses what is no archive', () => {
  expect(valid({ log: { version: '1.2', creator: { name: 'x', version: '1' }, entries: [{}] } })).toBe(false);
});

test('an answered request', async () => {
  const record = transaction({
    request: {
      target: '/n?a=1&b=%20',
      url: 'http://pay.shop.example/n?a=1&b=%20',
      headers: [
        { name: 'Cookie', value: 'a=b; c=d' },
        { name: 'Content-Type', value: 'text/plain' },
      ],
    },
    response: { headers: [{ name: 'Set-Cookie', value: 's=1; Path=/' }] },
    timings: { connect: 10, tls: 30 },
  });
  const [entry] = await entries([record]);
  expect(entry).toMatchObject({
    startedDateTime: '2017-01-04T09:23:57.123456Z',
    time: 160,
    request: {
      method: 'POST',
      url: 'http://pay.shop.example/n?a=1&b=%20',
      httpVersion: 'HTTP/1.1',
      cookies: [
        { name: 'a', value: 'b' },
        { name: 'c', value: 'd' },
      ],
      queryString: [
        { name: 'a', value: '1' },
        { name: 'b', value: ' ' },
      ],
      postData: { mimeType: 'text/plain', text: 'sign=secret' },
      headersSize: 210,
      bodySize: 402,
    },
    response: {
      status: 200,
      statusText: 'OK',
      cookies: [{ name: 's', value: '1' }],
      content: { size: 7, mimeType: 'x-unknown', text: 'success' },
    },
    timings: { blocked: -1, dns: -1, connect: 40, ssl: 30, send: 0, wait: 120, receive: 0 },
    serverIPAddress: '203.0.113.44',
    connection: '40112',
    _wirewitness: { id: '1.1', outcome: 'delivered', verdict: 'delivered' },
  });
  expect(entry).not.toHaveProperty('_error');
});

test('without an answer the status is 0 and the verdict tells why', async () => {
  const [refused, unanswered] = await entries([REFUSED, UNANSWERED]);
  expect(unanswered).toMatchObject({
    response: { status: 0, statusText: '' },
    timings: { connect: 10.1, send: 0, wait: 10_000, receive: 0, ssl: -1 },
    comment: expect.stringMatching(/^no_response_sender_closed: POST http/),
    _error: expect.stringMatching(/^POST http.* closed the connection/),
  });
  expect(refused).toMatchObject({
    request: { method: 'UNKNOWN', url: 'http://[2001:db8::1]:443/' },
    _error: expect.stringContaining('refused'),
  });
});

test('a connection used again costs no connecting; the oldest entry stands first', async () => {
  const later = transaction({
    id: '1.2',
    times: { syn: null, requestFirstByte: 5e9 },
    connection: { reused: true },
  });
  const found = await entries([later, DELIVERED, SPARSE]);
  expect(found.map((entry) => entry['_wirewitness'])).toMatchObject([
    { id: '1.1' },
    { id: '4.1' },
    { id: '1.2' },
  ]);
  expect(found[2]?.timings['connect']).toBe(-1);
  expect(found[2]?.time).toBe(120);
});

test('odd URLs become valid ones', async () => {
  const text = fc.string({
    unit: fc.constantFrom(...'/?#[]@:%4zaé支 "<>\\^`{|}\x00\x1b\u202e'),
    maxLength: 12,
  });
  const record = fc.record({ host: text, target: text, absolute: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(record, async ({ host, target, absolute }) => {
      const url = absolute ? `http://${host}${target}` : target;
      await entries([transaction({ request: { url, host, target, method: target, version: host } })]);
    }),
    { numRuns: 300 },
  );
});
