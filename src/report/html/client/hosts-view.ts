/**
 * One line a host: how its attempts ended and how long it takes to answer. A table on a wide screen, cards on a phone.
 */
import { byId, h } from './dom.ts';
import { FAILED, type HostRecord, OUTCOMES } from './records.ts';
import type { State } from './state.ts';
import { counted, filled, grouped, hostName, type Store } from './store.ts';
import { duration } from './time.ts';

/** Hosts shown before a reader asks for all. */
const FEW = 30;

export function showHosts(store: Store, state: State): void {
  const { words, head } = store;
  const section = byId('hosts');
  section.hidden = head.hosts.length === 0;
  if (section.hidden) return;
  const order = [...head.hosts].sort((a, b) => failures(b) - failures(a) || b.attempts - a.attempts);
  const { hosts } = words;
  const columns = [
    hosts.host,
    hosts.attempts,
    hosts.outcomes,
    hosts.noSynAck,
    hosts.resets,
    hosts.resent,
    hosts.wait,
    hosts.gaveUp,
  ];
  const body = h('tbody', {}, ...order.slice(0, FEW).map((host) => hostView(host, store, state, columns)));
  const more = h('button', { type: 'button', class: 'more' }, counted(hosts.more, order.length - FEW));
  more.hidden = order.length <= FEW;
  more.addEventListener('click', () => {
    more.remove();
    body.append(...order.slice(FEW).map((host) => hostView(host, store, state, columns)));
  });
  section.append(
    h('h2', {}, hosts.heading),
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h('tr', {}, ...columns.map((name, i) => h('th', { scope: 'col', class: CLASSES[i] ?? null }, name))),
      ),
      body,
    ),
    more,
  );
}

/** Nothing to tell; a phone leaves it out. */
const NIL = '–';

const CLASSES = ['', 'n', 'outcomes', 'n', 'n', 'n', 'n wait', 'n'];

function failures({ outcomes }: HostRecord): number {
  return OUTCOMES.reduce((sum, one) => sum + (FAILED.has(one) ? (outcomes[one] ?? 0) : 0), 0);
}

function hostView(host: HostRecord, store: Store, state: State, columns: readonly string[]): HTMLElement {
  const { words } = store;
  const name = hostName(host);
  const only = () => {
    state.set({ host: name });
    byId('transactions').scrollIntoView();
  };
  const rate = host.retransmissionRate;
  const { wait, resets } = host;
  const waits = [wait.p50, wait.p95, wait.max].map(duration);
  const cells: (HTMLElement | string)[] = [
    String(grouped(host.attempts)),
    outcomesOf(host, store),
    blank(host.synUnanswered),
    blank(resets.bySender + resets.byReceiver),
    rate === null || rate === 0 ? NIL : `${(rate * 100).toFixed(1)} %`,
    waits[0] === '' ? NIL : h('span', {}, ...waits.map((text) => h('span', { class: 'wait' }, text))),
    host.inferredSenderTimeout === null ? NIL : duration(host.inferredSenderTimeout),
  ];
  return h(
    'tr',
    {},
    h(
      'th',
      { scope: 'row' },
      h('button', { type: 'button', title: filled(words.hosts.only, { host: name }), click: only }, name),
      h('small', {}, host.addresses.filter((address) => address !== host.host).join(', ')),
    ),
    ...cells.map((cell, i) =>
      h(
        'td',
        { class: `${CLASSES[i + 1] ?? ''}${cell === NIL ? ' nil' : ''}`, 'data-label': columns[i + 1] ?? '' },
        cell,
      ),
    ),
  );
}

function blank(n: number): string {
  return n === 0 ? NIL : grouped(n);
}

function outcomesOf({ outcomes, attempts }: HostRecord, { words }: Store): HTMLElement {
  const there = OUTCOMES.filter((outcome) => (outcomes[outcome] ?? 0) > 0);
  const parts = there.map((outcome) => {
    const part = h('span', { class: outcome });
    part.style.flexGrow = String((outcomes[outcome] ?? 0) / Math.max(1, attempts));
    return part;
  });
  const text = there
    .map((outcome) => `${grouped(outcomes[outcome] ?? 0)} ${words.outcomes[outcome]}`)
    .join(words.comma);
  return h('div', {}, h('div', { class: 'bar thin', 'aria-hidden': 'true' }, ...parts), h('span', {}, text));
}
