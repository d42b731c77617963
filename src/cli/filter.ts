/**
 * `wirewitness filter`: the kernel filter of a live capture, for use with tcpdump. Hosts, ports and an expression in, one
 * line out; on stderr nothing, so that `tcpdump $(wirewitness filter …)` works.
 */
import { captureFilter } from '../capture/live-filter.ts';
import { frameKind } from '../capture/live-machine.ts';
import { Names } from '../capture/live-names.ts';
import type { FilterOptions } from './command.ts';

/** @throws UserError for a name that has no address. */
export async function filterText(options: FilterOptions): Promise<string> {
  const names = new Names(options.hosts);
  await names.start();
  const { ports, expression } = options;
  return `${captureFilter({ networks: names.networks, ports, expression }, frameKind(options.interface))}\n`;
}
