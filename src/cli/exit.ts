/**
 * What the exit status of the process says. 0 to 3 are the contract's; a bug must not look like a finding, so
 * a crash has a status of its own (EX_SOFTWARE of sysexits.h) instead of node's 1.
 */
import type { SummaryRecord } from '../verdict/verdict.ts';

export const EXIT = {
  /** Nothing is wrong. */
  ok: 0,
  /** At least one transaction is refused, unanswered, unsent or missing. */
  failed: 1,
  /** Usage or input error: a message on stderr, nothing on stdout that could be taken for a result. */
  usage: 2,
  /** Nothing wrong was seen, but at least one transaction is pending or unknown. */
  undecided: 3,
  /** A bug: its stack is on stderr. */
  bug: 70,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** @param zero `--exit-zero`: what was found does not change the status. */
export function exitStatus(summary: SummaryRecord, zero: boolean): ExitStatus {
  return zero ? EXIT.ok : summary.exitStatus;
}
