/**
 * Records in, records out in which secrets are masked: in header fields, URLs, bodies, reasons and keys of deliveries.
 * It stands between the analysis, whose rules see what was on the wire, and all reports, so that none can forget it.
 */
import type { HeaderField } from '../../http/message.ts';
import type { DeliveryRecord, RecordSink, TransactionRecord } from '../../verdict/verdict.ts';
import type { SecretNames } from './names.ts';
import { coveredPackets, isForm } from './packets.ts';
import { headerSpans, isInnocent, secretSpans } from './spans.ts';
import type { Span } from './values.ts';

/** What stands in a secret's place: a word that a URL, a form, JSON, XML and a shell take as it is. */
export const MASK = 'REDACTED';

/** Texts remembered with what is left of them: fields, targets and answers come again and again. Characters of one. */
const REMEMBERED = 4_096;
const LONGEST_REMEMBERED = 256;

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

class Redactor {
  readonly #names: SecretNames;
  /** Keys of deliveries that are secrets themselves, with what they are called instead: still told apart. */
  readonly #keys: Map<string, string>;
  /** What is left of a text when its secrets are masked. */
  readonly #texts: Map<string, string>;
  /** The body that was searched last, the fields it came with, and what was found. */
  #bodyLast: string;
  #headersLast: readonly HeaderField[];
  #spansLast: readonly Span[];

  constructor(names: SecretNames) {
    this.#names = names;
    this.#keys = new Map();
    this.#texts = new Map();
    this.#bodyLast = '';
    this.#headersLast = [];
    this.#spansLast = [];
  }

  transaction(record: TransactionRecord): TransactionRecord {
    const { request, response, delivery } = record;
    // First, because it looks through the request's body: what it finds there is at hand when that is masked.
    const key = delivery === null ? '' : this.#key(delivery.key, this.#isSecret(delivery.key, record));
    return {
      ...record,
      request: request && {
        ...request,
        target: this.#text(request.target),
        url: this.#text(request.url),
        host: this.#host(request.host),
        headers: this.#headers(request.headers),
        body: this.#body(request.body, request.headers),
      },
      response: response && {
        ...response,
        reason: this.#text(response.reason),
        headers: this.#headers(response.headers),
        body: isForm(response.headers)
          ? this.#body(response.body, response.headers)
          : this.#text(response.body),
      },
      delivery: delivery && { ...delivery, key },
      packets: coveredPackets(record, this.#names),
    };
  }

  delivery(record: DeliveryRecord): DeliveryRecord {
    // The last word of `json:/card/token`, `form:sign`, `header:X-Api-Key` names the field.
    const from = record.keyFrom ?? '';
    const secret = this.#names.has(from.slice(Math.max(from.lastIndexOf(':'), from.lastIndexOf('/')) + 1));
    return { ...record, key: this.#key(record.key, secret), path: this.#text(record.path) };
  }

  #headers(headers: readonly HeaderField[]): HeaderField[] {
    return headers.map((field) => {
      const { name, value } = field;
      if (name.length === 4 && name.toLowerCase() === 'host') return { name, value: this.#host(value) ?? '' };
      const safe = this.#names.has(name)
        ? masked(value, headerSpans(name, value, this.#names))
        : this.#text(value);
      return safe === value ? field : { name, value: safe };
    });
  }

  #body(body: string | null, headers: readonly HeaderField[]): string | null {
    if (body === null) return null;
    return masked(body, this.#bodySpans(body, headers));
  }

  #text<T extends string | null>(text: T): T | string {
    if (text === null) return text;
    if (isInnocent(text)) return text;
    if (text.length > LONGEST_REMEMBERED) return masked(text, secretSpans(text, this.#names));
    let safe = this.#texts.get(text);
    if (safe === undefined) {
      safe = owned(masked(text, secretSpans(text, this.#names)));
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
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    if (!named && secretSpans(key, this.#names).length === 0) return key;
    const name = `${MASK}-${this.#keys.size + 1}`;
    this.#keys.set(key, name);
    return name;
  }

  /** The key is a value that was masked where it stood. */
  #isSecret(key: string, { request }: TransactionRecord): boolean {
    if (request === null || key === '') return false;
    const { headers, target, body } = request;
    // Nothing is looked for in what does not hold the key at all, as most fields do not.
    const hidden = (text: string | null, spansOf: (text: string) => readonly Span[]) =>
      text?.includes(key) === true &&
      spansOf(text).some(({ start, end }) => text.slice(start, end).includes(key));
    return (
      headers.some(({ name, value }) => hidden(value, (text) => headerSpans(name, text, this.#names))) ||
      hidden(target, (text) => secretSpans(text, this.#names)) ||
      hidden(body, (text) => this.#bodySpans(text, headers))
    );
  }

  /** Asked once for the body and once for the key that stands in it. */
  #bodySpans(body: string, headers: readonly HeaderField[]): readonly Span[] {
    if (this.#bodyLast !== body || this.#headersLast !== headers) {
      this.#spansLast = secretSpans(body, this.#names, isForm(headers));
      this.#bodyLast = body;
      this.#headersLast = headers;
    }
    return this.#spansLast;
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
