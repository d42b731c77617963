/** Values of flags: what is taken, and that each refusal names flag and value in one line. */
import { expect, test } from 'vitest';
import * as values from '../../src/cli/values.ts';
import { UserError } from '../../src/error.ts';

type Check = (flag: string, given: string) => unknown;

function refusal(check: Check, given: string): string {
  try {
    check('--flag', given);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return 'taken';
}

const TAKEN: [name: keyof typeof values & string, check: Check, given: string, value: unknown][] = [
  ['duration', values.duration, '500ms', 500],
  ['duration', values.duration, '30s', 30_000],
  ['duration', values.duration, '2m', 120_000],
  ['duration', values.duration, '1.5s', 1500],
  ['duration', values.duration, '1440m', 86_400_000],
  ['port', values.port, '1', 1],
  ['port', values.port, '65535', 65_535],
  ['method', values.method, 'post', 'POST'],
  ['method', values.method, 'M-SEARCH', 'M-SEARCH'],
  ['host', values.host, '203.0.113.44', '203.0.113.44'],
  ['host', values.host, '2001:db8::1', '2001:db8::1'],
  ['host', values.host, '10.0.0.0/8', '10.0.0.0/8'],
  ['host', values.host, '2001:db8::/128', '2001:db8::/128'],
  ['host', values.host, 'pay_1.shop.example', 'pay_1.shop.example'],
  ['regExp', values.regExp, '^success$', /^success$/],
  ['regExp', values.regExp, '/^success$/i', /^success$/i],
  ['regExp', values.regExp, '/a/b', /\/a\/b/],
  ['keySpec', values.keySpec, 'json:/a~1b/0', { kind: 'json', pointer: '/a~1b/0', text: 'json:/a~1b/0' }],
  ['keySpec', values.keySpec, 'form:a b:c', { kind: 'form', name: 'a b:c', text: 'form:a b:c' }],
  ['keySpec', values.keySpec, 'query:id', { kind: 'query', name: 'id', text: 'query:id' }],
  ['keySpec', values.keySpec, 'header:X-Id', { kind: 'header', name: 'x-id', text: 'header:X-Id' }],
  ['keySpec', values.keySpec, 'body:/<(.+)>/i', { kind: 'body', pattern: /<(.+)>/i, text: 'body:/<(.+)>/i' }],
  ['statuses', values.statuses, '204,200', [200, 204]],
  ['statuses', values.statuses, '200-202,201,204', [200, 201, 202, 204]],
  ['outcomes', values.outcomes, 'pending,delivered', ['delivered', 'pending']],
  ['outcomes', values.outcomes, 'failed', ['refused', 'unanswered', 'unsent', 'missing']],
  ['outcomes', values.outcomes, 'failed, unknown', ['refused', 'unanswered', 'unsent', 'unknown', 'missing']],
];
test.each(TAKEN)('%s: %4$j from %3$s', (_, check, given, value) => {
  expect(check('--flag', given)).toEqual(value);
});

test('2xx is every status from 200 to 299', () => {
  const all = values.statuses('--flag', '2xx,3XX');
  expect([all.length, all[0], all.at(-1)]).toEqual([200, 200, 399]);
});

const REFUSED: [check: Check, given: string][] = [
  ...['', '30', '0s', '-1s', '1h', '30 s', '1e3s', 'NaNs', '1441m', '9'.repeat(400)].map(
    (given): [Check, string] => [values.duration, given],
  ),
  ...['', '0', '65536', 'http', '80,81', '-1', '1.5', '0x50'].map((given): [Check, string] => [
    values.port,
    given,
  ]),
  ...['', 'PO ST', 'POST,GET', 'PÖST'].map((given): [Check, string] => [values.method, given]),
  ...['', 'a b', '10.0.0.0/33', '2001:db8::/129', 'x.example/8', '10.0.0.0/', '10.0.0.0/8/8', 'http://x'].map(
    (given): [Check, string] => [values.host, given],
  ),
  ...['id', 'json:id', 'json:/a~2', 'form:', 'header:a b', 'body:/(/', 'xml:id', ''].map(
    (given): [Check, string] => [values.keySpec, given],
  ),
  ...['(', '[', '/(/i', '*'].map((given): [Check, string] => [values.regExp, given]),
  ...['', '100', '1xx', '99', '204-200', '2', 'ok', '200,,204', '1000', '200-'].map(
    (given): [Check, string] => [values.statuses, given],
  ),
  ...['', 'fail', 'delivered,', 'Delivered'].map((given): [Check, string] => [values.outcomes, given]),
];
test.each(REFUSED)('%o refuses %j', (check, given) => {
  const message = refusal(check, given);
  expect(message).toMatch(/^--flag [^\n]+: [^\n]+$/);
  expect(message).toContain(given === '' ? '--flag "": ' : `--flag ${given}: `);
});

test('a host with its port says where the port goes', () => {
  expect(refusal(values.host, 'pay.example:8080')).toBe('--flag pay.example:8080: give the port with --port');
});

test('what was given is escaped', () => {
  expect(refusal(values.port, '\x1b[2J')).toContain('--flag \\x1b[2J: ');
});
