/**
 * The page in a real browser, from a file as people open it: it says what it should, its tools work, it prints, and
 * whatever the packets say nothing runs, nothing is asked of the network and no policy is broken.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createReporter } from '../../src/report/create.ts';
import { post } from '../fixtures/scenario.ts';
import { collector, context, DELIVERY, findings } from '../report/records.ts';
import { conversation } from '../support/conversation.ts';
import { chromiumPath, needs } from '../support/needs.ts';
import type { Frame } from '../support/packets-source.ts';
import { type Asked, framesSource, pageOf, written } from './made.ts';

/** Script in every place of a message that a page shows, each of them setting one mark if it ran. */
const SCRIPT = `</script><script>window.ran=1</script><img src=x onerror="window.ran=2">`;
/** A machine with much else to do. */
const PATIENT = { timeout: 20_000 };

const SECRET = 'c2VjcmV0c2VjcmV0';

function exchange(port: number, start: number, request: string, response: string | null): Frame[] {
  const talk = conversation({ client: `10.0.8.15:${port}`, start: start * 1e9, clientIsn: port * 1000 })
    .handshake()
    .clientSends(request)
    .ack('server');
  if (response === null) return talk.wait(3000).close('client').frames;
  return talk.wait(30).serverSends(response).ack('client').close('client').frames;
}

const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Three never answered, one refused, the rest delivered. */
function aDay(delivered = 4): Frame[] {
  const frames = [
    ...exchange(40_001, 0, post('A1', `Authorization: Bearer ${SECRET}\r\n`), null),
    ...exchange(40_002, 8, post('A1'), null),
    ...exchange(40_003, 20, post('A1'), null),
    ...exchange(40_004, 30, post('B2').replace('shop.example', 'other.example'), ok('fail')),
  ];
  for (let i = 0; i < delivered; i++) {
    frames.push(
      ...exchange(41_000 + i, 40 + i, post(`C${i}`).replace('shop.example', 'other.example'), ok('success')),
    );
  }
  return frames;
}

needs('chromium').describe('the page', () => {
  let browser: Browser;
  let folder: string;
  let complaints: string[];
  let page: Page;

  let usual: string;

  const accept = { body: /^success$/ };
  const dayOf = (asked: Asked = {}, delivered = 4) =>
    pageOf(framesSource(aDay(delivered)), { accept, ...asked });

  beforeAll(async () => {
    usual = await dayOf();
    // The tests may run as root, where Chromium's own sandbox does not start.
    browser = await chromium.launch({ executablePath: chromiumPath()!, args: ['--no-sandbox'] });
    folder = mkdtempSync(join(tmpdir(), 'wirewitness-page-'));
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a page; what it complains of is kept. */
  async function open(html: string, hash = ''): Promise<void> {
    const path = written(folder, 'report.html', html);
    complaints = [];
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.on('console', (message) => complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url().split('#')[0] !== `file://${path}`) complaints.push(`request: ${request.url()}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.log(`policy: ${event.violatedDirective} ${event.blockedURI}`),
      );
    });
    await page.goto(`file://${path}${hash}`);
  }

  afterEach(async () => {
    expect(complaints).toEqual([]);
    await page.close();
  });

  const rows = () => page.locator('.rows > li');
  const chip = (outcomes: string) => page.locator(`.chip[data-outcome="${outcomes}"]`);

  test('says the answer on top', async () => {
    await open(usual);
    expect(await page.locator('h1').textContent()).toBe('2 of 6 deliveries were not made');
    expect(await page.locator('.legend button b').allTextContents()).toEqual(['3', '1', '4']);
    expect(await page.locator('.finding h3').allTextContents()).toEqual([
      'No response before the sender gave up',
      'Refused in the response body',
    ]);
    expect(await page.locator('.finding .sentence').first().textContent()).toContain(
      'no byte of a response came',
    );
    expect(await page.locator('#hosts tbody tr').count()).toBe(2);
    expect(await page.locator('#timeline .mark').count()).toBeGreaterThan(3);
    expect(await page.locator('#capture').textContent()).toContain('notify.pcap');
  });

  test('filters by outcome and host, searches, and clears', async () => {
    await open(usual);
    expect(await rows().count()).toBe(8);
    await chip('unanswered').click();
    expect(await rows().count()).toBe(3);
    await page.locator('#host').selectOption('other.example:80');
    expect(await page.locator('.status').textContent()).toContain('No transaction');
    await page.getByText('Clear filters').click();
    expect(await rows().count()).toBe(8);
    await page.keyboard.press('/');
    await page.keyboard.type('out_trade_no=b2');
    await expect.poll(() => rows().count(), PATIENT).toBe(1);
    await page.locator('#search').fill('');
    await expect.poll(() => rows().count(), PATIENT).toBe(8);
    await page.locator('#hosts tbody button').last().click();
    expect(await page.locator('#host').inputValue()).toBe('other.example:80');
  });

  test('opens a ladder with its gap, its evidence and its bytes, by mouse, key and link', async () => {
    await open(usual);
    await rows().first().locator('button.row').focus();
    await page.keyboard.press('Enter');
    const ladder = page.locator('.ladder').first();
    expect(await ladder.locator('li.packet').count()).toBeGreaterThanOrEqual(6);
    expect(await ladder.locator('li.gap').textContent()).toMatch(/no answer for 2\.98 s|no answer for 3\.0/);
    expect(await ladder.locator('li.evidence .role').allTextContents()).toContain('request acknowledged');
    expect(await ladder.locator('.dump').count()).toBe(0);
    await ladder.locator('.hex').first().click();
    const dump = await ladder.locator('.dump').textContent();
    expect(dump).toContain('\n0010  ');
    expect(dump).toContain('50 4f 53 54 20 2f 6e 6f');
    expect(dump).toContain('****');
    await page.keyboard.press('Escape');
    await rows().first().locator('button.row').click();
    expect(await page.locator('.ladder').count()).toBe(0);
    await page.close();
    await open(usual, '#4.1');
    expect(await rows().nth(3).locator('.detail').count()).toBe(1);
    expect(await page.locator('.detail').textContent()).toContain('Refused in the response body');
  });

  test('tells no secret anywhere, unless it was asked to', async () => {
    await open(usual);
    const hex = Buffer.from(SECRET).toString('hex');
    const content = await page.content();
    expect(content).not.toContain(SECRET);
    expect(content).not.toContain(hex);
    await page.close();
    await open(await dayOf({ redact: false }));
    expect(await page.content()).toContain(hex);
  });

  test('prints what failed, with the ladders that are open', async () => {
    await open(usual, '#1.1');
    await page.locator('#expand').click();
    expect(await page.locator('.ladder').count()).toBe(8);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(20_000);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.tools').isVisible()).toBe(false);
    expect(await page.locator('.ladder').first().isVisible()).toBe(true);
  });

  test('makes its lines as they come into sight', async () => {
    await open(await dayOf({}, 400));
    const made = await rows().count();
    expect(made).toBeLessThan(300);
    expect(await page.locator('.status').textContent()).toContain('404');
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await expect.poll(() => rows().count(), PATIENT).toBeGreaterThan(made);
    await page.locator('#search').fill('C399&');
    await expect.poll(() => rows().count(), PATIENT).toBe(1);
  });

  test('a packet runs nothing, wherever it puts a script', async () => {
    const head = `POST /${encodeURI('x')}?q=${SCRIPT.replaceAll(' ', '/')} HTTP/1.1`;
    const bad = `${head}\r\nHost: ${SCRIPT.replaceAll(' ', '')}\r\nX-${'A'}: ${SCRIPT}\r\nwebhook-id: ${SCRIPT}\r\n`;
    const body = `out_trade_no=${SCRIPT}`;
    const frames = [
      ...exchange(40_001, 0, `${bad}Content-Length: ${body.length}\r\n\r\n${body}`, null),
      ...exchange(
        40_002,
        9,
        `${bad}Content-Length: ${body.length}\r\n\r\n${body}`,
        `HTTP/1.1 500 ${SCRIPT}\r\nLocation: ${SCRIPT}\r\nContent-Length: ${SCRIPT.length}\r\n\r\n${SCRIPT}`,
      ),
    ];
    await open(await pageOf(framesSource(frames, `${SCRIPT}.pcap`)));
    await page.locator('#expand').click();
    for (const button of await page.locator('.hex').all()) await button.click();
    expect(await page.locator('.detail').count()).toBe(2);
    expect(await page.locator('.detail').first().textContent()).toContain('onerror');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate(() => (window as { ran?: number }).ran)).toBeUndefined();
    // Nor does one that gets into the page by other ways.
    await page.evaluate(() => {
      const late = document.createElement('div');
      late.innerHTML = '<img src=x onerror="window.ran=3">';
      document.body.append(late);
    });
    await expect
      .poll(() => complaints.some((one) => one.includes('Content Security Policy')), PATIENT)
      .toBe(true);
    expect(await page.evaluate(() => (window as { ran?: number }).ran)).toBeUndefined();
    complaints = [];
  });

  test('tells of an expected delivery that left no packet', async () => {
    const output = collector();
    const reporter = createReporter('html', output, context());
    const delivery = { ...DELIVERY, key: 'K-17', attempts: [], attemptCount: 0, outcome: 'missing' } as const;
    const { outcome } = delivery;
    reporter.end(
      findings({
        deliveries: [delivery],
        unseen: [
          {
            type: 'transaction',
            id: '0.1',
            outcome,
            verdict: 'not_observed',
            fault: ['sender'],
            confidence: 'strong',
            because: [],
            delivery,
          },
        ],
      }),
    );
    await open(output.text);
    expect(await page.locator('.finding .item b').allTextContents()).toEqual(['K-17']);
    await page.locator('.dot').click();
    expect(await page.locator('.detail').count()).toBe(1);
    expect(await page.locator('.ladder').count()).toBe(0);
    await page.locator('#search').fill('k-17');
    await expect.poll(() => rows().count(), PATIENT).toBe(1);
  });

  test('is as wide as the screen, on a phone too, in either language', async () => {
    for (const language of ['en', 'zh'] as const) {
      await open(language === 'en' ? usual : await dayOf({ language }), '#1.1');
      expect(await page.locator('html').getAttribute('lang')).toBe(language === 'zh' ? 'zh-CN' : 'en');
      if (language === 'zh') expect(await page.locator('#findings h2').textContent()).toBe('失败情况');
      await page.locator('.hex').first().click();
      for (const width of [360, 768, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide, `${language} at ${width}`).toBeLessThanOrEqual(width);
      }
      if (language === 'en') await page.close();
    }
  });

  test('changes its theme, and every text stands out in both', async () => {
    await open(usual, '#1.1');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(faintTexts)).toEqual([]);
    }
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const before = await background();
    await page.locator('#theme').click();
    expect(await background()).not.toBe(before);
    expect(await page.evaluate(faintTexts)).toEqual([]);
  });
});

/** Runs in the page: texts with a contrast under 4.5 : 1 to what is behind them (WCAG 2.2 §1.4.3). */
function faintTexts(): string[] {
  const parse = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const channel = (value: number) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const light = ([r = 0, g = 0, b = 0]: number[]) =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element: Element | null): number[] => {
    if (element === null) return [255, 255, 255];
    const colour = parse(getComputedStyle(element).backgroundColor);
    return (colour[3] ?? 1) > 0.99 ? colour : behind(element.parentElement);
  };
  const faint = new Set<string>();
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === 3 && node.textContent?.trim() !== '',
    );
    if (!own || element.closest('script, noscript, svg, [hidden]') !== null) continue;
    const a = light(parse(getComputedStyle(element).color));
    const b = light(behind(element));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.add(`${element.tagName} ${element.className}: ${contrast.toFixed(2)}`);
  }
  return [...faint];
}
