/**
 * `wirewitness interfaces`: what can be captured on, one line each.
 */
import { interfaces } from '../capture/live-machine.ts';
import { escapeText } from '../report/escape.ts';
import { padEnd } from '../report/terminal.ts';

export function interfacesText(): string {
  const rows = interfaces().map(({ name, state, frames, addresses }) => [
    escapeText(name),
    escapeText(state ?? '-'),
    frames === 'ethernet' ? 'VLAN tags seen' : 'no VLAN tags',
    addresses.length === 0 ? '-' : addresses.join(' '),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, i) => padEnd(cell, widths[i] ?? 0)).join('  '));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
