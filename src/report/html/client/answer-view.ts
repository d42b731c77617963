/**
 * The top of the page: the answer in one line, the counts, and what failed in words.
 */
import { byId, h, prose, sign } from './dom.ts';
import { findingsOf, type Group, type Item } from './findings.ts';
import { FAILED, OUTCOMES } from './records.ts';
import type { State } from './state.ts';
import { counted, filled, grouped, type Store } from './store.ts';
import { clockTime, duration, fullTime } from './time.ts';

/** Groups shown before a reader asks for all. */
const GROUPS = 8;
/** Items of a group shown before a reader asks for more: an example where there are many groups, and how many more
 *  each time. */
const FEW = 3;
const MORE = 50;

/** Attempts of a delivery that have a sign of their own, and times between them that are told. */
const DOTS = 50;
const INTERVALS = 8;

/** Opens a transaction in the list. */
export type Open = (id: string) => void;

export function showAnswer(store: Store, state: State, open: Open): void {
  const { words, head } = store;
  const answer = headline(store);
  byId('headline').append(answer);
  document.title = `${answer} \u00b7 wirewitness`;
  byId('read').append(readLine(store));
  byId('counts').append(bar(store), legend(store, state));
  const findings = findingsOf(store.rows, head.deliveries);
  const section = byId('findings');
  section.hidden = findings.failed.length === 0 && findings.recovered.length === 0;
  if (section.hidden) return;
  const { failed } = findings;
  const few = failed.length > GROUPS / 2 ? 1 : FEW;
  const view = (group: Group) => groupView(group, few, store, open);
  const more = h(
    'button',
    { type: 'button', class: 'more', id: 'all-findings' },
    counted(words.findings.more, failed.length - GROUPS),
  );
  more.hidden = failed.length <= GROUPS;
  more.addEventListener('click', () => {
    if (!more.hidden) more.before(...failed.slice(GROUPS).map(view));
    more.hidden = true;
  });
  section.append(h('h2', {}, words.findings.heading), ...failed.slice(0, GROUPS).map(view), more);
  if (findings.recovered.length > 0) {
    section.append(
      h(
        'details',
        { class: 'finding recovered' },
        h('summary', {}, counted(words.findings.recovered, findings.recovered.length)),
        itemList(findings.recovered, FEW, store, open),
      ),
    );
  }
}

function headline({ words, head }: Store): string {
  const { headline: say } = words;
  const { deliveries, summary } = head;
  if (summary.transactions === 0) return say.nothing;
  const lost = deliveries.filter(({ outcome }) => FAILED.has(outcome)).length;
  const unused = summary.verdicts['no_request_sent'] ?? 0;
  const failed = [...FAILED].reduce((sum, outcome) => sum + (summary.outcomes[outcome] ?? 0), -unused);
  if (lost > 0) return filled(counted(say.deliveries, lost), { of: grouped(deliveries.length) });
  if (failed > 0) return filled(counted(say.transactions, failed), { of: grouped(summary.transactions) });
  return summary.outcomes.delivered === summary.transactions ? say.allDelivered : say.nothingFailed;
}

function readLine({ words, head, span }: Store): string {
  const { capture } = head;
  const { files } = capture;
  const [only] = files;
  // The whole path stands below; who gets the report need not read how its writer keeps files.
  const from =
    files.length === 1 && only !== undefined
      ? only.path.slice(only.path.lastIndexOf('/') + 1)
      : counted(words.files, files.length);
  const time = fullTime(capture.firstTime);
  const parts = [
    from,
    counted(words.read, capture.packets),
    counted(words.transactions, head.summary.transactions),
    time,
    filled(words.duration, { t: duration(span) }),
  ];
  return (time === '' ? parts.slice(0, 3) : parts).join(' · ');
}

function bar({ head, words }: Store): HTMLElement {
  const { outcomes, transactions } = head.summary;
  const parts = OUTCOMES.filter((outcome) => (outcomes[outcome] ?? 0) > 0).map((outcome) => {
    const part = h('span', { class: outcome, title: `${words.outcomes[outcome]}: ${outcomes[outcome]}` });
    part.style.flexGrow = String((outcomes[outcome] ?? 0) / Math.max(1, transactions));
    return part;
  });
  return h('div', { class: 'bar', 'aria-hidden': 'true' }, ...parts);
}

function legend({ head, words }: Store, state: State): HTMLElement {
  const { outcomes } = head.summary;
  return h(
    'ul',
    { class: 'legend' },
    ...OUTCOMES.filter((outcome) => (outcomes[outcome] ?? 0) > 0).map((outcome) => {
      const pick = () => {
        state.set({ outcomes: new Set([outcome]) });
        byId('transactions').scrollIntoView();
      };
      return h(
        'li',
        {},
        h(
          'button',
          { type: 'button', click: pick },
          sign(outcome),
          h('b', {}, grouped(outcomes[outcome] ?? 0)),
          h('span', {}, words.outcomes[outcome]),
          h('small', {}, words.outcomeHelp[outcome]),
        ),
      );
    }),
  );
}

function groupView(group: Group, few: number, store: Store, open: Open): HTMLElement {
  const { words } = store;
  const attempts = group.items.reduce((sum, item) => sum + item.attempts.length, 0);
  const deliveries = group.items.filter((item) => item.key !== null).length;
  const fault = group.fault.map((party) => words.parties[party as keyof typeof words.parties] ?? party);
  const counts = [
    ...(deliveries > 0 ? [counted(words.findings.deliveries, deliveries)] : []),
    counted(words.findings.attempts, attempts),
  ];
  return h(
    'article',
    { class: `finding ${group.outcome}` },
    h(
      'h3',
      {},
      sign(group.outcome, words.outcomes[group.outcome]),
      h('span', {}, store.title(group.verdict)),
    ),
    h(
      'p',
      { class: 'where' },
      h('b', {}, group.host),
      h('span', {}, counts.join(' · ')),
      h(
        'span',
        {},
        `${words.fault}${words.colon}${fault.length === 0 ? words.nobody : fault.join(words.or)}`,
      ),
    ),
    itemList(group.items, few, store, open),
    remedy(group, store),
  );
}

function remedy({ verdict }: Group, { words, verdicts }: Store): HTMLElement | null {
  const text = verdicts[verdict]?.remedy ?? '';
  return text === '' ? null : h('p', { class: 'remedy' }, h('b', {}, words.detail.todo), ...prose(text));
}

function itemList(items: readonly Item[], few: number, store: Store, open: Open): HTMLElement {
  const list = h('ul', { class: 'items' });
  let shown = 0;
  const more = h('button', { type: 'button', class: 'more' });
  const show = (count: number) => {
    for (const item of items.slice(shown, shown + count)) list.append(itemView(item, store, open));
    shown = Math.min(items.length, shown + count);
    more.hidden = shown >= items.length;
    more.textContent = counted(store.words.findings.more, items.length - shown);
  };
  more.addEventListener('click', () => show(MORE));
  show(few);
  return h('div', {}, list, more);
}

function itemView(item: Item, store: Store, open: Open): HTMLElement {
  const { words } = store;
  const { attempts, decisive, delivery } = item;
  const count = delivery?.attemptCount ?? attempts.length;
  const notes: string[] = [];
  if (delivery !== null) {
    const { intervals } = delivery;
    if (intervals.length > 0) {
      const list = intervals.slice(0, INTERVALS).map(duration);
      if (intervals.length > INTERVALS) list.push('\u2026');
      notes.push(filled(words.findings.again, { list: list.join(words.comma) }));
    }
    const acked = delivery.firstAcked;
    notes.push(
      acked === null ? words.findings.neverAcked : filled(words.findings.ackedFirst, { t: clockTime(acked) }),
    );
    if (delivery.duplicatesAfterAck > 0)
      notes.push(counted(words.findings.duplicates, delivery.duplicatesAfterAck));
  }
  const dots = attempts.slice(0, DOTS).map((row) =>
    h(
      'button',
      {
        type: 'button',
        class: 'dot',
        'aria-label': `${row.id}: ${words.outcomes[row.outcome]}`,
        title: `${row.id} · ${store.title(row.verdict)}`,
        click: () => open(row.id),
      },
      sign(row.outcome),
    ),
  );
  return h(
    'li',
    {},
    h(
      'p',
      { class: 'item' },
      h('b', {}, nameOf(item)),
      h('span', { class: 'dots' }, ...dots),
      attempts.length > 1 ? h('span', {}, counted(words.findings.attempts, count)) : null,
      ...notes.map((note) => h('span', {}, note)),
    ),
    h('p', { class: 'sentence' }, store.record(decisive.id)?.summary ?? ''),
  );
}

function nameOf({ key, decisive, delivery }: Item): string {
  if (delivery?.keyFrom === 'identical') return `${delivery.method ?? ''} ${delivery.path ?? ''}`.trim();
  return key ?? decisive.id;
}
