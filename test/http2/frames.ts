/** Frames with any flags, for what no library sends; and what a client begins with. */
import { type Fields, frame, PREFACE, section, settings } from '../support/http2.ts';

export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

export const headers = (stream: number, fields: Fields, flags = END_HEADERS) =>
  frame(1, flags, stream, section(fields));

export const data = (stream: number, text: string, flags = 0) =>
  frame(0, flags, stream, Buffer.from(text, 'latin1'));

/** A client's direction: preface, settings and what follows. */
export const fromClient = (...frames: readonly Buffer[]) => Buffer.concat([PREFACE, settings(), ...frames]);

export const GET = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'a.example' };
