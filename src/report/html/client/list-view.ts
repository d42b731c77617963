/**
 * The list of transactions with its tools: search, outcome, host. Lines are made as they come into sight, a transaction
 * in full when it is opened.
 */
import { detailView } from './detail-view.ts';
import { byId, h, sign } from './dom.ts';
import { EVERYTHING, filtered } from './filter.ts';
import { FAILED, OUTCOMES, type Outcome, type Row } from './records.ts';
import type { State } from './state.ts';
import { counted, filled, grouped, hostName, type Store } from './store.ts';
import { clockAfter, duration } from './time.ts';

/** Lines made at once. */
const PAGE = 100;
/** A line behind so many is shown by a search for it. */
const FAR = 1000;
/** Opened together, to be printed. */
const OPENED = 50;
/** Milliseconds without a key before a search begins. */
const TYPING = 150;

export class ListView {
  #store: Store;
  #state: State;
  #list: HTMLElement;
  #status: HTMLElement;
  #more: HTMLButtonElement;
  #shown: readonly Row[] = [];
  #made = 0;
  #open = new Set<string>();

  constructor(store: Store, state: State) {
    this.#store = store;
    this.#state = state;
    const { list } = store.words;
    this.#list = h('ul', { class: 'rows' });
    this.#status = h('p', { class: 'status', role: 'status' });
    this.#more = h('button', { type: 'button', class: 'more', click: () => this.#page() }, list.loadMore);
    const section = byId('transactions');
    section.append(h('h2', {}, list.heading), this.#tools(), this.#status, this.#list, this.#more);
    if (store.head.notListed > 0) section.append(h('p', {}, counted(list.notListed, store.head.notListed)));
    const near = new IntersectionObserver(
      (seen) => {
        if (!seen.some((one) => one.isIntersecting)) return;
        this.#page();
        // It tells of changes only, and the end may be as near as before.
        near.unobserve(this.#more);
        near.observe(this.#more);
      },
      { rootMargin: '600px' },
    );
    near.observe(this.#more);
    this.#list.addEventListener('keydown', (event) => this.#walk(event));
    state.onChange(() => this.#refresh());
    this.#refresh();
  }

  /** Shows a transaction, whatever is filtered. @returns whether there is one. */
  open(id: string): boolean {
    const row = this.#store.row(id);
    if (row === null) return false;
    if (!this.#shown.includes(row)) this.#state.set(EVERYTHING);
    // All lines before it would have to be made.
    if (this.#shown.indexOf(row) > FAR) this.#state.set({ ...EVERYTHING, search: id });
    const place = this.#shown.indexOf(row);
    while (this.#made <= place) this.#page();
    this.#open.add(id);
    const item = this.#list.children[place];
    if (!(item instanceof HTMLElement)) return false;
    this.#toggle(item, row, true);
    item.scrollIntoView({ block: 'start' });
    item.querySelector('button')?.focus({ preventScroll: true });
    return true;
  }

  /** Makes every line, so that a printed page has them; bounded by what a printer takes. */
  makeForPrint(most: number): void {
    while (this.#made < Math.min(most, this.#shown.length)) this.#page();
  }

  #tools(): HTMLElement {
    const { words, head } = this.#store;
    const { list } = words;
    const search = h('input', {
      type: 'search',
      id: 'search',
      placeholder: list.searchHint,
      'aria-label': list.search,
      autocomplete: 'off',
      spellcheck: 'false',
    });
    let typing: ReturnType<typeof setTimeout> | undefined;
    search.addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.#state.set({ search: search.value }), TYPING);
    });
    const names = head.hosts.map(hostName).sort();
    const hosts = h(
      'select',
      { id: 'host', 'aria-label': list.host },
      h('option', { value: '' }, list.allHosts),
      ...names.map((name) => {
        const option = h('option', {}, name);
        option.value = name;
        return option;
      }),
    );
    hosts.addEventListener('change', () =>
      this.#state.set({ host: hosts.value === '' ? null : hosts.value }),
    );
    const span = h('button', {
      type: 'button',
      class: 'chip',
      'aria-pressed': 'true',
      click: () => this.#state.set({ span: null }),
    });
    const clear = h(
      'button',
      { type: 'button', class: 'plain', click: () => this.#state.set(EVERYTHING) },
      list.clear,
    );
    const expand = h('button', {
      type: 'button',
      class: 'plain',
      id: 'expand',
      click: () => this.#openFirst(),
    });
    const collapse = h(
      'button',
      { type: 'button', class: 'plain', click: () => this.#closeAll() },
      list.collapse,
    );
    const chips = this.#outcomeChips();
    const reflect = () => {
      const { filter } = this.#state;
      if (document.activeElement !== search) search.value = filter.search;
      hosts.value = filter.host ?? '';
      span.hidden = filter.span === null;
      if (filter.span !== null) {
        const firstTime = head.origin;
        const values = {
          from: clockAfter(firstTime, filter.span.from),
          to: clockAfter(firstTime, filter.span.to),
        };
        span.textContent = `${filled(list.span, values)} ×`;
      }
      const all =
        filter.outcomes.size === 0 && filter.host === null && filter.span === null && filter.search === '';
      clear.hidden = all;
      for (const { button, outcomes } of chips)
        button.setAttribute('aria-pressed', String(isSame(outcomes, filter.outcomes)));
    };
    this.#state.onChange(reflect);
    reflect();
    return h(
      'div',
      { class: 'tools', role: 'search' },
      h('div', { class: 'chips' }, ...chips.map(({ button }) => button)),
      h('div', { class: 'fields' }, search, hosts),
      h('div', { class: 'chips' }, span, clear, expand, collapse),
    );
  }

  #outcomeChips(): { button: HTMLButtonElement; outcomes: ReadonlySet<Outcome> }[] {
    const { words, rows } = this.#store;
    const counts = new Map<Outcome, number>();
    for (const { outcome } of rows) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    const there = OUTCOMES.filter((outcome) => counts.has(outcome));
    const failed = there.filter((outcome) => FAILED.has(outcome));
    const chip = (outcomes: readonly Outcome[], label: string, mark: Outcome | null) => {
      const of = new Set(outcomes);
      const n =
        outcomes.length === 0 ? rows.length : outcomes.reduce((sum, one) => sum + (counts.get(one) ?? 0), 0);
      const pick = () => this.#state.set({ outcomes: of });
      const button = h(
        'button',
        {
          type: 'button',
          class: 'chip',
          'aria-pressed': 'false',
          click: pick,
          'data-outcome': outcomes.join(' '),
        },
        mark === null ? null : sign(mark),
        label,
        h('span', { class: 'n' }, grouped(n)),
      );
      return { button, outcomes: of };
    };
    return [
      chip([], words.list.all, null),
      ...(failed.length > 1 ? [chip(failed, words.list.failed, null)] : []),
      ...there.map((outcome) => chip([outcome], words.outcomes[outcome], outcome)),
    ];
  }

  #refresh(): void {
    const { rows, words } = this.#store;
    this.#shown = filtered(rows, this.#state.filter, (row) => this.#store.text(row));
    this.#list.replaceChildren();
    this.#made = 0;
    const n = this.#shown.length;
    this.#status.textContent =
      n === 0 ? words.list.none : filled(words.list.shown, { n: grouped(n), of: grouped(rows.length) });
    byId('expand').textContent = counted(words.list.expand, Math.min(n, OPENED));
    byId('expand').hidden = n === 0;
    this.#page();
  }

  #page(): void {
    const next = this.#shown.slice(this.#made, this.#made + PAGE);
    this.#list.append(...next.map((row) => this.#line(row)));
    this.#made += next.length;
    this.#more.hidden = this.#made >= this.#shown.length;
  }

  #line(row: Row): HTMLElement {
    const { words, head } = this.#store;
    const delivery = this.#store.attempts.get(row.id) ?? null;
    const attempt =
      delivery === null || delivery.of < 2
        ? ''
        : filled(words.list.attempt, { n: String(delivery.n), of: String(delivery.of) });
    const item = h('li', { class: row.outcome, id: row.id });
    const button = h(
      'button',
      { type: 'button', class: 'row', 'aria-expanded': 'false', click: () => this.#toggle(item, row) },
      sign(row.outcome, words.outcomes[row.outcome]),
      h('span', { class: 'at' }, row.start === null ? '' : clockAfter(head.origin, row.start)),
      h(
        'span',
        { class: 'what' },
        h('b', {}, row.host),
        h('span', {}, row.method === null ? words.list.noRequest : `${row.method} ${row.target ?? ''}`),
        h(
          'span',
          { class: 'key' },
          [delivery?.key ?? row.key ?? '', attempt].filter((one) => one !== '').join(' · '),
        ),
      ),
      h(
        'span',
        { class: 'verdict' },
        row.status === null ? '' : h('span', { class: 'code' }, String(row.status)),
        this.#store.title(row.verdict),
      ),
      h('span', { class: 'took' }, duration(row.took)),
      h('span', { class: 'id' }, row.id),
    );
    item.append(button);
    if (this.#open.has(row.id)) this.#toggle(item, row, true);
    return item;
  }

  #toggle(item: HTMLElement, row: Row, wanted?: boolean): void {
    const button = item.querySelector('button');
    const there = item.querySelector('.detail');
    const open = wanted ?? there === null;
    button?.setAttribute('aria-expanded', String(open));
    if (!open) {
      this.#open.delete(row.id);
      there?.remove();
      return;
    }
    this.#open.add(row.id);
    const record = there === null ? this.#store.record(row.id) : null;
    if (record !== null) item.append(detailView(record, this.#store));
  }

  #openFirst(): void {
    this.makeForPrint(OPENED);
    for (const [i, row] of this.#shown.slice(0, OPENED).entries()) {
      const item = this.#list.children[i];
      if (item instanceof HTMLElement) this.#toggle(item, row, true);
    }
  }

  #closeAll(): void {
    this.#open.clear();
    for (const [i, row] of this.#shown.slice(0, this.#made).entries()) {
      const item = this.#list.children[i];
      if (item instanceof HTMLElement) this.#toggle(item, row, false);
    }
  }

  /** Arrow keys walk from line to line. */
  #walk(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const { activeElement } = document;
    if (step === 0 || activeElement === null || !activeElement.matches('button.row')) return;
    const item = activeElement.parentElement;
    const next = step > 0 ? item?.nextElementSibling : item?.previousElementSibling;
    next?.querySelector('button')?.focus();
    event.preventDefault();
  }
}

function isSame(a: ReadonlySet<Outcome>, b: ReadonlySet<Outcome>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}
