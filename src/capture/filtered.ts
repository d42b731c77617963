/**
 * A capture seen through a pcap-filter(7) expression: a source in, the same source without the packets that the
 * expression does not accept out. Files, frame numbers and times stay those of the capture. Each link type has a
 * program of its own, made when its first packet comes.
 */
import type { BpfProgram } from './bpf.ts';
import { count, UNKNOWN_LINK } from './delivery.ts';
import type { CompileFilter } from './filter-compiler.ts';
import { FilterHides } from './filter-hides.ts';
import type { CaptureFacts, Packet, PacketSource } from './packet.ts';

/** What an expression is tried on where no packet comes: a wrong one is wrong all the same. */
const ETHERNET = 1;

/** @returns a source whose `run` also throws what `compile` does, before the first packet of a link type. */
export function filtered(source: PacketSource, expression: string, compile: CompileFilter): PacketSource {
  const { facts } = source;
  facts.filter = expression;
  const programs = new Map<number, BpfProgram>();
  const hides = new FilterHides();
  const left = { out: 0, tagged: 0, icmp: 0, unknown: 0 };
  const programOf = (link: number): BpfProgram => {
    let program = programs.get(link);
    if (program === undefined) {
      program = compile(expression, link);
      programs.set(link, program);
    }
    return program;
  };
  return {
    facts,
    async run(onPacket, signal, onTime) {
      const pass = (packet: Packet): void => {
        const { link, bytes, start, end, wireLength } = packet;
        if (link === UNKNOWN_LINK) {
          left.unknown++;
          return;
        }
        const program = programOf(link);
        if (program.accepts(bytes, start, end, wireLength)) {
          onPacket(packet);
          return;
        }
        left.out++;
        const hidden = hides.whatOf(packet, program);
        if (hidden !== null) left[hidden]++;
      };
      await source.run(pass, signal, onTime);
      if (programs.size === 0) programOf(ETHERNET);
      warn(facts, expression, left);
      return facts;
    },
  };
}

function warn(
  facts: CaptureFacts,
  expression: string,
  left: { readonly out: number; readonly tagged: number; readonly icmp: number; readonly unknown: number },
): void {
  const out = left.out + left.unknown;
  facts.warnings.push({
    code: 'filtered',
    text: `the filter "${expression}" left out ${out} of ${count(facts.packets, 'packet')}`,
  });
  if (left.icmp > 0) {
    facts.warnings.push({
      code: 'filter_hides_icmp',
      text: `the filter left out ${count(left.icmp, 'ICMP error')} about packets that it keeps: a filter on hosts or ports does not match what routers say of them (add: or icmp or icmp6)`,
    });
  }
  if (left.tagged > 0) {
    facts.warnings.push({
      code: 'filter_hides_vlan',
      text: `the filter left out ${count(left.tagged, 'packet')} only because of a VLAN tag (add, in parentheses: or (vlan and …))`,
    });
  }
  if (left.unknown > 0) {
    facts.warnings.push({
      code: 'filter_unknown_link',
      text: `${count(left.unknown, 'packet')} of a link type that is not known were left out: no filter applies to them`,
    });
  }
}
