/**
 * The timeline as a chart: a lane a host, an axis in UTC. A mark of one attempt opens it, one of many shows them in the
 * list. For those who cannot see it, the list says the same.
 */
import type { Open } from './answer-view.ts';
import { byId, h, s, signPath } from './dom.ts';
import type { State } from './state.ts';
import { filled, grouped, type Store } from './store.ts';
import { clockAfter, duration, ticks } from './time.ts';
import { type Lane, MARK, type Mark, timelineOf } from './timeline.ts';

const LANE = 30;
const AXIS = 22;
/** Pixels of a label of the axis. */
const LABEL = 90;
const NARROWEST = 260;

export function showTimeline(store: Store, state: State, open: Open): void {
  const section = byId('timeline');
  const timed = store.rows.some((row) => row.start !== null);
  section.hidden = !timed;
  if (!timed) return;
  const { timeline } = store.words;
  const chart = h('div', { class: 'chart' });
  section.append(h('h2', {}, timeline.heading), chart);
  let drawn = 0;
  const draw = () => {
    const width = Math.max(NARROWEST, Math.floor(chart.clientWidth));
    if (width === drawn) return;
    drawn = width;
    chart.replaceChildren(chartOf(store, state, open, width));
  };
  new ResizeObserver(draw).observe(chart);
  draw();
}

function chartOf(store: Store, state: State, open: Open, width: number): SVGSVGElement {
  const { rows, span, head, words } = store;
  const lanes = timelineOf(rows, span, width);
  const height = lanes.length * LANE + AXIS;
  const scale = span > 0 ? (width - MARK) / span : 0;
  const axis = ticks(head.origin, span, Math.floor(width / LABEL)).flatMap((at) => {
    const x = at * scale + MARK / 2;
    const label = clockAfter(head.origin, at);
    const anchor = x < LABEL / 3 ? 'start' : x > width - LABEL / 3 ? 'end' : 'middle';
    return [
      s('line', { x1: x, x2: x, y1: 0, y2: lanes.length * LANE, class: 'tick' }),
      s('text', { x, y: height - 5, 'text-anchor': anchor }, label.replace(/\.000$/, '')),
    ];
  });
  return s(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': words.timeline.label },
    ...axis,
    ...lanes.flatMap((lane, i) => laneOf(lane, i, store, state, open, width)),
  );
}

function laneOf(lane: Lane, i: number, store: Store, state: State, open: Open, width: number): SVGElement[] {
  const { words } = store;
  const y = i * LANE + 20;
  const name = lane.host ?? words.timeline.others;
  const counts = `${grouped(lane.attempts)}${lane.failed > 0 ? ` · ${grouped(lane.failed)} ${words.list.failed}` : ''}`;
  return [
    s('line', { x1: 0, x2: width, y1: y, y2: y, class: 'rail' }),
    s('text', { x: 0, y: y - 9, class: 'name' }, `${name}  `, s('tspan', { class: 'count' }, counts)),
    ...lane.marks.map((mark) => markView(mark, lane, y, store, state, open)),
  ];
}

function markView(mark: Mark, lane: Lane, y: number, store: Store, state: State, open: Open): SVGElement {
  const { words } = store;
  const values = { n: grouped(mark.count), outcome: words.outcomes[mark.outcome] };
  const text = filled(mark.count === 1 ? words.timeline.mark[0] : words.timeline.mark[1], values);
  const at = clockAfter(store.head.origin, mark.from);
  const one = mark.count === 1;
  const pick = () => {
    if (one) open(mark.first.id);
    else {
      state.set({ host: lane.host, span: { from: mark.from, to: mark.to } });
      byId('transactions').scrollIntoView();
    }
  };
  const took = one && mark.first.took !== null ? ` · ${duration(mark.first.took)}` : '';
  return s(
    'g',
    { class: `mark ${mark.outcome}`, transform: `translate(${mark.x.toFixed(1)} ${y - 5})`, click: pick },
    s('title', {}, `${at} · ${text}${one ? ` · ${store.title(mark.first.verdict)}` : ''}${took}`),
    mark.length > 2 ? s('rect', { x: 5, y: 3.5, width: mark.length, height: 3, class: 'length' }) : null,
    s('path', { d: signPath(mark.outcome), transform: 'scale(0.84)', 'fill-rule': 'evenodd' }),
  );
}
