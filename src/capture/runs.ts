/**
 * Where in a file the time goes backwards: packets come in as they stand there, stretches that are in time order by
 * themselves go out. Small disorder is left inside of them.
 */
import { LIMITS } from '../limits.ts';
import type { Intake } from './intake.ts';
import type { Packet, Time } from './packet.ts';
import type { CaptureParser, Times } from './parser.ts';

/**
 * Nanoseconds. Queues of one network card are drained some milliseconds apart (Linux gives each softirq 2 to 8 ms),
 * which leaves single segments out of order: the TCP stage is made for that. Two interfaces read in turns are a
 * buffer's timeout apart (250 ms), which would put answers before their requests.
 */
const DISORDER = 10e6;

/** A stretch of one file whose packets are in time order. */
export interface Run {
  /** Its first record begins here, and nothing of it is at or after `end`. */
  readonly position: number;
  end: number;
  /** Frame number of its first packet. */
  readonly frame: number;
  readonly first: Time;
  packets: number;
  /** Knows what describes its packets; to be forked. */
  readonly parser: CaptureParser;
}

export class Runs implements Times {
  /** Empty unless they are to be kept. */
  readonly list: Run[];
  count: number;
  /** True once the time went backwards. */
  disordered: boolean;
  earliest: Time;
  /** Most bytes from the start of one packet's record to that of the next. */
  span: number;
  private readonly intake: Intake;
  private readonly keep: boolean;
  private generation: number;
  private latest: Time;
  /** Latest of the current run. */
  private reached: Time;
  private position: number;
  private frame: number;
  private template: CaptureParser | null;

  constructor(intake: Intake, keep: boolean) {
    this.list = [];
    this.count = 0;
    this.disordered = false;
    this.earliest = Number.POSITIVE_INFINITY;
    this.span = 0;
    this.intake = intake;
    this.keep = keep;
    this.generation = -1;
    this.latest = this.reached = Number.NEGATIVE_INFINITY;
    this.position = this.frame = 0;
    this.template = null;
  }

  /** Latest time of all. */
  get last(): Time {
    return Math.max(this.latest, this.reached);
  }

  /** To be called while the packet is delivered. */
  deliver(packet: Packet): void {
    this.frame = packet.frame;
    this.note(packet.time, this.intake.position);
    const run = this.list.at(-1);
    if (run !== undefined) run.packets++;
  }

  /** Of each packet, in the order of the file; enough where no list is kept. */
  note(time: Time, position: number): void {
    if (position - this.position > this.span) this.span = position - this.position;
    this.position = position;
    const generation = this.intake.generation;
    if (time >= this.reached && generation === this.generation) {
      this.reached = time;
      return;
    }
    if (time < this.earliest) this.earliest = time;
    const back = time < this.reached - DISORDER;
    if (back) this.disordered = true;
    if (back || generation !== this.generation) this.begin(time, position, generation);
  }

  private begin(time: Time, position: number, generation: number): void {
    this.latest = this.last;
    this.reached = time;
    this.count++;
    const before = this.list.at(-1);
    // Only a file that grew since it was surveyed comes here: the rest of it is one run.
    if (this.count > LIMITS.runs && before !== undefined) return;
    if (before !== undefined) before.end = position;
    if (this.keep) {
      if (generation !== this.generation || this.template === null) this.template = this.intake.fork();
      this.list.push({
        position,
        end: Number.POSITIVE_INFINITY,
        frame: this.frame,
        first: time,
        packets: 0,
        parser: this.template,
      });
    }
    this.generation = generation;
  }
}
