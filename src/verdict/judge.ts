/**
 * Gives an attempt its verdict: the stages' rules in order, first match wins; then confidence, signals, evidence.
 */
import type { Transaction } from '../transaction/transaction.ts';
import { entryOf } from './codes.ts';
import { type Health, type Weighed, weigh } from './confidence.ts';
import { type Facts, factsOf } from './facts.ts';
import type { Neighbours } from './neighbours.ts';
import { type Finding, proofs, type Rule } from './rule.ts';
import { signalsOf } from './signals.ts';
import { CAPTURE_RULES } from './stages/capture.ts';
import { CONNECT_RULES } from './stages/connect.ts';
import { REPLY_RULES } from './stages/reply.ts';
import { SEND_RULES } from './stages/send.ts';
import { STREAM_RULES, UNPROCESSED_RULES } from './stages/stream.ts';
import { TLS_RULES } from './stages/tls.ts';
import { WAIT_RULES } from './stages/wait.ts';
import type {
  AcceptRule,
  CatalogueEntry,
  Code,
  Confidence,
  Outcome,
  Party,
  Proof,
  Reason,
} from './verdict.ts';

/**
 * What was decided. Of most attempts only the outcome is ever asked for, so everything else is made when it is, which
 * has to be before the connection goes on.
 */
export class Verdict {
  readonly code: Code;
  readonly facts: Facts;
  readonly #entry: CatalogueEntry;
  readonly #finding: Finding;
  readonly #health: Health;
  #weighed: Weighed | null;

  constructor(code: Code, finding: Finding, facts: Facts, health: Health) {
    this.code = code;
    this.facts = facts;
    this.#entry = entryOf(code);
    this.#finding = finding;
    this.#health = health;
    this.#weighed = null;
  }

  get outcome(): Outcome {
    return this.#finding.outcome ?? this.#entry.outcome;
  }

  get fault(): readonly Party[] {
    return this.#finding.fault ?? this.#entry.fault;
  }

  get confidence(): Confidence {
    return this.#weigh().confidence;
  }

  get because(): readonly Reason[] {
    return [...(this.#finding.because ?? []), ...this.#weigh().because];
  }

  get signals(): readonly string[] {
    return [...signalsOf(this.facts), ...(this.#finding.signals ?? [])];
  }

  get likely(): Code | null {
    return this.#finding.likely ?? null;
  }

  get missing(): readonly string[] {
    return this.#finding.missing ?? [];
  }

  get proofs(): readonly Proof[] {
    return this.#finding.proofs;
  }

  #weigh(): Weighed {
    if (this.#weighed === null) {
      const { code, facts } = this;
      const confirmed = facts.neighbours.confirm(code, facts);
      this.#weighed = weigh(code, this.#finding.base ?? this.#entry.base, facts, this.#health, confirmed);
    }
    return this.#weighed;
  }
}

const RULES: readonly Rule[] = [
  ...UNPROCESSED_RULES,
  ...CAPTURE_RULES,
  ...REPLY_RULES,
  ...CONNECT_RULES,
  ...TLS_RULES,
  ...STREAM_RULES,
  ...SEND_RULES,
  ...WAIT_RULES,
];

export function judge(
  transaction: Transaction,
  accept: AcceptRule,
  health: Health,
  neighbours: Neighbours,
): Verdict {
  const facts = factsOf(transaction, accept, neighbours);
  let code: Code = 'capture_insufficient';
  let found: Finding | undefined;
  for (const rule of RULES) {
    found = rule.applies(facts);
    if (found === undefined) continue;
    code = rule.code;
    break;
  }
  const finding = found ?? nothing(facts);
  neighbours.note(code, facts);
  return new Verdict(code, finding, facts, health);
}

/** Where no rule applies the capture did not show enough to say more. */
function nothing({ transaction: { connection } }: Facts): Finding {
  return {
    proofs: proofs(['first_packet', connection.first], ['last_packet', connection.last]),
    because: [{ reason: 'no_rule' }],
    missing: ['outcome'],
  };
}
