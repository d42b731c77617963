/**
 * The evidence: the packets of the failed transactions (with `--only`, of those asked for), all of their connections, and
 * the ICMP errors about them, as pcapng. The verdicts stand in the comments of the file, what a packet shows in its
 * own. Analyzed again it gives the same verdicts. The capture is read a second time for it. What is encrypted stays so;
 * its keys are added only where nothing is to be masked, and of these connections only.
 */
import type { Packet } from '../capture/packet.ts';
import { PcapngWriter } from '../capture/pcapng-writer.ts';
import { UserError } from '../error.ts';
import type { CaptureRecord } from '../verdict/verdict.ts';
import { VERSION } from '../version.ts';
import type { ReportContext } from './context.ts';
import { overwrite } from './evidence/overwrite.ts';
import { PacketSpool } from './evidence/packet-spool.ts';
import { Story } from './evidence/story.ts';
import { Streams } from './evidence/streams.ts';
import type { Output, Reporter } from './reporter.ts';
import { isFailure } from './text.ts';

/** @throws UserError where the capture cannot be read twice. */
export function pcapngReporter(output: Output, context: ReportContext): Reporter {
  const { only, retrace, secrets } = context;
  if (retrace === null) {
    const hint = 'save the packets to a file first (tcpdump -w FILE), and analyze that';
    throw new UserError('flag', `pcapng needs files that can be read twice: ${hint}`);
  }
  const story = new Story(context);
  let capture: CaptureRecord | null = null;
  return {
    bodies: false,
    transaction(record) {
      const { outcome, verdict } = record;
      story.add(record, only === null ? isFailure(outcome, verdict) : only.includes(outcome));
    },
    end(findings) {
      capture = findings.capture;
    },
    async finish() {
      if (capture !== null) await writeEvidence(capture);
    },
  };

  async function writeEvidence(judged: CaptureRecord): Promise<void> {
    const { connections } = story;
    const spool = new PacketSpool();
    const streams = secrets === null ? null : new Streams(secrets);
    let keyLog = '';
    try {
      const facts = await retrace!(
        {
          wants: (connection) => connections.has(connection),
          onPacket: (packet, traced) => spool.push(packet, traced),
          onBytes: (...bytes) => streams?.onBytes(...bytes),
          onTransaction: (transaction) => streams?.onTransaction(transaction),
          onKeyLog: (lines) => {
            keyLog = lines;
          },
        },
        judged.packets,
      );
      const { epoch, digits } = facts;
      const writer = new PcapngWriter((bytes) => output.write(bytes), { epoch: epoch ?? 0n, digits });
      const keys = keyLog === '' ? 'none' : secrets === null ? 'inside' : 'left out';
      writer.section(
        `wirewitness ${VERSION}`,
        story.fileComments(judged, { masked: secrets !== null, keys }),
      );
      if (keys === 'inside') writer.secrets(Buffer.from(keyLog, 'latin1'));
      const ids = new Map<number, number>();
      const idOf = ({ interfaceIndex, link }: Pick<Packet, 'interfaceIndex' | 'link'>): number => {
        let id = ids.get(interfaceIndex);
        if (id === undefined) {
          const name = facts.interfaces[interfaceIndex]?.name ?? null;
          id = writer.addInterface({ name, link, snaplen: 0, filter: null });
          ids.set(interfaceIndex, id);
        }
        return id;
      };
      spool.drain((packet, traced) => {
        const { connection, side, offset, payload, payloadEnd } = traced;
        const hidden =
          streams?.hidden(connection, side, offset, packet.bytes.subarray(payload, payloadEnd)) ?? [];
        const overwritten = overwrite(packet, traced, hidden);
        writer.packet(idOf(packet), packet, story.packetComments(packet, facts, connection, overwritten));
      });
      // How long the capture went on, and what it lost, decide what an absence is worth.
      const last = facts.endTime ?? facts.lastTime;
      const [first] = facts.interfaces;
      if (ids.size === 0 && first !== undefined && first.link >= 0)
        idOf({ interfaceIndex: 0, link: first.link });
      if (ids.size > 0 && last !== null) {
        const counts = { received: null, droppedByInterface: facts.dropped, droppedBySystem: null };
        const comments = ['when the capture ended from which these packets were taken'];
        writer.statistics(0, last, { ...counts, first: facts.firstTime, last }, comments);
      }
    } finally {
      spool.close();
    }
  }
}
