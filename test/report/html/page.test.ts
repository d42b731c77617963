/** The file as it is written: its policy, its data, its words, and that its script is made of what lies in client/. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createReporter } from '../../../src/report/create.ts';
import { en } from '../../../src/report/html/words/en.ts';
import { pageWords, verdictWords } from '../../../src/report/html/words/languages.ts';
import { zh } from '../../../src/report/html/words/zh.ts';
import { zh as zhSentences } from '../../../src/report/summary/zh.ts';
import { CATALOGUE } from '../../../src/verdict/codes.ts';
import type { TransactionRecord } from '../../../src/verdict/verdict.ts';
import { ASSETS, assets } from '../../page/bundle.ts';
import { collector, context, DELIVERED, DELIVERY, findings, transaction, UNANSWERED } from '../records.ts';

function pageOf(records: readonly TransactionRecord[], change: Parameters<typeof context>[0] = {}): string {
  const output = collector();
  const reporter = createReporter('html', output, context(change));
  for (const one of records) reporter.transaction(one);
  reporter.end(findings());
  return output.text;
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

test('the script and the style are what client/ makes', async () => {
  expect(readFileSync(ASSETS, 'utf8'), 'client/ has changed: run npm run page').toBe(await assets());
}, 120_000);

describe('the policy', () => {
  const page = pageOf([DELIVERED, UNANSWERED]);
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)?.[1] ?? '';

  test('allows the one style and the one script, and nothing else', () => {
    const [style] = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((match) => match[1]!);
    const [script] = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src ${hashOf(style!)}`,
      `script-src ${hashOf(script!)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  test('comes before anything that it is about', () => {
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style'));
    expect(page).not.toMatch(/<(?:link|img|iframe|object|embed|base|form)\b/i);
    expect(page).not.toMatch(/\s(?:src|href|on\w+|style)=["']/i);
  });
});

describe('the data', () => {
  const blocks = (page: string) =>
    [...page.matchAll(/<script type="application\/json" data-part="(\w+)">([\s\S]*?)<\/script>/g)].map(
      ([, part, json]) => [part!, JSON.parse(json!)] as const,
    );

  test('is the records, whole, in blocks that parse by themselves', () => {
    const records = [...new Array(250).keys()].map((i) => transaction({ id: `${i + 1}.1` }));
    const found = blocks(pageOf(records));
    expect(found.map(([part]) => part)).toEqual([
      'words',
      'verdicts',
      'head',
      'rows',
      'transactions',
      'transactions',
      'transactions',
    ]);
    const transactions = found.filter(([part]) => part === 'transactions').flatMap(([, list]) => list);
    const rows = found.find(([part]) => part === 'rows')![1];
    expect(transactions.map((one: { id: string }) => one.id)).toEqual(records.map(({ id }) => id));
    expect(rows.map((one: { id: string }) => one.id)).toEqual(records.map(({ id }) => id));
    expect(transactions[0]).toMatchObject({
      type: 'transaction',
      summary: expect.any(String),
      request: { method: 'POST' },
    });
  });

  test('holds expected deliveries that left no packet, by their key', () => {
    const delivery = {
      ...DELIVERY,
      key: 'K-17',
      host: 'a.example',
      port: null,
      method: null,
      path: null,
      attempts: [],
    };
    const output = collector();
    const reporter = createReporter('html', output, context());
    reporter.transaction(DELIVERED);
    reporter.end(
      findings({
        unseen: [
          {
            type: 'transaction',
            id: '0.1',
            outcome: 'missing',
            verdict: 'not_observed',
            fault: ['sender'],
            confidence: 'strong',
            because: [],
            delivery,
          },
        ],
      }),
    );
    const found = blocks(output.text);
    expect(found.at(-1)![1]).toMatchObject([{ id: '1.1' }, { id: '0.1', connection: null, packets: null }]);
    const rows = found.find(([part]) => part === 'rows')![1];
    expect(rows[1]).toMatchObject({ id: '0.1', failed: true, host: 'a.example', key: 'K-17', start: null });
  });

  test('cannot end its own block, whatever it holds', () => {
    const bad = '</script><!--<script>';
    const page = pageOf([
      transaction({ id: bad, request: { body: bad, headers: [{ name: bad, value: bad }] } }),
    ]);
    expect(page.match(/<\/script/g)).toHaveLength(6);
    expect(page).not.toContain('<!--');
    const [, list] = blocks(page).find(([part]) => part === 'transactions')!;
    expect(list[0].request.body).toBe(bad);
  });

  test('of many delivered transactions only the first have their packets', () => {
    const packets = [
      {
        file: 'a',
        frame: 1,
        time: 0,
        from: 'sender',
        flags: ['SYN'],
        seq: 0,
        ack: null,
        length: 0,
        window: 1,
        note: null,
        icmp: null,
        roles: [],
        leftOut: 0,
        payload: null,
      },
    ] as const;
    const records = [...new Array(300).keys()].map((i) => transaction({ id: `${i}.1`, packets }));
    records.push({ ...UNANSWERED, packets });
    const transactions = blocks(pageOf(records))
      .filter(([part]) => part === 'transactions')
      .flatMap(([, list]) => list);
    expect(transactions.filter((one: { packets: unknown }) => one.packets !== null)).toHaveLength(201);
    expect(transactions.at(-1).packets).toMatchObject([
      { flags: ['SYN'], time: '2017-01-04T09:23:57.123456Z' },
    ]);
  });

  test('a reader without a script is told the totals', () => {
    expect(pageOf([DELIVERED])).toContain('<noscript><p>3 transactions to 1 host: 1 delivered');
    expect(pageOf([DELIVERED], { language: zhSentences })).toContain('<noscript><p>共 3 个事务');
  });
});

describe('the words', () => {
  /** Every string with the path to it. */
  function strings(value: unknown, path = ''): [string, string][] {
    if (typeof value === 'string') return [[path, value]];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) => strings(inner, `${path}.${name}`));
  }

  test('each language says the same with the same values', () => {
    const values = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort();
    const english = strings(en);
    const chinese = new Map(strings(zh));
    expect([...chinese.keys()]).toEqual(english.map(([path]) => path));
    for (const [path, text] of english) expect(values(chinese.get(path)!), path).toEqual(values(text));
  });

  test('every verdict has a title and a remedy in each', () => {
    for (const language of ['en', 'zh'] as const) {
      const words = verdictWords(language);
      expect(Object.keys(words).sort()).toEqual(CATALOGUE.map(({ code }) => code).sort());
      for (const { title, remedy } of Object.values(words))
        expect(title.length * remedy.length).toBeGreaterThan(0);
      expect(pageWords(language).tag.startsWith(language)).toBe(true);
    }
  });
});
