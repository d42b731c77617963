/**
 * Gives an attempt its verdict: the stages' rules in order, first match wins; then confidence, signals, evidence.
 */
import type { Transaction } from '../transaction/transaction.ts';
import { entryOf } from './codes.ts';
import { claimsAbsence, type Health, type Weighed, weigh } from './confidence.ts';
import { ackedOf, type Facts, factsOf } from './facts.ts';
import type { Neighbours } from './neighbours.ts';
import { isPlainlyDelivered } from './plain.ts';
import { type Finding, proofs, type Rule } from './rule.ts';
import { signalsOf } from './signals.ts';
import { CAPTURE_RULES } from './stages/capture.ts';
import { CONNECT_RULES } from './stages/connect.ts';
import { Answered, REPLY_RULES } from './stages/reply.ts';
import { SEND_RULES } from './stages/send.ts';
import { STREAM_RULES, UNPROCESSED_RULES } from './stages/stream.ts';
import { TLS_RULES } from './stages/tls.ts';
import { WAIT_RULES } from './stages/wait.ts';
import type { AcceptRule, Code, Confidence, Outcome, Party, Proof, Reason } from './verdict.ts';

/** What the rules say, and what they were asked with. */
interface Ruling {
  readonly code: Code;
  readonly finding: Finding;
  readonly facts: Facts;
}

/**
 * What was decided. Of most attempts only the outcome is ever asked for, so everything else is made when it is, which
 * has to be before the connection goes on.
 */
export class Verdict {
  readonly code: Code;
  readonly outcome: Outcome;
  readonly #transaction: Transaction;
  readonly #accept: AcceptRule;
  readonly #health: Health;
  readonly #neighbours: Neighbours;
  /** Null until somebody asks for more of an attempt that is plainly delivered. */
  #ruling: Ruling | null;
  #weighed: Weighed | null;

  constructor(
    transaction: Transaction,
    accept: AcceptRule,
    health: Health,
    neighbours: Neighbours,
    ruling: Ruling | null,
  ) {
    this.code = ruling === null ? 'delivered' : ruling.code;
    this.outcome = ruling === null ? 'delivered' : (ruling.finding.outcome ?? entryOf(ruling.code).outcome);
    this.#transaction = transaction;
    this.#accept = accept;
    this.#health = health;
    this.#neighbours = neighbours;
    this.#ruling = ruling;
    this.#weighed = null;
  }

  get facts(): Facts {
    return this.#ruled().facts;
  }

  /** As in the facts, of which no others are made for it. */
  get acked(): Facts['acked'] {
    return this.#ruling?.facts.acked ?? ackedOf(this.#transaction);
  }

  /** Likewise. */
  get responded(): Facts['responded'] {
    return this.#ruling?.facts.responded ?? 'full';
  }

  get fault(): readonly Party[] {
    return this.#ruled().finding.fault ?? entryOf(this.code).fault;
  }

  get confidence(): Confidence {
    return this.#weigh().confidence;
  }

  get because(): readonly Reason[] {
    return [...(this.#ruled().finding.because ?? []), ...this.#weigh().because];
  }

  get signals(): readonly string[] {
    const { facts, finding } = this.#ruled();
    return [...signalsOf(facts), ...(finding.signals ?? [])];
  }

  get likely(): Code | null {
    return this.#ruled().finding.likely ?? null;
  }

  get missing(): readonly string[] {
    return this.#ruled().finding.missing ?? [];
  }

  get proofs(): readonly Proof[] {
    return this.#ruled().finding.proofs;
  }

  #ruled(): Ruling {
    if (this.#ruling === null) {
      const facts = factsOf(this.#transaction, this.#accept, this.#neighbours);
      this.#ruling = { code: 'delivered', finding: new Answered(facts), facts };
    }
    return this.#ruling;
  }

  #weigh(): Weighed {
    if (this.#weighed === null) {
      const { code, facts, finding } = this.#ruled();
      const confirmed = claimsAbsence(code) && this.#neighbours.confirm(code, this.#transaction);
      this.#weighed = weigh(code, finding.base ?? entryOf(code).base, facts, this.#health, confirmed);
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
  const ruling = isPlainlyDelivered(transaction, accept) ? null : rulingOf(transaction, accept, neighbours);
  if (ruling === null || (ruling.facts.responded === 'full' && !ruling.facts.late)) {
    neighbours.noteAnswer(transaction);
  } else neighbours.noteFailure(ruling.code, transaction);
  return new Verdict(transaction, accept, health, neighbours, ruling);
}

/** The first rule that applies. */
export function rulingOf(transaction: Transaction, accept: AcceptRule, neighbours: Neighbours): Ruling {
  const facts = factsOf(transaction, accept, neighbours);
  for (const { code, applies } of RULES) {
    const finding = applies(facts);
    if (finding !== undefined) return { code, finding, facts };
  }
  return { code: 'capture_insufficient', finding: nothing(facts), facts };
}

/** Where no rule applies the capture did not show enough to say more. */
function nothing({ transaction: { connection } }: Facts): Finding {
  return {
    proofs: proofs(['first_packet', connection.first], ['last_packet', connection.last]),
    because: [{ reason: 'no_rule' }],
    missing: ['outcome'],
  };
}
