/**
 * How far a long read has come: a bar with rate and time left, redrawn in place on a terminal at most ten times a
 * second. Bytes read in, one line on stderr out; nothing for small inputs, which are over before anybody looks.
 */

const LARGE = 32_000_000;
const INTERVAL = 100;
const WIDEST = 100;

export interface Progress {
  /** @param total bytes to read; null when nobody knows (a pipe). */
  update(read: number, total: number | null): void;
  /** Clears the line. */
  done(): void;
}

export const NO_PROGRESS: Progress = { update: () => {}, done: () => {} };

/** @param now milliseconds of a clock that never goes back. */
export function progressOn(
  write: (text: string) => void,
  columns: () => number | null,
  now: () => number,
): Progress {
  const start = now();
  let drawn = start;
  let visible = false;
  return {
    update(read, total) {
      if ((total ?? read) < LARGE) return;
      const time = now();
      if (time - drawn < INTERVAL) return;
      drawn = time;
      visible = true;
      // One column less than there is: a full line would make some terminals scroll.
      const width = Math.min(WIDEST, (columns() ?? 80) - 1);
      write(`\r${progressLine(read, total, (time - start) / 1000, width)}\x1b[K`);
    },
    done() {
      if (visible) write('\r\x1b[K');
      visible = false;
    },
  };
}

/** `[######----]  60%  1.2 GB of 2.0 GB  310 MB/s  3 s left`, as much of it as fits. */
export function progressLine(read: number, total: number | null, seconds: number, width: number): string {
  const rate = seconds > 0 ? read / seconds : 0;
  if (total === null || total <= 0) return `${size(read)} read  ${size(rate)}/s`.slice(0, Math.max(0, width));
  const share = Math.min(1, read / total);
  const left = rate > 0 ? `  ${timeLeft(Math.max(0, total - read) / rate)} left` : '';
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const figures = `${percent}  ${size(read)} of ${size(total)}  ${size(rate)}/s${left}`;
  const room = Math.min(40, width - figures.length - 4);
  if (room < 5) return figures.trimStart().slice(0, Math.max(0, width));
  const full = Math.floor(share * room);
  return `[${'#'.repeat(full)}${'-'.repeat(room - full)}] ${figures}`;
}

function timeLeft(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Powers of a thousand, as disks and networks count. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
