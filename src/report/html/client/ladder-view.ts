/**
 * The rows of a ladder as a list: one line a packet with its arrow between the two sides, time on the left, what it
 * shows on the right, and its bytes on demand.
 */
import { h, lines, s } from './dom.ts';
import { hexLines } from './hex.ts';
import { type LadderRow, ladderOf, type PacketRow } from './ladder.ts';
import type { PacketRecord, TransactionRecord } from './records.ts';
import { counted, filled, grouped, type Store } from './store.ts';
import { clockTime, duration, secondsOf } from './time.ts';

export function ladderView(
  record: TransactionRecord,
  { sender, receiver }: NonNullable<TransactionRecord['connection']>,
  store: Store,
): HTMLElement {
  const { ladder } = store.words;
  const rows = ladderOf(record);
  const files = new Set(
    rows.map((row) => (row.kind === 'packet' ? row.packet.file : null)).filter((file) => file !== null),
  );
  const lost = rows.some((row) => row.kind === 'packet' && isDoubtful(row));
  return h(
    'figure',
    { class: 'ladder', 'aria-label': ladder.heading },
    h(
      'div',
      { class: 'ladder-head', 'aria-hidden': 'true' },
      h('span', { class: 'when' }, ladder.time),
      h('span', { class: 'side' }, h('b', {}, ladder.sender), h('span', {}, `${sender.ip}:${sender.port}`)),
      h(
        'span',
        { class: 'side far' },
        h('b', {}, ladder.receiver),
        h('span', {}, `${receiver.ip}:${receiver.port}`),
      ),
    ),
    h('ol', {}, ...rows.map((row) => rowView(row, store, files.size > 1))),
    lost ? h('figcaption', {}, ladder.arrivalHelp) : null,
    record.packets === null ? h('figcaption', {}, ladder.evidenceOnly) : null,
  );
}

function rowView(row: LadderRow, store: Store, several: boolean): HTMLElement {
  const { ladder } = store.words;
  switch (row.kind) {
    case 'pause':
      return h(
        'li',
        { class: 'pause' },
        h('span', {}, filled(ladder.pause, { t: duration(row.milliseconds) })),
      );
    case 'left_out':
      return h('li', { class: 'pause' }, h('span', {}, counted(ladder.leftOut, row.count)));
    case 'missing': {
      const what = ladder.missing[row.what];
      const text =
        row.milliseconds === null ? what : filled(ladder.missingFor, { what, t: duration(row.milliseconds) });
      return h('li', { class: 'gap' }, h('span', {}, text));
    }
    case 'packet':
      return packetView(row, store, several);
  }
}

function packetView(row: PacketRow, store: Store, several: boolean): HTMLElement {
  const { packet, what } = row;
  const { ladder } = store.words;
  const from = ladder[packet.from];
  const evidence = packet.roles.length > 0;
  const classes = ['packet', packet.from, what, evidence ? 'evidence' : ''];
  const frame = `${filled(ladder.frame, { n: String(packet.frame) })}${several ? ` · ${packet.file}` : ''}`;
  const line = h(
    'li',
    { class: classes.filter((one) => one !== '').join(' ') },
    h('span', { class: 'when', title: clockTime(packet.time) }, row.at === null ? '' : secondsOf(row.at)),
    h(
      'div',
      { class: 'lane' },
      h('span', { class: 'label' }, h('span', { class: 'hidden' }, `${from}: `), ...labelOf(row, store)),
      arrow(
        packet.from === 'receiver' || packet.from === 'network',
        packet.from === 'network',
        isDoubtful(row),
      ),
    ),
    h(
      'div',
      { class: 'about' },
      h('span', { class: 'frame' }, frame),
      ...packet.roles.map((role) =>
        h('span', { class: 'role' }, ladder.roles[role as keyof typeof ladder.roles] ?? role),
      ),
      ...notesOf(row, store).map((note) => h('span', { class: 'note' }, note)),
    ),
  );
  if (packet.payload !== null) line.querySelector('.about')?.append(hexButton(packet, line, store));
  return line;
}

/** The capture is taken near the sender: of what came from the receiver it shows that it arrived. */
function isDoubtful({ packet, arrived }: PacketRow): boolean {
  return arrived === false && packet.from === 'sender';
}

function labelOf({ packet, what, opens }: PacketRow, store: Store): (HTMLElement | string)[] {
  const { ladder } = store.words;
  if (packet.icmp !== null) {
    const { version, type, code, reporter } = packet.icmp;
    const values = { version: version === 6 ? 'v6' : '', type: String(type), code: String(code), reporter };
    return [h('b', {}, filled(ladder.icmp, values))];
  }
  if (what === 'evidence' || packet.seq === null) return [];
  const parts: (HTMLElement | string)[] = [h('b', {}, packet.flags.join(' '))];
  if (opens !== null) parts.push(h('span', { class: 'opens' }, opens));
  if (packet.length > 0)
    parts.push(h('span', { class: 'size' }, filled(ladder.bytes, { n: grouped(packet.length) })));
  const numbers = [`seq ${packet.seq}`, packet.ack === null ? '' : `ack ${packet.ack}`];
  parts.push(h('span', { class: 'numbers' }, numbers.filter((one) => one !== '').join(' ')));
  return parts;
}

function notesOf({ packet, arrived }: PacketRow, store: Store): string[] {
  const { ladder } = store.words;
  const names: Readonly<Record<string, string>> = {
    retransmission: ladder.again,
    out_of_order: ladder.outOfOrder,
    keep_alive: ladder.keepAlive,
    zero_window: ladder.zeroWindow,
  };
  const notes = packet.note === null ? [] : [names[packet.note] ?? packet.note];
  if (arrived === false) notes.push(ladder.noArrival);
  return notes;
}

/** Sloped a little, as packets take time; an ICMP error starts on the way. */
function arrow(leftward: boolean, halfway: boolean, dotted: boolean): SVGSVGElement {
  const start = halfway ? '50%' : leftward ? '100%' : '0%';
  const end = leftward ? '0%' : '100%';
  const head = leftward ? 'M1 0l9-4.5v9z' : 'M-1 0l-9-4.5v9z';
  return s(
    'svg',
    { class: 'arrow', 'aria-hidden': 'true', height: 14 },
    s('line', { x1: start, x2: end, y1: 3, y2: 9, class: dotted ? 'dotted' : null }),
    s('svg', { x: end, y: 9, overflow: 'visible' }, s('path', { d: head })),
    halfway ? s('circle', { cx: '50%', cy: 3, r: 3 }) : null,
  );
}

/** Shows and hides the bytes of a packet below its line. */
function hexButton(
  { frame, length, payload }: PacketRecord,
  line: HTMLElement,
  { words }: Store,
): HTMLElement {
  const { ladder } = words;
  const there = (payload ?? '').length / 2;
  const title = filled(ladder.hex, { n: String(frame) });
  const button = h('button', { type: 'button', class: 'hex', 'aria-expanded': 'false', title }, 'hex');
  let dump: HTMLElement | null = null;
  button.addEventListener('click', () => {
    button.setAttribute('aria-expanded', String(dump === null));
    if (dump !== null) {
      dump.remove();
      dump = null;
      return;
    }
    // A phone has room for eight bytes a line.
    const width = matchMedia('(max-width: 40rem)').matches ? 8 : 16;
    const text = hexLines(payload ?? '', width).map((one) => `${one.offset}  ${one.bytes} ${one.text}`);
    if (there < length) text.push(filled(ladder.hexCut, { n: String(there), of: grouped(length) }));
    dump = h('pre', { class: 'dump', tabindex: 0, 'aria-label': title }, lines(text.join('\n')));
    line.append(dump);
  });
  return button;
}
