/**
 * A capture that is being taken: an interface and what to keep in, one stream of packets out, for as long as nobody ends
 * it. Who captures (live-backend.ts) may die, the interface may go and come back, a name may get new addresses: the capture
 * is taken up again, and the stretch in between is recorded as a gap. Between packets it tells how far time has come, so
 * that what is not answered is reported though nothing more is captured.
 */
import { UserError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import { Delivery, newFacts } from './delivery.ts';
import { Intake } from './intake.ts';
import type { Backend, CaptureRequest, Ended, Running } from './live-backend.ts';
import { LiveClock } from './live-clock.ts';
import { captureFilter, type FrameKind } from './live-filter.ts';
import type { Names } from './live-names.ts';
import type { CaptureFacts, FileFacts, LiveFacts, Packet, PacketSource, Time } from './packet.ts';

/** Milliseconds between looks at the clock: how late a deadline is told at most, beside SLACK. */
const TICK = 250;
/** Ticks between questions for the number of drops. */
const ASK_DROPS = 4;
/** Milliseconds until a capture that ended by itself is taken up again, doubled each time it fails at once. */
const FIRST_RETRY = 250;
const LAST_RETRY = 10_000;
/** Milliseconds of silence after which nothing is left in the kernel, which hands packets over at most a second late. */
const QUIET = 1200;
/** Milliseconds until a capture that is never quiet is ended all the same. */
const LONGEST_DRAIN = 10_000;

export interface LiveOptions {
  readonly interface: string;
  readonly frames: FrameKind;
  /** In order of preference: the first that can capture does. */
  readonly backends: readonly Backend[];
  readonly names: Names;
  readonly ports: readonly number[];
  /** The user's own filter. */
  readonly expression: string | null;
  readonly snaplen: number;
  readonly promiscuous: boolean;
  readonly bufferSize: number;
  /** What happens to the capture itself, a line each: who captures, interruptions. */
  readonly onNote: (line: string) => void;
  /** The counters of who captured, in its own words. */
  readonly onCounters: (line: string) => void;
}

/** The clocks of the machine, so that tests can give others. */
export interface Timekeeper {
  /** Nanoseconds of a clock that is never set. */
  monotonic(): number;
  /** Nanoseconds since the Unix epoch by the clock that dates packets. */
  wall(): bigint;
  /** @returns what cancels it. */
  after(milliseconds: number, run: () => void): () => void;
}

const MACHINE: Timekeeper = {
  monotonic: () => performance.now() * 1e6,
  wall: () => BigInt(Date.now()) * 1_000_000n,
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

export interface LiveSource extends PacketSource {
  readonly facts: CaptureFacts & { readonly live: LiveFacts };
  /** The filter in use; empty before the first. */
  readonly filter: string;
}

/**
 * @returns a source that runs once, until its signal ends it. `run` throws UserError('permission' | 'file' | 'flag') when
 *   the capture cannot begin: no such interface, no privilege, a filter that does not compile (in libpcap's words).
 */
export function openLive(options: LiveOptions, time: Timekeeper = MACHINE): LiveSource {
  return new Live(options, time);
}

/** Where all stretches of a capture go. */
interface Into {
  readonly delivery: Delivery;
  readonly file: FileFacts;
  readonly intake: Intake;
}

/** How one stretch of capture ended, and whether it had begun. */
interface Stretch extends Ended {
  readonly began: boolean;
}

class Live implements LiveSource {
  readonly facts: CaptureFacts & { readonly live: LiveFacts };
  filter = '';
  #options: LiveOptions;
  #time: Timekeeper;
  #clock = new LiveClock();
  #backend: Backend;
  #running: Running | null = null;
  /** Set while bytes come; nothing that fails to appear means anything before. */
  #capturing = false;
  /** Where the present gap began and why; null where none is open or no packet came before it. */
  #gap: { readonly from: Time | null; readonly why: string } | null = null;
  #gaps = 0;
  /** When bytes came last, by the clock that is never set. */
  #bytesAt = Number.NEGATIVE_INFINITY;
  /** When the run was asked to end, by the clock that dates packets. */
  #endAt: bigint | null = null;
  #ran = false;

  constructor(options: LiveOptions, time: Timekeeper) {
    this.#options = options;
    this.#time = time;
    this.#backend = options.backends[0]!;
    this.facts = { ...newFacts(), live: { backend: '', clockArrival: false, gaps: [] } };
  }

  async run(
    onPacket: (packet: Packet) => void,
    signal = new AbortController().signal,
    onTime: (time: Time) => void = () => {},
  ): Promise<CaptureFacts> {
    if (this.#ran) throw new Error('a packet source runs once');
    this.#ran = true;
    const delivery = new Delivery(
      this.facts,
      (packet) => {
        this.#date(packet);
        onPacket(packet);
      },
      () => {},
    );
    // Steps of the clock are dealt with here; what is left is the disorder of several queues, which TCP bears.
    delivery.sorted = true;
    const file = delivery.openFile(this.#options.interface);
    const into = { delivery, file, intake: new Intake(delivery) };
    const stop = () => this.#drain();
    signal.addEventListener('abort', stop);
    const cancels = [this.#tick(onTime)];
    try {
      cancels.push(await this.#followNames());
      await this.#begin(into, signal);
      await this.#goOn(into, signal);
    } finally {
      for (const cancel of cancels) cancel();
      signal.removeEventListener('abort', stop);
    }
    this.#closeGap();
    delivery.closeFile();
    const now = this.#clock.now(this.#time.monotonic());
    if (now !== null) this.#settle(file, now);
    return this.facts;
  }

  /** Tries each backend in turn. @throws UserError in the words of the first that exists. */
  async #begin(into: Into, signal: AbortSignal): Promise<void> {
    const { backends } = this.#options;
    const reasons: string[] = [];
    for (const backend of backends) {
      if (signal.aborted) return;
      this.#backend = backend;
      const { began, reason } = await this.#stretch(into, signal);
      if (began) {
        if (!signal.aborted) this.#openGap(this.#why(reason));
        return;
      }
      if (reason !== null) reasons.push(reason);
    }
    if (signal.aborted) return;
    const reason =
      reasons.find((text) => !text.includes('cannot be run')) ?? reasons[0] ?? 'nobody can capture';
    const denied = /permission|not permitted|cannot be run/i.test(reason);
    const text = `cannot capture on ${this.#options.interface}: ${reason}`;
    if (denied) throw new UserError('permission', `${text}; see wirewitness doctor`);
    const unknown = /no such device/i.test(reason);
    throw new UserError('flag', unknown ? `${text}; wirewitness interfaces lists what there is` : text);
  }

  /** Takes the capture up again until it is asked to end. */
  async #goOn(into: Into, signal: AbortSignal): Promise<void> {
    let wait = FIRST_RETRY;
    let told = '';
    while (!signal.aborted) {
      // A filter that was changed asks for no patience.
      if (this.#gap !== null && this.#gap.why !== FILTER_CHANGED) await this.#pause(wait, signal);
      if (signal.aborted) return;
      const { began, reason } = await this.#stretch(into, signal);
      if (signal.aborted) return;
      const why = this.#why(reason);
      if (began) {
        this.#openGap(why);
        wait = FIRST_RETRY;
      } else {
        wait = Math.min(LAST_RETRY, 2 * wait);
        if (why !== told) this.#options.onNote(`still no capture: ${why}; trying again`);
      }
      told = began ? '' : why;
    }
  }

  /** One run of the backend, from its start to its end. */
  async #stretch({ delivery, intake, file }: Into, signal: AbortSignal): Promise<Stretch> {
    const { names, ports, expression, frames, snaplen, promiscuous, bufferSize } = this.#options;
    this.filter = captureFilter({ networks: names.networks, ports, expression }, frames);
    const request: CaptureRequest = {
      interface: this.#options.interface,
      filter: this.filter,
      snaplen,
      promiscuous,
      bufferSize,
    };
    intake.begin(file, false);
    let began = false;
    let dropped = 0;
    const running = this.#backend.start(request, {
      onBytes: (bytes) => {
        if (!began) {
          began = true;
          this.#onBegin();
        }
        this.#bytesAt = this.#time.monotonic();
        intake.pour(bytes);
      },
      onDropped(packets) {
        delivery.addDropped(Math.max(0, packets - dropped));
        dropped = Math.max(dropped, packets);
      },
      onCounters: this.#options.onCounters,
    });
    this.#running = running;
    if (signal.aborted) running.stop();
    const { reason } = await running.ended;
    this.#running = null;
    this.#capturing = false;
    return { began, reason };
  }

  /**
   * Who captures forgets at its end what is still in the kernel. So what was captured until now is read first: up to a packet
   * that is later, or until none come.
   */
  #drain(): void {
    const asked = this.#time.monotonic();
    this.#endAt = this.#time.wall();
    if (!this.#capturing) this.#running?.stop();
    const look = () => {
      const now = this.#time.monotonic();
      const quiet = now - Math.max(asked, this.#bytesAt) >= QUIET * 1e6;
      if (quiet || now - asked >= LONGEST_DRAIN * 1e6) this.#running?.stop();
      else if (this.#running !== null) this.#time.after(QUIET / 4, look);
    };
    look();
  }

  #onBegin(): void {
    const { name, clockArrival } = this.#backend;
    const { live } = this.facts;
    if (live.backend !== name) {
      live.backend = name;
      live.clockArrival = clockArrival;
      this.#options.onNote(`capturing on ${this.#options.interface} with ${name}`);
    }
    this.#closeGap();
    // The parser to come dates packets by the epoch as it is now, in which earlier steps of the clock are.
    this.#clock.correction = 0;
    this.#capturing = true;
  }

  /** Corrects the packet's time where the machine's clock was set, and moves the meaning of Time 0 instead. */
  #date(packet: Packet): void {
    const monotonic = this.#time.monotonic();
    const { facts } = this;
    const epoch = facts.epoch ?? 0n;
    if (this.#endAt !== null && epoch + BigInt(Math.round(packet.time)) > this.#endAt) this.#running?.stop();
    if (facts.packets === 1) {
      this.#clock.start(Math.max(packet.time, Number(this.#time.wall() - epoch)), monotonic);
    }
    const step = this.#clock.onPacket(packet.time, monotonic);
    if (step !== 0) {
      facts.epoch = epoch + BigInt(Math.round(step));
      this.#warn(
        'clock_stepped',
        `the clock was set by ${seconds(step)} s at ${this.#date3339(packet.time)}`,
      );
    }
    packet.time += this.#clock.correction;
  }

  #tick(onTime: (time: Time) => void): () => void {
    let ticks = 0;
    let cancel = () => {};
    const plan = () => {
      const due = this.#time.monotonic() + TICK * 1e6;
      cancel = this.#time.after(TICK, () => {
        // Late, because something held up this process: packets may be waiting that were not read yet.
        const late = this.#time.monotonic() - due > TICK * 1e6;
        plan();
        if (!this.#capturing || late) return;
        ticks++;
        if (ticks % ASK_DROPS === 0) this.#running?.askDropped();
        const watermark = this.#clock.watermark(this.#time.monotonic());
        if (watermark !== null) onTime(watermark);
      });
    };
    plan();
    return () => cancel();
  }

  /** Asks for the names, and again whenever the answers are too old. @returns what ends that. */
  async #followNames(): Promise<() => void> {
    const { names, onNote } = this.#options;
    let cancel = () => {};
    let over = false;
    const plan = (again: number | null) => {
      if (again !== null && !over) cancel = this.#time.after(again * 1000, () => void refresh());
    };
    const refresh = async () => {
      const { added, again } = await names.refresh();
      if (over) return;
      if (added.length > 0) {
        onNote(`new addresses: ${added.join(', ')}; the capture is taken up again with them`);
        this.#running?.stop();
      }
      plan(again);
    };
    plan((await names.start()).again);
    return () => {
      over = true;
      cancel();
    };
  }

  #why(reason: string | null): string {
    return reason === null ? FILTER_CHANGED : `${this.#backend.name} ended: ${reason}`;
  }

  #openGap(why: string): void {
    this.#gap = { from: this.#clock.now(this.#time.monotonic()), why };
    if (why !== FILTER_CHANGED) this.#options.onNote(`${why}; the capture is taken up again`);
  }

  #closeGap(): void {
    if (this.#gap === null) return;
    const { from, why } = this.#gap;
    this.#gap = null;
    const to = this.#clock.now(this.#time.monotonic());
    // Where nothing was captured before, nothing can be missing.
    if (from === null || to === null) return;
    const { gaps } = this.facts.live;
    gaps.push({ from, to });
    if (gaps.length > LIMITS.captureGaps) gaps.splice(0, 2, { from: gaps[0]!.from, to: gaps[1]!.to });
    this.#warn(
      'capture_gap',
      `nothing was captured from ${this.#date3339(from)} to ${this.#date3339(to)}: ${why}`,
    );
  }

  /** What goes on for days may be interrupted any number of times. */
  #warn(code: string, text: string): void {
    this.#gaps++;
    const { warnings } = this.facts;
    const line = `${this.#options.interface}: ${text}`;
    if (this.#gaps <= LIMITS.captureGaps) warnings.push({ code, text: line });
    this.#options.onNote(line);
  }

  #date3339(time: Time): string {
    const milliseconds = Number((this.facts.epoch ?? 0n) / 1_000_000n) + time / 1e6;
    // A clock that was set may say anything.
    return Math.abs(milliseconds) < 8e15 ? new Date(milliseconds).toISOString() : 'an impossible date';
  }

  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#time.after(milliseconds, over);
      signal.addEventListener('abort', over);
      function over() {
        cancel();
        signal.removeEventListener('abort', over);
        resolve();
      }
    });
  }

  /** First and last times are those of the corrected clock. */
  #settle(file: FileFacts, last: Time): void {
    const first = file.firstTime === null ? null : Math.min(0, file.firstTime);
    file.firstTime = this.facts.firstTime = first;
    file.lastTime = this.facts.lastTime = first === null ? null : last;
  }
}

const FILTER_CHANGED = 'the filter was changed';

function seconds(nanoseconds: number): string {
  return `${nanoseconds > 0 ? '+' : ''}${(nanoseconds / 1e9).toFixed(3)}`;
}
