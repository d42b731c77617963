/**
 * A transaction's line is written before it is known how many attempts its delivery has. Here the delivery records
 * tell, and where the lines have waited for the end (a JSON document), they are completed.
 */
import type { DeliveryRecord } from '../verdict/verdict.ts';
import type { Output } from './reporter.ts';

/** What of an attempt is known at the end. */
export interface FinalPlace {
  readonly attempt: number;
  readonly of: number;
}

/** By transaction id. */
export function finalPlaces(deliveries: Iterable<DeliveryRecord>): Map<string, FinalPlace> {
  const places = new Map<string, FinalPlace>();
  for (const { attempts, attemptCount } of deliveries) {
    for (const [i, id] of attempts.entries()) places.set(id, { attempt: i + 1, of: attemptCount });
  }
  return places;
}

/** Passes lines of transactions on, completed. `flush` passes on what has no line end. */
export function completing(output: Output, places: ReadonlyMap<string, FinalPlace>) {
  let rest = '';
  return {
    write(text: string): void {
      const end = text.lastIndexOf('\n');
      if (end < 0) {
        rest += text;
        return;
      }
      output.write(`${(rest + text.slice(0, end)).split('\n').map(complete).join('\n')}\n`);
      rest = text.slice(end + 1);
    },
    flush(): void {
      output.write(complete(rest));
      rest = '';
    },
  };

  function complete(line: string): string {
    const id = /^\{"type":"transaction","id":"([\d.]+)"/.exec(line)?.[1];
    const place = id === undefined ? undefined : places.get(id);
    // Inside a string its quotes would be escaped: this is the field.
    const at = place === undefined ? -1 : line.indexOf('"delivery":{"key":');
    if (place === undefined || at < 0) return line;
    const from = line.indexOf('","attempt":', at);
    const to = line.indexOf('}', from);
    return `${line.slice(0, from)}","attempt":${place.attempt},"of":${place.of}${line.slice(to)}`;
  }
}
