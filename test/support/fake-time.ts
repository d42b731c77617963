/** A machine's clocks that stand still until a test moves them, and may be set. */
import type { Timekeeper } from '../../src/capture/live.ts';

const START = 1_790_000_000_000_000_000n;

export class FakeTime implements Timekeeper {
  #now = 0;
  #set = 0n;
  #timers: { readonly due: number; readonly run: () => void }[] = [];

  monotonic(): number {
    return this.#now;
  }

  wall(): bigint {
    return START + BigInt(this.#now) + this.#set;
  }

  /** Somebody sets the machine's clock. */
  step(seconds: number): void {
    this.#set += BigInt(Math.round(seconds * 1e9));
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { due: this.#now + milliseconds * 1e6, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Time passes, in steps of `grain` milliseconds: a process that is held up sees one large one. */
  async pass(milliseconds: number, grain = 50): Promise<void> {
    for (let left = milliseconds; left > 0; left -= grain) {
      this.#now += Math.min(grain, left) * 1e6;
      for (;;) {
        const due = this.#timers.filter((timer) => timer.due <= this.#now).sort((a, b) => a.due - b.due)[0];
        if (due === undefined) break;
        this.#timers = this.#timers.filter((timer) => timer !== due);
        due.run();
      }
      await settled();
    }
  }
}

/** All that was waiting for a promise has gone on. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
