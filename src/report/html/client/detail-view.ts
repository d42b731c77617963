/**
 * One transaction in full: the sentence to paste, the steps that it went through, why the verdict and what to do, its
 * packets, its messages.
 */
import { h, lines, prose, sign } from './dom.ts';
import { ladderView } from './ladder-view.ts';
import type { HeaderField, TransactionRecord } from './records.ts';
import { counted, filled, type Store } from './store.ts';
import { duration } from './time.ts';

export function detailView(record: TransactionRecord, store: Store): HTMLElement {
  const { words } = store;
  return h(
    'div',
    { class: 'detail' },
    h('p', { class: 'sentence' }, record.summary),
    h(
      'p',
      { class: 'actions' },
      copyButton(record.summary, store),
      h('a', { href: `#${record.id}` }, words.detail.link),
    ),
    steps(record, store),
    judgement(record, store),
    ...(record.connection === null
      ? []
      : [h('h4', {}, words.ladder.heading), ladderView(record, record.connection, store)]),
    record.connection === null
      ? null
      : h('div', { class: 'messages' }, requestView(record, store), responseView(record, store)),
  );
}

function copyButton(text: string, { words }: Store): HTMLElement {
  const button = h('button', { type: 'button' }, words.detail.copy);
  button.addEventListener('click', () => {
    copy(text);
    button.textContent = words.detail.copied;
    setTimeout(() => {
      button.textContent = words.detail.copy;
    }, 2000);
  });
  return button;
}

/** A page from a file may have no clipboard of its own; a selection can be copied everywhere. */
function copy(text: string): void {
  const area = h('textarea', { class: 'hidden', readonly: true });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

function steps({ facts, times, verdict, connection }: TransactionRecord, { words }: Store): HTMLElement {
  const connected =
    connection?.reused === true ||
    times['established'] !== null ||
    facts.acked !== 'none' ||
    facts.responded === 'full';
  const known = connected ? 'yes' : facts.sent === 'none' ? 'no' : 'unknown';
  const reached: readonly (readonly [keyof typeof words.detail.steps, string])[] = [
    ['connected', verdict === 'not_observed' ? 'no' : known],
    ['sent', facts.sent],
    ['acked', facts.acked],
    ['responded', facts.responded],
    ['accepted', facts.accepted],
  ];
  return h(
    'ol',
    { class: 'steps' },
    ...reached.map(([name, extent]) =>
      h(
        'li',
        { class: stepClass(extent) },
        h('b', {}, words.detail.steps[name]),
        h('span', {}, words.detail.extent[extent as keyof typeof words.detail.extent] ?? extent),
      ),
    ),
  );
}

function stepClass(extent: string): string {
  if (extent === 'full' || extent === 'yes') return 'done';
  if (extent === 'none' || extent === 'no') return 'not';
  return extent === 'partial' ? 'part' : 'open';
}

function judgement(record: TransactionRecord, store: Store): HTMLElement {
  const { words } = store;
  const { detail } = words;
  const fault = record.fault.map((party) => words.parties[party as keyof typeof words.parties] ?? party);
  const remedy = store.verdicts[record.verdict]?.remedy ?? '';
  const facts: (readonly [string, string])[] = [
    [words.fault, fault.length === 0 ? words.nobody : fault.join(words.or)],
    [detail.why, record.because.join(words.semicolon)],
    [detail.todo, record.outcome === 'delivered' ? '' : remedy],
    [detail.likely, record.likely === null ? '' : store.title(record.likely)],
    [detail.missing, record.missing.join(', ')],
    [detail.signals, record.signals.join(', ')],
    [detail.timings, timingsOf(record, store)],
    [detail.connection, connectionOf(record, store)],
  ];
  const delivery = store.attempts.get(record.id);
  if (delivery !== undefined) {
    const attempt = filled(words.list.attempt, { n: String(delivery.n), of: String(delivery.of) });
    facts.unshift([
      detail.deliveryName,
      delivery.key === null ? attempt : `${delivery.key} \u00b7 ${attempt}`,
    ]);
  }
  return h(
    'div',
    { class: 'judgement' },
    h(
      'h4',
      {},
      sign(record.outcome),
      store.title(record.verdict),
      h('code', {}, record.verdict),
      h('span', { class: 'tag' }, words.confidence[record.confidence as keyof typeof words.confidence]),
    ),
    h(
      'dl',
      {},
      ...facts.flatMap(([name, value]) =>
        value === ''
          ? []
          : [
              h(
                'div',
                {},
                h('dt', {}, name),
                h('dd', {}, ...(name === detail.todo ? prose(value) : [value])),
              ),
            ],
      ),
    ),
  );
}

function timingsOf({ timings, facts }: TransactionRecord, { words }: Store): string {
  const { timing } = words.detail;
  return Object.entries(timing)
    .flatMap(([name, word]) => {
      const value = timings[name] ?? null;
      // Who has the whole answer and closes has not given up.
      const told = value !== null && !(name === 'gaveUpAfter' && facts.responded === 'full');
      return !told ? [] : [`${word} ${duration(value)}`];
    })
    .join(words.comma);
}

function connectionOf({ connection: c }: TransactionRecord, { words }: Store): string {
  if (c === null) return '';
  const text = filled(words.detail.connectionText, {
    id: String(c.id),
    index: String(c.index),
    history: c.history === '' ? '-' : c.history,
  });
  const place = [c.link, c.interface, c.vlan === null ? null : `VLAN ${c.vlan}`].filter(
    (one) => one !== null,
  );
  const tls =
    c.tls === null
      ? []
      : [[c.tls['version'], c.tls['sni'], c.tls['alert']].filter((one) => one != null).join(' ')];
  return [text, ...(c.reused ? [words.detail.reused] : []), ...tls, ...place].join(words.comma);
}

function requestView({ request, facts }: TransactionRecord, store: Store): HTMLElement {
  const { words } = store;
  const absent = facts.sent === 'none' ? words.list.noRequest : words.detail.notReadable;
  if (request === null) return messageView(words.detail.request, absent, null, store, []);
  const start = [request.method ?? '?', request.url ?? request.target ?? '', request.version ?? ''].join(' ');
  return messageView(words.detail.request, start, request, store, []);
}

function responseView({ response, facts }: TransactionRecord, store: Store): HTMLElement {
  const { detail } = store.words;
  const absent = facts.responded === 'none' ? detail.noResponse : detail.notReadable;
  if (response === null) return messageView(detail.response, absent, null, store, []);
  const interim =
    response.interim.length === 0 ? [] : [filled(detail.interim, { list: response.interim.join(', ') })];
  const start = [response.version ?? '', response.status ?? '', response.reason ?? ''].join(' ').trim();
  return messageView(detail.response, start === '' ? absent : start, response, store, interim);
}

interface Message {
  readonly headers: readonly HeaderField[];
  readonly bodyBytes: number;
  readonly complete: boolean;
  readonly body: string | null;
}

function messageView(
  heading: string,
  start: string,
  message: Message | null,
  { words }: Store,
  notes: readonly string[],
): HTMLElement {
  const { detail } = words;
  const about = [...notes];
  if (message !== null) {
    about.push(
      message.bodyBytes === 0
        ? detail.noBody
        : `${detail.body}${words.colon}${counted(detail.bodyBytes, message.bodyBytes)}`,
    );
    if (!message.complete) about.push(detail.incomplete);
  }
  return h(
    'section',
    { class: message === null ? 'message absent' : 'message' },
    h('h4', {}, heading),
    h('p', { class: 'start' }, start),
    message === null || message.headers.length === 0
      ? null
      : h(
          'dl',
          { class: 'headers', 'aria-label': detail.headers },
          ...message.headers.map(({ name, value }) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
        ),
    about.length === 0 ? null : h('p', { class: 'about' }, about.join(' · ')),
    message?.body == null || message.body === ''
      ? null
      : h('pre', { tabindex: 0, 'aria-label': detail.body }, lines(message.body)),
  );
}
