/** What is masked and what is not, text by text. `«»` marks what is to be masked; `«#»` what needs quotes in its place. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecretNames } from '../../../src/report/redaction/names.ts';
import { masked } from '../../../src/report/redaction/redact.ts';
import { headerSpans, secretSpans } from '../../../src/report/redaction/spans.ts';

const NAMES = new SecretNames(['phone', '/merchants/*/notify', '/v2/shop-*']);

function marked(text: string, form: boolean): string {
  let result = '';
  let from = 0;
  for (const { start, end, bare } of secretSpans(text, NAMES, form)) {
    result += `${text.slice(from, start)}«${bare ? '#' : ''}${text.slice(start, end)}»`;
    from = end;
  }
  return result + text.slice(from);
}

const plain = (given: string) => given.replace(/«#?|»/g, '');

describe('query, form, attributes', () => {
  test.each(
    [
      'http://h/p?a=1&sign=«abc»&b=2',
      '/p?token=«t#access_token=u»',
      'a=1&password=«p%20q»&key=«k»',
      'Password=«x»',
      'card[number]=«4»&card[cvc]=«123»&card[exp_month]=«12»&order[id]=7',
      'p%61ss%77ord=«x»&sign_type=MD5&design=1&assign=2&token_type=b',
      'biz_content=«%7B%22password%22%3A%22p%22%7D»&method=pay',
      'a=%7B%22order%22%3A%22p%22%7D&b=2',
      'x="1" token="«a b»" y=2',
      "secret = '«s t»'",
      'timestamp="1",nonce="2",signature="«abc==»"',
      'password=«cut in the',
      'a=1,token=«x»',
      'sign=',
      'nosign=1&signer=2&monkey=3&keyboard=4&apikeys=5',
      'phone=«13800138000»',
    ].map((text) => [text] as const),
  )('%s', (text) => {
    // A value that is cut is one to the end of the text; elsewhere white space ends it.
    expect(marked(plain(text), /cut in/.test(text))).toBe(text.endsWith('the') ? `${text}»` : text);
  });

  test('in a form a value holds what it likes', () => {
    expect(marked('password=a "b" <c> d&x=1', true)).toBe('password=«a "b" <c> d»&x=1');
  });
});

describe('paths', () => {
  test.each(
    [
      // Services that are known.
      'https://hooks.example/services/T0AB12CD3/B0AB12CD3/«a8Xk2LmN9pQr4sTuV6wXyZ01»',
      '/hooks/T000/B000/«XXXXXXXX»',
      'POST /«bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11»/sendMessage HTTP/1.1',
      '/api/webhooks/123456789012345678/«aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z»',
      '/open-apis/bot/v2/hook/«3f2504e0-4f89-11d3-9a0c-0305e82c3301»?a=1',
      // Made by chance, announced, or behind a hook.
      '/cb/«a8Xk2LmN9pQr4sTuV6wXyZ01»/done#x',
      '/webhook/«9f86d081884c7d659a2feaa0c55ad015»',
      '/v1/access_token/«a1b2c3d4»/x',
      // Within other texts.
      '{"notify_url":"https:\\/\\/m.example\\/cb\\/«a8Xk2LmN9pQr4sTuV6wXyZ01»\\/end","b":1}',
      'Location: https://m.example/cb/«a8Xk2LmN9pQr4sTuV6wXyZ01»',
      'notify_url=«https%3A%2F%2Fm.example%2Fcb%2Fa8Xk2LmN9pQr4sTuV6wXyZ01»&a=1',
      // By --redact.
      '/merchants/«m-17»/notify',
      '/v2/shop-«17»/x',
      // Numbers of orders, names of things.
      '/notify/order/P20260104000117?x=1',
      '/webhook/order/P20260104000117',
      '/notify/20170104092357123456789012',
      '/orders/3f2504e0-4f89-11d3-9a0c-0305e82c3301/notify',
      '/webhooks/orders/3f2504e0-4f89-11d3-9a0c-0305e82c3301',
      '/v1/payment_intents/pi_3MtwBwLkdIwHu7ix28a3tqPf',
      '/pay/getPaymentNotifyUrlV2Callback/x',
      '/img/IMG20230101A12B34C56D78.jpg',
      '/token/refresh',
      '/merchants/m-17/other',
      '/shop-17/x',
      'a/b/c d/1 1/2',
    ].map((text) => [text] as const),
  )('%s', (text) => {
    expect(marked(plain(text), false)).toBe(text);
  });
});

describe('JSON', () => {
  test.each(
    [
      '{"password":"«p»","order":"1"}',
      '{ "a" : [ { "b" : { "access_token" : "«t»" } } ] }',
      '{"cvv":«#123»,"amount":123}',
      '{"token":null,"secret":«#true»}',
      '{"password":"«a\\"b\\\\»","order":"1"}',
      '{"pass\\u0077ord":"«p»"}',
      '{"tokens":["«a»","«b»",«#3»],"order":"1"}',
      '{"credential":{"user":"«u»","n":«#1»},"order":"1"}'
        .replace('"user"', '"«user»"')
        .replace('"n"', '"«n»"'),
      '{"data":"{\\"token\\":\\"«x»\\",\\"order\\":\\"1\\"}"}',
      '{"data":"{\\"d\\":\\"{\\\\\\"pin\\\\\\":\\\\\\"«9»\\\\\\"}\\"}"}',
      '{"order":"1","client_secret":"«cut',
      '{"order":"1","cvc":«#12',
      'say "hello {"pwd":"«p»"} "',
      '{"url":"https:\\/\\/«u:p»@h\\/?token=«x»"}',
      '{"number":«#4111111111111111»,"id":"2017010412345678"}',
      '{"keys":"a","monkey":"b"}',
    ].map((text) => [text] as const),
  )('%s', (text) => {
    expect(marked(plain(text), false)).toBe(/cut$|12$/.test(text) ? `${text}»` : text);
  });

  test('stays JSON', () => {
    const text = '{"cvv":123,"password":"p\\"","secret":[1,"a",{"x":false}],"pan":"4111","order":"1"}';
    const parsed: unknown = JSON.parse(masked(text, secretSpans(text, NAMES)));
    expect(parsed).toMatchObject({ cvv: 'REDACTED', password: 'REDACTED', pan: 'REDACTED', order: '1' });
  });
});

describe('XML, multipart, lines', () => {
  test.each(
    [
      '<xml><sign><![CDATA[«ABC»]]></sign><order>1</order></xml>',
      '<ns:Password a="1">«p»</ns:Password><b>2</b>',
      '<credential>«x<»y>«z»</y></credential><b>2</b>'.replace('«x<»y>', '«x»<y>'),
      '<password/><b>2</b>',
      '<a token="«t»">x</a>',
      '<key>«cut',
      '<sign><![CDATA[«cut',
      'X-Own: 1\r\nAuthorization: Bearer «abc»\r\nAccept: */*',
      'Cookie: «a=b; c=d»\r\nSet-Cookie: «x=y\r\n  folded»\r\nOrder: 1',
      'password: «hunter 2»\nuser: x',
      '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n«p\r\nq»\r\n--b\r\nContent-Disposition: form-data; name="order"\r\n\r\n1\r\n--b--',
      '--b\r\ncontent-disposition: form-data; filename="key"; name=file\r\n\r\nx\r\n--b--',
    ].map((text) => [text] as const),
  )('%s', (text) => {
    expect(marked(plain(text), false)).toBe(text.endsWith('cut') ? `${text}»` : text);
  });
});

describe('values that speak for themselves', () => {
  test.each(
    [
      'paid with «4111111111111111».',
      'paid with «4111 1111 1111 1111» on 2017-01-04',
      '2017-01-04 «378282246310005» 12',
      'UnionPay «6222021234567890128»',
      'order 4111111111111112, 1483521837123, 42000000001234567890123456789, 0.4111111111111111',
      'sha256:9f86d081884c7d659a2feaa4111111111111111fde0b822cd15d6c15b0f00a08, but a«4111111111111111»b',
      'id «11010519491231002X» and 110105194912310021',
      'http://«user:pass»@h/p and mailto:user@h',
      'jwt «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln»',
      'sent Bearer «abcdefgh.ijk»',
      '-----BEGIN RSA PRIVATE KEY-----«\nMIIB\n»-----END RSA PRIVATE KEY-----',
      'out_trade_no=20170104092357001&total_amount=88.88&trade_no=2017010421001004000000001234',
    ].map((text) => [text] as const),
  )('%s', (text) => {
    expect(marked(plain(text), false)).toBe(text);
  });
});

test.each([
  ['Authorization', 'Basic dTpw', 'Basic REDACTED'],
  ['authorization', 'secret value', 'REDACTED'],
  ['Cookie', 'a=b', 'REDACTED'],
  ['X-API-Key', 'k', 'REDACTED'],
  ['Wechatpay-Signature', 's', 'REDACTED'],
  ['X-Hub-Signature-256', 'sha256=1', 'REDACTED'],
  ['Stripe-Signature', 't=1,v1=2', 'REDACTED'],
  ['webhook-signature', 'v1,abc', 'REDACTED'],
  ['webhook-id', 'msg_1', 'msg_1'],
  ['Content-Type', 'text/plain', 'text/plain'],
  ['Referer', 'http://h/?token=x&a=1', 'http://h/?token=REDACTED&a=1'],
  ['Wechatpay-Serial', '5157F09EFDC096DE15EBE81A47057A72', '5157F09EFDC096DE15EBE81A47057A72'],
  ['X-Phone', '138', '138'],
  ['Phone', '138', 'REDACTED'],
])('the header %s: %s becomes %s', (name, value, expected) => {
  expect(masked(value, headerSpans(name, value, NAMES))).toBe(expected);
});

test('spans lie in the text, in order and apart; what is masked holds nothing more to mask', () => {
  const piece = fc.constantFrom(
    ...['"', '\\', '{', '}', '[', ']', ':', ',', '=', '&', '<', '>', '/', ' ', '\n', '%22', "'", '-', '\r\n'],
    ...[
      'password',
      'sign',
      'a',
      '4111111111111111',
      '<![CDATA[',
      ']]>',
      '</sign>',
      '<sign>',
      'http://',
      '@',
      '支',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, form) => {
      const text = pieces.join('');
      let before = -1;
      for (const { start, end } of secretSpans(text, NAMES, form)) {
        expect(start).toBeGreaterThan(before);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(text.length);
        before = end;
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a text cut anywhere shows no part of its secrets', () => {
  const secret = 'S3CR3Tv4lu3';
  const texts = [
    `{"a":1,"token":"${secret}","b":{"password":"${secret}"}}`,
    `a=1&sign=${secret}&b=2`,
    `<xml><sign><![CDATA[${secret}]]></sign><key>${secret}</key></xml>`,
    `POST / HTTP/1.1\r\nAuthorization: Bearer ${secret}\r\nCookie: x=${secret}\r\n\r\n`,
    `--b\r\nContent-Disposition: form-data; name="secret"\r\n\r\n${secret}\r\n--b--`,
  ];
  for (const text of texts) {
    for (let cut = 1; cut <= text.length; cut++) {
      const shown = masked(text.slice(0, cut), secretSpans(text.slice(0, cut), NAMES));
      expect(shown).not.toContain(secret.slice(0, 3));
    }
  }
});

test('numbers are found wherever they stand in a long text', () => {
  for (const number of ['4111111111111111', '4111 1111 1111 1111', '4222222222222', '11010519491231002X']) {
    for (let before = 0; before < 40; before++) {
      const start = `${'x'.repeat(before)} `.length;
      const text = `${'x'.repeat(before)} ${number} and what follows`;
      expect(secretSpans(text, NAMES), text).toEqual([{ start, end: start + number.length, bare: false }]);
    }
  }
});

test.each([
  ['a=', 60_000],
  ['"', 120_000],
  ['\\', 120_000],
  ['"a":', 30_000],
  ['<a ', 40_000],
  ['<a "', 30_000],
  ['<sign>', 20_000],
  ['<![CDATA[', 14_000],
  ['1 ', 60_000],
  ['1', 120_000],
  ['4-', 60_000],
  ['eyJ-', 30_000],
  ['http://', 17_000],
  ['a:', 60_000],
  ['\n ', 60_000],
  ['content-disposition: form-data; name=\n', 3_000],
  ['a=%&', 30_000],
  ['%7B%22a=', 15_000],
  ['-----BEGIN PRIVATE KEY-----', 4_000],
  [' ', 120_000],
  ['/', 120_000],
  ['a/', 60_000],
  ['\\/', 60_000],
  ['/T00/B00/', 12_000],
  ['/bot1234567:', 10_000],
  ['/hook/a1b2c3d4e5f6a7b8', 5_000],
  ['/merchants/', 10_000],
])('%j over and over is no burden', (piece, times) => {
  const text = piece.repeat(times);
  // Quadratic work on it would outlast any test; the spans are still those of the text.
  const last = secretSpans(text, NAMES).at(-1);
  expect(last?.end ?? 0).toBeLessThanOrEqual(text.length);
});
