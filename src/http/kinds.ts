/**
 * What requests and responses differ in, for the one parser that reads both.
 */
import type { OnLimit } from '../limits.ts';
import { cleanRequestHead, cleanResponseHead } from './clean-head.ts';
import { parseRequestHead, parseResponseHead } from './grammar.ts';
import type { OnAnomaly, RequestHead, ResponseHead } from './message.ts';
import {
  isLikelyRequest,
  isLikelyResponse,
  isRequestPrefix,
  isSimpleRequest,
  requestRestart,
  requestStart,
  responseRestart,
  responseStart,
  type StartLine,
} from './start-line.ts';

export interface Kind<H> {
  /** Recognises a start line where one is expected. */
  readonly start: StartLine;
  /** The head that begins there, where the run has all of it and nothing in it is odd; else null. */
  clean(bytes: Buffer, start: number, end: number): H | null;
  /** Recognises a start line where the position is a guess. */
  readonly restart: StartLine;
  /** Whether a line that was cut before it was recognised is the beginning of a message. */
  isPrefix(bytes: Uint8Array, start: number, end: number): boolean;
  /** Whether such a line is one where the position is a guess. */
  isLikely(bytes: Uint8Array, start: number, end: number): boolean;
  /** Whether a first line is a whole message (HTTP/0.9). */
  isWhole(bytes: Uint8Array, start: number, end: number): boolean;
  parse(text: string, complete: boolean, odd: boolean, onAnomaly: OnAnomaly, onLimit: OnLimit): H;
}

export const REQUEST: Kind<RequestHead> = {
  start: requestStart,
  clean: cleanRequestHead,
  restart: requestRestart,
  isPrefix: isRequestPrefix,
  isLikely: isLikelyRequest,
  isWhole: isSimpleRequest,
  parse: parseRequestHead,
};

export const RESPONSE: Kind<ResponseHead> = {
  start: responseStart,
  clean: cleanResponseHead,
  restart: responseRestart,
  // Nothing else begins with `HTTP/`.
  isPrefix: () => true,
  isLikely: isLikelyResponse,
  isWhole: () => false,
  parse: parseResponseHead,
};
