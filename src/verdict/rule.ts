/**
 * What a rule is: a code and one pure function over the facts of an attempt. The stages hold them in order.
 */
import type { Moment } from '../capture/packet.ts';
import type { IcmpError } from '../tcp/stream.ts';
import type { Facts } from './facts.ts';
import type { Code, Confidence, Outcome, Party, Proof, Reason, Role } from './verdict.ts';

/** What a rule that applies says; what it leaves out is the catalogue's. */
export interface Finding {
  readonly proofs: readonly Proof[];
  readonly fault?: readonly Party[];
  readonly outcome?: Outcome;
  readonly base?: Confidence;
  /** Reasons beyond those that every verdict of its kind has. */
  readonly because?: readonly Reason[];
  readonly signals?: readonly string[];
  readonly missing?: readonly string[];
  readonly likely?: Code | null;
}

export interface Rule {
  readonly code: Code;
  applies(facts: Facts): Finding | undefined;
}

/** What an ICMP error says, as a reason. */
export function reported({ reporter, version, type, code }: IcmpError): Reason {
  return { reason: 'icmp', reporter, version, type, code };
}

/** The packets that were seen, in the order given; absent ones are left out. */
export function proofs(...pairs: readonly (readonly [Role, Moment | null | undefined])[]): Proof[] {
  const found: Proof[] = [];
  for (const [role, at] of pairs) prove(found, role, at);
  return found;
}

/** One more of them, if it was seen and is none of those. */
export function prove(found: Proof[], role: Role, at: Moment | null | undefined): void {
  if (at == null) return;
  for (const p of found) if (p.role === role && p.at.frame === at.frame && p.at.file === at.file) return;
  found.push({ at, role });
}
