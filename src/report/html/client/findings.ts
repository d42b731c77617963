/**
 * What failed, gathered for the top of the page: deliveries that no attempt brought through (or single transactions,
 * where no delivery is known) by host and verdict, those hit most first.
 */
import { type DeliveryRecord, FAILED, type Row } from './records.ts';

/** A delivery with its attempts, or one transaction alone. */
export interface Item {
  readonly key: string | null;
  readonly attempts: readonly Row[];
  /** Speaks for them: the last of those that came as far as the delivery did. */
  readonly decisive: Row;
  readonly delivery: DeliveryRecord | null;
}

export interface Group {
  readonly host: string;
  readonly outcome: Row['outcome'];
  readonly verdict: string;
  readonly fault: readonly string[];
  readonly items: readonly Item[];
}

export interface Findings {
  readonly failed: readonly Group[];
  /** Failed attempts of deliveries that another attempt brought through. */
  readonly recovered: readonly Item[];
}

export function findingsOf(rows: readonly Row[], deliveries: readonly DeliveryRecord[]): Findings {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const taken = new Set<string>();
  const failed: Item[] = [];
  const recovered: Item[] = [];
  for (const delivery of deliveries) {
    const attempts = delivery.attempts.map((id) => byId.get(id)).filter((row) => row !== undefined);
    for (const { id } of attempts) taken.add(id);
    const bad = attempts.filter((row) => row.failed);
    const last = attempts.findLast((row) => row.verdict === delivery.verdict) ?? attempts.at(-1);
    if (last === undefined) continue;
    const item = { key: delivery.key, attempts, decisive: last, delivery };
    if (FAILED.has(delivery.outcome) && bad.length > 0) failed.push(item);
    else if (bad.length > 0 && delivery.outcome === 'delivered') recovered.push(item);
  }
  for (const row of rows) {
    if (row.failed && !taken.has(row.id)) {
      failed.push({ key: row.key, attempts: [row], decisive: row, delivery: null });
    }
  }
  return { failed: grouped(failed), recovered };
}

function grouped(items: readonly Item[]): Group[] {
  const groups = new Map<string, { -readonly [K in keyof Group]: Group[K] } & { items: Item[] }>();
  for (const item of items) {
    const { host, outcome, verdict, fault } = item.decisive;
    const key = JSON.stringify([host, verdict, fault]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { host, outcome, verdict, fault, items: [item] });
    else group.items.push(item);
  }
  return [...groups.values()].sort((a, b) => weight(b) - weight(a));
}

function weight({ items }: Group): number {
  return items.reduce((sum, { attempts }) => sum + attempts.length, 0);
}
