/**
 * Names of the files that packets are kept in: tcpdump's `-w`, `-C`, `-G` and `-W` in, one new path after the other out. Unlike
 * tcpdump's they never name a file that was there before: a run that was started again continues beside it.
 */
import { existsSync } from 'node:fs';

export interface Rotation {
  /** Bytes after which a new file is begun (`-C`); null for never. */
  readonly size: number | null;
  /** Seconds of packet time after which a new file is begun (`-G`); null for never. */
  readonly seconds: number | null;
  /** With a size: so many files, of which the oldest is overwritten. With seconds alone: the run ends after so many (`-W`). */
  readonly count: number | null;
}

export class KeptNames {
  /** Path with strftime's conversions, as `-w` was given. */
  readonly pattern: string;
  readonly #rotation: Rotation;
  /** Of this run, in order; files of a ring come again. */
  #begun = 0;
  /** Stands behind the name where an earlier run has used it. */
  #suffix = '';

  constructor(pattern: string, rotation: Rotation) {
    this.pattern = pattern;
    this.#rotation = rotation;
  }

  /** No more files than these were asked for. */
  get over(): boolean {
    const { size, seconds, count } = this.#rotation;
    return size === null && seconds !== null && count !== null && this.#begun >= count;
  }

  /**
   * @param date of the file's first packet.
   * @returns a path, and whether a file of this run may be there already.
   */
  next(date: Date): { readonly path: string; readonly own: boolean } {
    const { size, count } = this.#rotation;
    const ring = size !== null && count !== null ? count : null;
    const dated = strftime(this.pattern, date);
    const number = this.#begun++;
    const own = ring !== null && number >= ring;
    const name = (suffix: string) => `${withSuffix(dated, suffix)}${this.#counter(number, ring, dated)}`;
    // In a ring all names of a run go together.
    if (!own && (ring === null || number === 0)) {
      this.#suffix = '';
      const taken = (suffix: string) =>
        ring === null
          ? existsSync(name(suffix))
          : Array.from({ length: ring }, (_, i) => i).some((i) =>
              existsSync(`${withSuffix(dated, suffix)}${this.#counter(i, ring, dated)}`),
            );
      for (let again = 2; taken(this.#suffix); again++) this.#suffix = `-${again}`;
    }
    return { path: name(this.#suffix), own };
  }

  /** tcpdump's: nothing for the first file, then 1, 2 …; in a ring from 0, as wide as the largest. */
  #counter(number: number, ring: number | null, dated: string): string {
    if (ring !== null) return String(number % ring).padStart(String(ring - 1).length, '0');
    // The date tells files apart; those that it does not get a suffix.
    if (number === 0 || dated !== this.pattern) return '';
    return String(number);
  }
}

/** Before the extension, so that programs still know what it is. */
function withSuffix(path: string, suffix: string): string {
  const extension = /\.[a-z\d]+$/i.exec(path)?.[0] ?? '';
  return `${path.slice(0, path.length - extension.length)}${suffix}${extension}`;
}

/** The conversions of strftime(3) that name files, in local time as tcpdump has them; others stay as they are. */
export function strftime(pattern: string, date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const year = String(date.getFullYear());
  const month = two(date.getMonth() + 1);
  const day = two(date.getDate());
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two);
  const values: Readonly<Record<string, string>> = {
    '%%': '%',
    '%Y': year,
    '%y': year.slice(-2),
    '%m': month,
    '%d': day,
    '%H': time[0]!,
    '%M': time[1]!,
    '%S': time[2]!,
    '%F': `${year}-${month}-${day}`,
    '%T': time.join(':'),
    '%s': String(Math.floor(date.getTime() / 1000)),
  };
  return pattern.replace(/%[%a-zA-Z]/g, (conversion) => values[conversion] ?? conversion);
}
