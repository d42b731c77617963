/**
 * What is due at which packet time: a binary heap of tasks, run as the capture's clock passes them, those of one moment in
 * the order in which they were scheduled: records then do not change places because others are on the heap.
 * Packet time is the only clock. It does not go back for packets that are merely out of order, but it does follow a
 * clock that was set back: else one packet with a wrong time would make everything after it due at once.
 */
/** Nanoseconds. Packets are out of order by less than this; what is further back has another clock. */
const STEP_BACK = 1e9;

/** A cancelled task may stay in the heap until it is due, so it lets go of what it would have worked on. */
export interface Task {
  readonly cancelled?: boolean;
  run(now: number): void;
}

/** Cancelled tasks that are not worth a look. */
const FEW = 1_024;

export class Agenda {
  /** Latest packet time seen since the clock was last set back, in nanoseconds since the capture's first packet. */
  now = Number.NEGATIVE_INFINITY;
  #due: number[] = [];
  #tasks: Task[] = [];
  /** How many were scheduled before each. */
  #turns: number[] = [];
  #scheduled = 0;
  /** Of them, how many were cancelled. */
  #cancelled = 0;

  /** Earliest due time, infinite when nothing is planned. */
  next = Number.POSITIVE_INFINITY;

  schedule(due: number, task: Task): void {
    this.#insert(due, this.#scheduled++, task);
  }

  #insert(due: number, turn: number, task: Task): void {
    let at = this.#due.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(due, turn, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, due, turn, task);
    this.next = this.#due[0]!;
  }

  #isBefore(due: number, turn: number, other: number): boolean {
    const time = this.#due[other]!;
    return due < time || (due === time && turn < this.#turns[other]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#due[from]!, this.#turns[from]!, this.#tasks[from]!);
  }

  #put(at: number, due: number, turn: number, task: Task): void {
    this.#due[at] = due;
    this.#turns[at] = turn;
    this.#tasks[at] = task;
  }

  /** To be told of each task that was cancelled while it waits: where those are the more, they are thrown out. */
  onCancel(): void {
    this.#cancelled++;
    if (this.#cancelled <= FEW || this.#cancelled * 2 <= this.#tasks.length) return;
    const due = this.#due;
    const turns = this.#turns;
    const tasks = this.#tasks;
    this.#due = [];
    this.#turns = [];
    this.#tasks = [];
    this.#cancelled = 0;
    this.next = Number.POSITIVE_INFINITY;
    for (const [i, task] of tasks.entries()) {
      if (task.cancelled !== true) this.#insert(due[i]!, turns[i]!, task);
    }
  }

  /** Sets the clock by a packet and runs what is due, in order of due time. Tasks may schedule others. */
  advance(time: number): void {
    if (time > this.now || time < this.now - STEP_BACK) this.now = time;
    if (this.next <= this.now) this.#runDue();
  }

  /**
   * What a task schedules for this very moment waits for the next packet, or it could go on for ever; what it schedules
   * for a time that is over takes its turn.
   */
  #runDue(): void {
    let left = this.#tasks.length;
    for (; this.next < this.now || (left > 0 && this.next === this.now); left--) this.#pop().run(this.now);
  }

  #pop(): Task {
    const task = this.#tasks[0]!;
    const due = this.#due.pop()!;
    const turn = this.#turns.pop()!;
    const last = this.#tasks.pop()!;
    const size = this.#due.length;
    let at = 0;
    while (size > 0) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(this.#due[child + 1]!, this.#turns[child + 1]!, child)) child++;
      if (this.#isBefore(due, turn, child)) break;
      this.#move(child, at);
      at = child;
    }
    if (size > 0) this.#put(at, due, turn, last);
    this.next = size > 0 ? this.#due[0]! : Number.POSITIVE_INFINITY;
    // One that was scheduled twice was cancelled once.
    if (task.cancelled === true && this.#cancelled > 0) this.#cancelled--;
    return task;
  }
}
