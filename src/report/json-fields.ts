/**
 * Header fields of one kind of message, into a line of JSON. All but a few are as those of the message before, at the same
 * places: compared there, and put as they were put.
 */
import type { HeaderField } from '../http/message.ts';
import { type JsonLine, piece } from './json-line.ts';

/** Places that are remembered: each may keep the head that its field was cut out of in memory. */
const PLACES = 64;

interface KnownField {
  readonly field: HeaderField;
  /** Null until it comes a second time: of what is new in each message a copy would be made for nothing. */
  json: Uint8Array | null;
}

const FIRST_NAME = piece('{"name":');
const NAME = piece(',{"name":');
const VALUE = piece(',"value":');
const END = piece('}');
const OPEN = piece('[');
const CLOSE = piece(']');

export class JsonFields {
  readonly #known: KnownField[] = [];

  put(fields: readonly HeaderField[], line: JsonLine): void {
    line.put(OPEN);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      const known = i < this.#known.length ? this.#known[i]! : null;
      if (known === null || !isAlike(known.field, field)) {
        putField(field, i, line);
        if (i < PLACES) this.#known[i] = { field, json: null };
      } else if (known.json === null) {
        const start = line.length;
        putField(field, i, line);
        known.json = line.copyFrom(start);
      } else {
        line.put(known.json);
      }
    }
    line.put(CLOSE);
  }
}

function isAlike(a: HeaderField, b: HeaderField): boolean {
  return a === b || (a.name === b.name && a.value === b.value);
}

function putField({ name, value }: HeaderField, place: number, line: JsonLine): void {
  line.put(place === 0 ? FIRST_NAME : NAME);
  line.text(name);
  line.put(VALUE);
  line.text(value);
  line.put(END);
}
