/**
 * Gives an attempt its verdict: the stages' rules in order, first match wins; then confidence, signals, evidence.
 */
import type { Transaction } from '../transaction/transaction.ts';
import { entryOf } from './codes.ts';
import { type Health, weigh } from './confidence.ts';
import { type Facts, factsOf } from './facts.ts';
import type { Neighbours } from './neighbours.ts';
import type { Finding, Rule } from './rule.ts';
import { signalsOf } from './signals.ts';
import { CAPTURE_RULES } from './stages/capture.ts';
import { CONNECT_RULES } from './stages/connect.ts';
import { REPLY_RULES } from './stages/reply.ts';
import { SEND_RULES } from './stages/send.ts';
import { WAIT_RULES } from './stages/wait.ts';
import type { AcceptRule, Code, Confidence, Outcome, Party, Proof, Reason } from './verdict.ts';

export interface Verdict {
  readonly code: Code;
  readonly outcome: Outcome;
  readonly fault: readonly Party[];
  readonly confidence: Confidence;
  readonly because: readonly Reason[];
  readonly signals: readonly string[];
  readonly likely: Code | null;
  readonly missing: readonly string[];
  readonly proofs: readonly Proof[];
  readonly facts: Facts;
}

const RULES: readonly Rule[] = [
  ...CAPTURE_RULES,
  ...REPLY_RULES,
  ...CONNECT_RULES,
  ...SEND_RULES,
  ...WAIT_RULES,
];

/** Where no rule applies the capture did not show enough to say more. */
const NOTHING: Finding = { proofs: [], because: [{ reason: 'no_rule' }], missing: ['outcome'] };

export function judge(
  transaction: Transaction,
  accept: AcceptRule,
  health: Health,
  neighbours: Neighbours,
): Verdict {
  const facts = factsOf(transaction, accept, neighbours);
  let code: Code = 'capture_insufficient';
  let finding = NOTHING;
  for (const rule of RULES) {
    const found = rule.applies(facts);
    if (found === undefined) continue;
    code = rule.code;
    finding = found;
    break;
  }
  const entry = entryOf(code);
  neighbours.note(code, facts);
  const confirmed = neighbours.confirm(code, facts);
  const weighed = weigh(code, finding.base ?? entry.base, facts, health, confirmed);
  return {
    code,
    outcome: finding.outcome ?? entry.outcome,
    fault: finding.fault ?? entry.fault,
    confidence: weighed.confidence,
    because: [...(finding.because ?? []), ...weighed.because],
    signals: [...signalsOf(facts), ...(finding.signals ?? [])],
    likely: finding.likely ?? null,
    missing: finding.missing ?? [],
    proofs: finding.proofs,
    facts,
  };
}
