/**
 * How sure a verdict is: the rule's base, lowered by what the capture may have missed. Claims that a packet proves
 * keep their base; claims that something did not come are worth as much as the capture is complete.
 */
import type { LiveFacts, Time } from '../capture/packet.ts';
import type { Facts } from './facts.ts';
import type { Code, Confidence, Reason } from './verdict.ts';

const STEPS: readonly Confidence[] = ['weak', 'probable', 'strong', 'proven'];

/** A SYN is repeated within this (RFC 6298 §5.7: 1 s, older stacks 3 s), then after about twice the last wait. */
const FIRST_REPEAT: Time = 3.3e9;
const SYN_BACKOFF = 2.5;
/** No SYN is answered later than this, however many have followed it. */
const SYN_PATIENCE: Time = 30e9;

/** Verdicts that rest on something that was not seen. */
const ABSENCES: ReadonlySet<Code> = new Set<Code>([
  'connect_no_reply',
  'connect_reply_ignored',
  'connect_not_accepted',
  'tls_no_server_hello',
  'idle_state_lost',
  'path_mtu_blackhole',
  'receiver_window_closed',
  'stream_window_closed',
  'expect_continue_stalled',
  'request_incomplete',
  'request_not_acked',
  'request_partly_acked',
  'no_response_sender_closed',
  'no_response_receiver_closed',
  'no_response_reset',
  'no_response_timeout',
  'response_ignored',
  'no_request_sent',
  'receiver_closed_early',
]);

/** Whether the verdict claims that something was not there. */
export function claimsAbsence(code: Code): boolean {
  return ABSENCES.has(code);
}

/** What is known of the capture when the verdict is given. */
export interface Health {
  /** Packets dropped by kernel or interface; null when the capture does not tell. */
  readonly dropped: number | null;
  readonly limitsHit: boolean;
  /** The capture's times run backwards: what seems to be missing may come later in the file. */
  readonly disordered: boolean;
  /** Set while the capture is being taken. */
  readonly live: LiveFacts | null;
}

export interface Weighed {
  readonly confidence: Confidence;
  readonly because: readonly Reason[];
}

/** @param confirmed other connections failed in the same way while another host was answered. */
export function weigh(
  code: Code,
  base: Confidence,
  facts: Facts,
  health: Health,
  confirmed: boolean,
): Weighed {
  const because: Reason[] = [];
  let step = STEPS.indexOf(base);
  if (ABSENCES.has(code)) {
    const { connection } = facts.transaction;
    if (health.dropped !== null && health.dropped > 0) {
      step = Math.min(step, STEPS.indexOf('probable'));
      because.push({ reason: 'packets_dropped', packets: health.dropped });
    }
    const unseen = facts.sender.ackedUnseen + facts.receiver.ackedUnseen;
    if (unseen > 0) {
      step = 0;
      because.push({ reason: 'acked_unseen', bytes: unseen });
    }
    if (health.disordered) {
      step = 0;
      because.push({ reason: 'disordered' });
    }
    if (health.live !== null && health.dropped === null) {
      step = Math.max(0, step - 1);
      because.push({ reason: 'drops_untold' });
    }
    const interrupted = isInterrupted(facts, health.live);
    if (interrupted) {
      step = 0;
      because.push({ reason: 'interrupted' });
    }
    if (facts.transaction.occasion === 'captureEnd' && facts.closed === null && !hasGivenUp(facts)) {
      step = Math.min(step, STEPS.indexOf('probable'));
      because.push({ reason: 'ended_early' });
    }
    if (code === 'connect_no_reply' && facts.sender.synCount === 1 && facts.sender.icmp === null) {
      step = Math.min(step, STEPS.indexOf('probable'));
      because.push({ reason: 'syn_not_repeated' });
    }
    if (facts.closeUnseen) {
      step = Math.min(step, STEPS.indexOf('probable'));
      because.push({ reason: 'first_fin_unseen' });
    }
    if (health.limitsHit) {
      step = Math.min(step, STEPS.indexOf('probable'));
      because.push({ reason: 'limit_hit' });
    }
    if (facts.sender.syn === null && facts.receiver.syn === null) {
      step = Math.max(0, step - 1);
      because.push({ reason: 'began_before' });
    }
    // Many alike are no accident, unless what is missing here is missing in the capture.
    if (confirmed && unseen === 0 && !health.disordered && !interrupted && step < STEPS.indexOf('strong')) {
      step++;
      because.push({ reason: 'others_alike' });
    }
    if (because.length === 0 && connection.established !== null) {
      because.push({ reason: 'captured_whole' });
    }
  }
  return { confidence: STEPS[step]!, because };
}

/** The capture went on long enough to show that the sender no longer repeated its SYN, or repeats it for long in vain. */
function hasGivenUp({
  transaction: { kind, decidedAt },
  sender: { syn, lastSyn, previousSynTime },
  receiver,
}: Facts): boolean {
  if (kind !== 'connect' || syn === null || lastSyn === null) return false;
  if (receiver.packets === 0 && decidedAt - syn.at.time > SYN_PATIENCE) return true;
  const patience = Math.max(FIRST_REPEAT, SYN_BACKOFF * (lastSyn.time - previousSynTime));
  return decidedAt - lastSyn.time > patience;
}

/** Between the last that was seen before the attempt and its end there was a time in which nothing was captured. */
function isInterrupted({ transaction: t }: Facts, live: LiveFacts | null): boolean {
  if (live === null || live.gaps.length === 0) return false;
  const begin = t.request?.firstByte.time ?? t.connection.first.time;
  const from = t.idleBefore === null ? Math.min(begin, t.connection.first.time) : begin - t.idleBefore;
  return live.gaps.some((gap) => gap.to > from && gap.from < t.decidedAt);
}
