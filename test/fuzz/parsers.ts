/**
 * Holds single parsers against any bytes: HTTP and HTTP/2 in either direction however they are cut, content codings, and the readers of
 * capture files however their buffer is refilled.
 */
import { HTTP } from '../../src/analyzer.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import { UserError } from '../../src/error.ts';
import { decodeBody } from '../../src/http/text.ts';
import { LIMITS } from '../../src/limits.ts';
import { copyOf } from '../capture/collect.ts';
import { bytewise, cutAt, feed, outcome, type Piece, requests, responses } from '../http/recorder.ts';
import { CLIENT, play, type Recording, SERVER } from '../http2/recorder.ts';
import { type Problem, Problems } from './problem.ts';
import { Random } from './random.ts';

/** What is not in the bytes is drawn from them, so that the bytes alone repeat a finding. */
function drawnFrom(bytes: Buffer): Random {
  let seed = bytes.length;
  for (let i = 0; i < bytes.length; i += 1 + (bytes.length >> 6))
    seed = Math.imul(seed ^ bytes[i]!, 0x01000193);
  return new Random(seed);
}

export async function checkHttp(bytes: Buffer): Promise<Problem[]> {
  const problems = new Problems();
  const random = drawnFrom(bytes);
  // Where the first letters of a line are alone in a segment and the next one begins with a message, that cut tells.
  const cuts = Array.from({ length: random.about(12) }, () => random.below(bytes.length + 1)).filter(
    (cut) => !beginsMessage(bytes, cut),
  );
  const methods = Array.from({ length: 8 }, () => random.pick(['POST', 'HEAD', 'GET', 'CONNECT']));
  for (const midStream of [false, true]) {
    for (const make of [() => requests({ midStream }), () => responses(methods, { midStream })]) {
      try {
        const whole = feed(make(), [bytes]);
        const { position } = whole.parser;
        problems.check(
          position === bytes.length,
          'every byte is read',
          () => `${position} of ${bytes.length}`,
        );
        const open = whole.messages.filter(({ end, head }) => end === undefined || head === undefined);
        problems.check(open.length === 0, 'every message ends', () => `${open.length} are open`);
        // After lost synchronisation a message may begin where a piece does: there the cut may tell.
        if (midStream || whole.other() !== '') continue;
        const told = JSON.stringify(outcome(whole));
        const pieces = JSON.stringify(outcome(feed(make(), cutAt(bytes, cuts))));
        problems.check(pieces === told, 'no cut changes what is told', () => `${told}\n${pieces}`);
        if (bytes.length > 20_000) continue;
        const single = JSON.stringify(outcome(feed(make(), bytewise(bytes))));
        problems.check(single === told, 'no cut changes what is told', () => `${told}\n${single}`);
      } catch (error) {
        problems.thrown(error);
      }
    }
  }
  const gapped: Piece[] = cutAt(bytes, cuts).flatMap((piece): Piece[] =>
    random.chance(0.5) ? [piece, random.about(5000)] : [piece],
  );
  try {
    for (const recorder of [feed(requests(), gapped), feed(responses(methods), gapped, 'reset')]) {
      const open = recorder.messages.filter(({ end }) => end === undefined);
      problems.check(open.length === 0, 'every message ends', () => `${open.length} are open`);
    }
  } catch (error) {
    problems.thrown(error);
  }
  return problems.list;
}

/** As either side's, whole, in pieces, and with holes. */
export async function checkHttp2(bytes: Buffer): Promise<Problem[]> {
  const problems = new Problems();
  const random = drawnFrom(bytes);
  const cuts = Array.from({ length: random.about(12) }, () => random.below(bytes.length + 1));
  for (const side of [CLIENT, SERVER] as const) {
    const pieces = (parts: readonly Uint8Array[]) =>
      parts.map((part) => ({ side, bytes: Buffer.from(part) }));
    const held = ({ session, stored }: Recording, length: number) => {
      const position = session.position(side);
      problems.check(position === length, 'every byte is read', () => `${position} of ${length}`);
      problems.check(stored.bytes === 0, 'nothing is held after the end', () => `${stored.bytes} bytes`);
    };
    try {
      for (const midStream of [false, true]) {
        const whole = play(pieces([bytes]), { midStream: [midStream, midStream] });
        held(whole, bytes.length);
        // A frame that is searched for may be found where a piece begins: there the cut may tell.
        if (midStream || whole.told.some(({ call }) => call === 'lost')) continue;
        const told = JSON.stringify(whole.told);
        const ways = [cutAt(bytes, cuts), bytes.length > 20_000 ? [] : bytewise(bytes)];
        for (const way of ways.filter(({ length }) => length > 0)) {
          const other = JSON.stringify(play(pieces(way)).told);
          problems.check(other === told, 'no cut changes what is told', () => `${told}\n${other}`);
        }
      }
      let missing = 0;
      const holes = pieces(cutAt(bytes, cuts)).flatMap((piece) => {
        if (random.chance(0.6)) return [piece];
        const gap = random.about(5000);
        missing += gap;
        return [piece, { side, gap }];
      });
      held(play(holes), bytes.length + missing);
    } catch (error) {
      problems.thrown(error);
    }
  }
  return problems.list;
}

function beginsMessage(bytes: Buffer, at: number): boolean {
  return (
    HTTP.looksLikeRequest(bytes, at, bytes.length) === 'yes' ||
    HTTP.looksLikeResponse(bytes, at, bytes.length) === 'yes'
  );
}

const CODINGS = ['gzip', 'deflate', 'br', 'x-gzip', 'identity', 'compress', 'zstd', ''];
const TYPES = [
  'text/plain',
  'text/plain; charset=gbk',
  'application/json; charset="utf-16le"',
  'x; charset=\x00',
  '',
];

export async function checkContent(bytes: Buffer): Promise<Problem[]> {
  const problems = new Problems();
  const random = drawnFrom(bytes);
  for (let i = 0; i < 4; i++) {
    const codings = Array.from({ length: random.about(4) }, () => random.pick(CODINGS)).join(', ');
    const head = {
      headers: [
        { name: 'Content-Encoding', value: i === 0 ? 'gzip' : codings },
        { name: 'content-type', value: random.pick(TYPES) },
      ],
    };
    const body = bytes.toString('latin1', 0, LIMITS.bodyBytes);
    try {
      const one = decodeBody(body, head, true);
      const other = decodeBody(body, head, true);
      problems.check(one.text === other.text, 'the same bytes give the same output', () => codings);
      const length = one.text?.length ?? 0;
      problems.check(length <= LIMITS.decodedBodyBytes, 'bodies are bounded', () => `${length}`);
    } catch (error) {
      problems.thrown(error);
    }
  }
  return problems.list;
}

/** In one piece, byte by byte, and in pieces of any size: the same packets, the same facts. */
export async function checkRefill(bytes: Buffer): Promise<Problem[]> {
  const problems = new Problems();
  const random = drawnFrom(bytes);
  const cuts = Array.from({ length: random.about(40) }, () => random.below(bytes.length + 1));
  const whole = await reading([bytes], problems);
  const ways = [cutAt(bytes, cuts), bytes.length > 20_000 ? [bytes] : bytewise(bytes)];
  for (const pieces of ways) {
    const read = await reading(pieces, problems);
    problems.check(read === whole, 'no refill changes what is read', () => `${whole}\n${read}`);
  }
  return problems.list;
}

async function reading(pieces: readonly Uint8Array[], problems: Problems): Promise<string> {
  const packets: unknown[] = [];
  try {
    const { epoch, ...facts } = await bufferSource(pieces).run((packet) => packets.push(copyOf(packet)));
    return JSON.stringify([`${epoch}`, facts, packets]);
  } catch (error) {
    // How much of it is quoted depends on how much has come.
    if (error instanceof UserError) return 'no capture';
    problems.thrown(error);
    return '';
  }
}
