/**
 * In: the captured bytes of a body and its Content-Encoding. Out: the content (RFC 9110 §8.4), as far as it can be
 * had: a body that was cut gives its prefix, a damaged one what precedes the damage, a bomb as many of its first bytes as can be had (brotli may give none).
 * Never throws; what comes out is bounded at each layer by LIMITS.decodedBodyBytes.
 */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
} from 'node:zlib';
import { LIMITS } from '../limits.ts';
import { trimBlanks } from './grammar.ts';

export interface Content {
  readonly bytes: Buffer;
  /** All codings were undone to their ends, so `bytes` is the content of the bytes that were given. */
  readonly complete: boolean;
  /**
   * Why it is not complete. `cut`: the coded bytes stop short. `corrupt`: they are not of the coding that is named.
   * `limit`: LIMITS.decodedBodyBytes. `unknown_coding`, `too_many_codings`: `bytes` is still coded.
   */
  readonly error?: ContentError;
}

export type ContentError = 'cut' | 'corrupt' | 'limit' | 'unknown_coding' | 'too_many_codings';

/** Undoes one coding; throws as node:zlib does. `whole` false: bytes that stop short are no error. */
type Decode = (bytes: Buffer, whole: boolean) => Buffer;

const MAX_OUTPUT = { maxOutputLength: LIMITS.decodedBodyBytes };
const ZLIB_WHOLE: ZlibOptions = MAX_OUTPUT;
const ZLIB_PREFIX: ZlibOptions = { ...MAX_OUTPUT, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI_PREFIX = { ...MAX_OUTPUT, finishFlush: constants.BROTLI_OPERATION_FLUSH };

const gzip: Decode = (bytes, whole) => gunzipSync(bytes, whole ? ZLIB_WHOLE : ZLIB_PREFIX);

/** RFC 9110 §8.4.1.2 means the zlib format; many senders leave its header away, and its check tells them apart. */
const deflate: Decode = (bytes, whole) => {
  const options = whole ? ZLIB_WHOLE : ZLIB_PREFIX;
  const first = bytes[0] ?? 0;
  const zlib = (first & 0x0f) === 8 && ((first << 8) | (bytes[1] ?? 0)) % 31 === 0;
  return zlib ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
};

const brotli: Decode = (bytes, whole) => brotliDecompressSync(bytes, whole ? MAX_OUTPUT : BROTLI_PREFIX);

const CODINGS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', brotli],
]);

/** Layers of codings: no sender means more than two. */
const MAX_CODINGS = 4;

/**
 * @param contentEncoding the field's value, several joined by commas in the order they were applied; '' for none.
 */
export function decodeContent(bytes: Buffer, contentEncoding: string): Content {
  const codings = contentEncoding === '' ? [] : codingsIn(contentEncoding);
  if (codings.length > MAX_CODINGS) return bounded(bytes, 'too_many_codings');
  let content: Content = { bytes, complete: true };
  // An empty body has nothing to undo: also one that declares a coding, as answers to HEAD do.
  if (bytes.length === 0) return content;
  for (const coding of codings.reverse()) {
    const decode = CODINGS.get(coding);
    if (decode === undefined) return bounded(content.bytes, 'unknown_coding');
    const layer = undo(decode, content.bytes);
    // What the outer layer lacks is why the inner one stops short.
    content = content.complete ? layer : { ...layer, complete: false, error: content.error ?? 'cut' };
  }
  return content.bytes.length > LIMITS.decodedBodyBytes ? bounded(content.bytes, 'limit') : content;
}

function codingsIn(contentEncoding: string): string[] {
  return contentEncoding
    .split(',')
    .map((coding) => trimBlanks(coding).toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

function undo(decode: Decode, bytes: Buffer): Content {
  try {
    return { bytes: decode(bytes, true), complete: true };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') return { ...longestPrefix(decode, bytes), error: 'limit' };
    if (code !== 'Z_BUF_ERROR') return { ...longestPrefix(decode, bytes), error: 'corrupt' };
  }
  try {
    return { bytes: decode(bytes, false), complete: false, error: 'cut' };
  } catch {
    return { ...longestPrefix(decode, bytes), error: 'corrupt' };
  }
}

/**
 * The synchronous functions of node:zlib give all or nothing, so the input is halved until they give: a prefix of
 * the input yields a prefix of the output. Half of the limit is enough: it spares the rest of the search on a bomb.
 */
function longestPrefix(decode: Decode, bytes: Buffer): { bytes: Buffer; complete: false } {
  let best: Buffer = Buffer.alloc(0);
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1 && best.length < LIMITS.decodedBodyBytes / 2) {
    const middle = (good + bad) >>> 1;
    try {
      best = decode(bytes.subarray(0, middle), false);
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return { bytes: best, complete: false };
}

function bounded(bytes: Buffer, error: ContentError): Content {
  return { bytes: bytes.subarray(0, LIMITS.decodedBodyBytes), complete: false, error };
}
