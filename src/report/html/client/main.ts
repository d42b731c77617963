/**
 * The page's script: reads the data that lies in the page and shows it. It loads nothing, keeps nothing, and sends
 * nothing.
 */
import { showAnswer } from './answer-view.ts';
import { byId, h } from './dom.ts';
import { showHosts } from './hosts-view.ts';
import { ListView } from './list-view.ts';
import { State } from './state.ts';
import { filled, grouped, Store } from './store.ts';
import { duration } from './time.ts';
import { showTimeline } from './timeline-view.ts';

/** Lines of the list that a printed page holds at most. */
const PRINTED = 1000;

const store = new Store(document);
const state = new State();
const list = new ListView(store, state);
const open = (id: string) => {
  list.open(id);
};

showAnswer(store, state, open);
showTimeline(store, state, open);
showHosts(store, state);
showCapture();
wireButtons();

addEventListener('beforeprint', () => {
  list.makeForPrint(PRINTED);
  document.getElementById('all-findings')?.click();
});
addEventListener('hashchange', openLinked);
addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return;
  byId('search').focus();
  event.preventDefault();
});
openLinked();

function openLinked(): void {
  const id = location.hash.slice(1);
  if (/^\d+\.\d+$/.test(id)) list.open(id);
}

function showCapture(): void {
  const { head, words } = store;
  const { capture } = head;
  const say = words.capture;
  const warnings = head.warnings.map((text) => h('li', {}, text));
  byId('capture').append(
    h('h2', {}, say.heading),
    warnings.length === 0
      ? h('p', { class: 'sound' }, say.sound)
      : h('ul', { class: 'warnings' }, ...warnings),
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...[say.file, say.packets, say.size, 'SHA-256'].map((name, i) =>
            h('th', { scope: 'col', class: i === 1 || i === 2 ? 'n' : null }, name),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        ...capture.files.map((file) =>
          h(
            'tr',
            {},
            h(
              'th',
              { scope: 'row' },
              file.path,
              h(
                'small',
                {},
                [file.format ?? '', file.truncated ? say.truncated : '']
                  .filter((one) => one !== '')
                  .join(', '),
              ),
            ),
            h('td', { class: 'n', 'data-label': say.packets }, grouped(file.packets)),
            h('td', { class: 'n', 'data-label': say.size }, grouped(file.bytes)),
            h('td', { 'data-label': 'SHA-256' }, h('code', {}, file.sha256 ?? '–')),
          ),
        ),
      ),
    ),
    h(
      'p',
      {},
      `${say.dropped}${words.colon}${capture.dropped === null ? say.notTold : grouped(capture.dropped)}`,
    ),
    h('p', {}, `${say.options}${words.colon}${optionsOf(capture.options, words.comma)}`),
    h('p', { class: 'made' }, filled(say.madeBy, { version: capture.version })),
  );
}

function optionsOf(options: Readonly<Record<string, unknown>>, comma: string): string {
  const set = Object.entries(options).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  );
  return set.map(([name, value]) => `${name} ${optionText(name, value)}`).join(comma);
}

function optionText(name: string, value: unknown): string {
  if (name === 'timeout' && typeof value === 'number') return duration(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wireButtons(): void {
  const root = document.documentElement;
  byId('theme').addEventListener('click', () => {
    const dark =
      root.dataset['theme'] ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
    root.dataset['theme'] = dark === 'dark' ? 'light' : 'dark';
  });
  byId('print').addEventListener('click', () => print());
}
