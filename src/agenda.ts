/**
 * What is due at which packet time: a binary heap of tasks, run as the capture's clock passes them.
 * Packet time is the only clock; it never goes back, however the packets are ordered.
 */

/** A cancelled task stays in the heap until it is due, so it lets go of what it would have worked on. */
export interface Task {
  run(now: number): void;
}

export class Agenda {
  /** Latest packet time seen, in nanoseconds since the capture's first packet. */
  now = Number.NEGATIVE_INFINITY;
  #due: number[] = [];
  #tasks: Task[] = [];

  /** Earliest due time, infinite when nothing is planned: the caller compares before it calls `advance`. */
  next = Number.POSITIVE_INFINITY;

  schedule(due: number, task: Task): void {
    let at = this.#due.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#due[parent]! <= due) break;
      this.#due[at] = this.#due[parent]!;
      this.#tasks[at] = this.#tasks[parent]!;
      at = parent;
    }
    this.#due[at] = due;
    this.#tasks[at] = task;
    this.next = this.#due[0]!;
  }

  /** Moves the clock on and runs what is due, in order of due time. Tasks may schedule others. */
  advance(now: number): void {
    if (now > this.now) this.now = now;
    while (this.next <= this.now) this.#pop().run(this.now);
  }

  #pop(): Task {
    const task = this.#tasks[0]!;
    const due = this.#due.pop()!;
    const last = this.#tasks.pop()!;
    const size = this.#due.length;
    let at = 0;
    while (size > 0) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#due[child + 1]! < this.#due[child]!) child++;
      if (this.#due[child]! >= due) break;
      this.#due[at] = this.#due[child]!;
      this.#tasks[at] = this.#tasks[child]!;
      at = child;
    }
    if (size > 0) {
      this.#due[at] = due;
      this.#tasks[at] = last;
    }
    this.next = size > 0 ? this.#due[0]! : Number.POSITIVE_INFINITY;
    return task;
  }
}
