/**
 * Records in, records out in which secrets are masked: in header fields, URLs, bodies, reasons and keys of deliveries.
 * It stands between the analysis, whose rules see what was on the wire, and all reports, so that none can forget it.
 */
import type { HeaderField } from '../../http/message.ts';
import type {
  DeliveryRecord,
  DeliveryRecords,
  RecordSink,
  RequestRecord,
  ResponseRecord,
  TransactionRecord,
} from '../../verdict/verdict.ts';
import type { SecretNames } from './names.ts';
import { coveredPackets, isForm } from './packets.ts';
import { headerSpans, isInnocent, secretSpans } from './spans.ts';
import type { Span } from './values.ts';

/** What stands in a secret's place: a word that a URL, a form, JSON, XML and a shell take as it is. */
export const MASK = 'REDACTED';

/** Texts remembered with what is left of them: fields, targets and answers come again and again. Characters of one. */
const REMEMBERED = 4_096;
const LONGEST_REMEMBERED = 256;
/** Places in a head whose last field is remembered: each may keep the head that it was cut out of in memory. */
const PLACES = 64;

export function redacted(sink: RecordSink, names: SecretNames): RecordSink {
  const redactor = new Redactor(names);
  return {
    bodies: sink.bodies ?? true,
    wants: (outcome, verdict) => sink.wants?.(outcome, verdict) ?? true,
    packets: sink.packets ?? false,
    transaction: (record) => sink.transaction(redactor.transaction(record)),
    end(findings) {
      const { deliveries, unseen } = findings;
      const safe = {
        length: deliveries.length,
        *[Symbol.iterator]() {
          for (const record of deliveries) yield redactor.delivery(record);
        },
        several: () => redactor.several(deliveries) ?? safe,
      };
      sink.end({
        ...findings,
        // Names are given in order: where others follow, to all of these first.
        deliveries: unseen.length === 0 ? safe : [...safe],
        unseen: unseen.map((record) => ({ ...record, delivery: redactor.delivery(record.delivery) })),
      });
    },
  };
}

/** A field as it came last at its place in a head, and what is left of it. */
interface KnownField {
  readonly name: string;
  readonly value: string;
  /** Its name says that it is a secret. */
  readonly secret: boolean;
  readonly safe: HeaderField;
  /** Something of it is a secret, whether it is shown or not. */
  readonly hides: boolean;
}

class Redactor {
  readonly #names: SecretNames;
  /** Keys of deliveries that are secrets themselves, with what they are called instead: still told apart. */
  readonly #keys: Map<string, string>;
  /** What is left of a text when its secrets are masked. */
  readonly #texts: Map<string, string>;
  readonly #requestFields: KnownField[];
  readonly #responseFields: KnownField[];
  /** Where the key of a delivery was found last, and whether that is a secret's name. */
  #fromLast: string;
  #fromSecret: boolean;
  /** The body of an answer that came last: most are the same few words. */
  #answerLast: string | null;
  #answerSafe: string | null;
  /** A secret was met in the record at hand. */
  #met: boolean;

  constructor(names: SecretNames) {
    this.#names = names;
    this.#keys = new Map();
    this.#texts = new Map();
    this.#requestFields = [];
    this.#responseFields = [];
    this.#fromLast = '';
    this.#fromSecret = names.has('');
    this.#answerLast = null;
    this.#answerSafe = null;
    this.#met = false;
  }

  transaction(record: TransactionRecord): TransactionRecord {
    const { delivery } = record;
    this.#met = false;
    const request = record.request && this.#request(record.request);
    // Only what the request hides can be what the key was.
    const named = delivery !== null && this.#met && this.#isSecret(delivery.key, record);
    const key = delivery === null ? '' : this.#key(delivery.key, named);
    return {
      ...record,
      request,
      response: record.response && this.#response(record.response),
      delivery: delivery === null || delivery.key === key ? delivery : { ...delivery, key },
      packets: coveredPackets(record, this.#names),
    };
  }

  delivery(record: DeliveryRecord): DeliveryRecord {
    const key = this.#key(record.key, this.#isNamed(record));
    const path = this.#text(record.path);
    return key === record.key && path === record.path ? record : { ...record, key, path };
  }

  /** Those of several attempts; null where all deliveries have to be looked at, to number the keys that are secrets. */
  several(deliveries: DeliveryRecords): DeliveryRecord[] | null {
    const several = [...(deliveries.several?.() ?? deliveries)];
    const isSecret = (record: DeliveryRecord) =>
      this.#keys.has(record.key) || this.#isNamed(record) || secretSpans(record.key, this.#names).length > 0;
    return several.some(isSecret) ? null : several.map((record) => this.delivery(record));
  }

  /** The last word of `json:/card/token`, `form:sign`, `header:X-Api-Key` names the field. */
  #isNamed({ keyFrom }: DeliveryRecord): boolean {
    const from = keyFrom ?? '';
    if (from !== this.#fromLast) {
      this.#fromLast = from;
      this.#fromSecret = this.#names.has(
        from.slice(Math.max(from.lastIndexOf(':'), from.lastIndexOf('/')) + 1),
      );
    }
    return this.#fromSecret;
  }

  #request(request: RequestRecord): RequestRecord {
    const { headers, body } = request;
    return {
      ...request,
      target: this.#text(request.target),
      url: this.#text(request.url),
      host: this.#host(request.host),
      headers: this.#headers(headers, this.#requestFields),
      body: this.#body(body, headers),
    };
  }

  #response(response: ResponseRecord): ResponseRecord {
    const { headers, body } = response;
    return {
      ...response,
      reason: this.#text(response.reason),
      headers: this.#headers(headers, this.#responseFields),
      body: isForm(headers) ? this.#body(body, headers) : this.#answer(body),
    };
  }

  /**
   * Heads of one kind have most fields in common: one that is as it was at its place before is known.
   * @param known by place.
   */
  #headers(headers: readonly HeaderField[], known: KnownField[]): HeaderField[] {
    const safe: HeaderField[] = [];
    for (let i = 0; i < headers.length; i++) {
      const { name, value } = headers[i]!;
      let field = known[i];
      if (field === undefined || field.name !== name || field.value !== value) {
        field = this.#field(headers[i]!, field);
        if (i < PLACES) known[i] = field;
      }
      this.#met ||= field.hides;
      safe.push(field.safe);
    }
    return safe;
  }

  /** @param before at the same place. */
  #field(field: HeaderField, before: KnownField | undefined): KnownField {
    const { name, value } = field;
    const secret = before?.name === name ? before.secret : this.#names.has(name);
    const safe = secret ? masked(value, headerSpans(name, value, this.#names)) : this.#text(value);
    const hides = safe !== value;
    if (name.length === 4 && name.toLowerCase() === 'host') {
      return { name, value, secret, safe: { name, value: this.#host(value) ?? '' }, hides };
    }
    return { name, value, secret, safe: hides ? { name, value: safe } : field, hides };
  }

  #body(body: string | null, headers: readonly HeaderField[]): string | null {
    if (body === null) return null;
    const spans = secretSpans(body, this.#names, isForm(headers));
    this.#met ||= spans.length > 0;
    return masked(body, spans);
  }

  #answer(body: string | null): string | null {
    if (body !== this.#answerLast) {
      this.#answerLast = body;
      this.#answerSafe = this.#text(body);
    }
    return this.#answerSafe;
  }

  #text<T extends string | null>(text: T): T | string {
    if (text === null || isInnocent(text)) return text;
    const safe = text.length > LONGEST_REMEMBERED ? this.#searched(text) : this.#remembered(text);
    this.#met ||= safe !== text;
    return safe;
  }

  #searched(text: string): string {
    return masked(text, secretSpans(text, this.#names));
  }

  #remembered(text: string): string {
    let safe = this.#texts.get(text);
    if (safe === undefined) {
      safe = owned(this.#searched(text));
      if (this.#texts.size >= REMEMBERED) this.#texts.clear();
      this.#texts.set(owned(text), safe);
    }
    return safe;
  }

  /** A Host field has no business with user information (RFC 9110 §7.2), which does not keep it from being there. */
  #host(host: string | null): string | null {
    return host === null || !host.includes('@') ? host : host.replace(/^[^@]*@/, `${MASK}@`);
  }

  /** @param named what it was found under says that it is a secret. */
  #key(key: string, named: boolean): string {
    const known = this.#keys.size === 0 ? undefined : this.#keys.get(key);
    if (known !== undefined) return known;
    if (!named && (isInnocent(key) || secretSpans(key, this.#names).length === 0)) return key;
    const name = `${MASK}-${this.#keys.size + 1}`;
    this.#keys.set(key, name);
    return name;
  }

  /** The key is a value that was masked where it stood. */
  #isSecret(key: string, { request }: TransactionRecord): boolean {
    if (request === null || key === '') return false;
    const { headers, target, body } = request;
    const hidden = (text: string | null, spansOf: (text: string) => readonly Span[]) =>
      text?.includes(key) === true &&
      spansOf(text).some(({ start, end }) => text.slice(start, end).includes(key));
    return (
      headers.some(({ name, value }) => hidden(value, (text) => headerSpans(name, text, this.#names))) ||
      hidden(target, (text) => secretSpans(text, this.#names)) ||
      hidden(body, (text) => secretSpans(text, this.#names, isForm(headers)))
    );
  }
}

/** A copy of its own: a piece of a head keeps all of that head in memory. */
function owned(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

export function masked(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  let result = '';
  let from = 0;
  for (const { start, end, bare } of spans) {
    result += text.slice(from, start) + (bare ? `"${MASK}"` : MASK);
    from = end;
  }
  return result + text.slice(from);
}
