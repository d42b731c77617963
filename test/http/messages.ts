/**
 * Arbitrary valid HTTP/1.1 messages as bytes, with what a parser must make of them.
 */
import fc from 'fast-check';

export interface Built {
  wire: string;
  /** Start line parts: method and target, or status and reason. */
  start: [string, string];
  fields: [string, string][];
  body: string;
}

const TOKEN = [..."!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz"];
const VISIBLE = [...'!"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\xe4\xff'];

const name = fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 }).map((s) => `X-${s}`);
const word = fc.string({ unit: fc.constantFrom(...VISIBLE), minLength: 1, maxLength: 20 });
const value = fc.array(word, { maxLength: 3 }).map((words) => words.join(' '));
const blank = fc.constantFrom('', ' ', '  ', '\t', ' \t ');
const body = fc.string({
  unit: fc.constantFrom(...'ab01{}"\r\n', 'GET / HTTP/1.1\r\n\r\n', '0\r\n\r\n', '\0', '\xff'),
  maxLength: 40,
});

/** Field lines as sent, and what they mean. */
const fields = fc.array(fc.record({ name, value, before: blank, after: blank }), { maxLength: 6 });

const extension = fc.constantFrom('', '', ';a', ';a=b', ';a="b\\"; c"', ';a;b=1');
const trailer = fc.constantFrom('', '', 'X-Sum: 1\r\n', 'X-A: b\r\nX-C:\r\n');

/** Cuts `text` into chunks of the given sizes. */
function chunks(text: string, sizes: readonly number[], ext: string, trailers: string): string {
  let wire = '';
  let at = 0;
  for (const size of sizes) {
    const part = text.slice(at, at + size);
    if (part === '') break;
    wire += `${part.length.toString(16)}${ext}\r\n${part}\r\n`;
    at += size;
  }
  if (at < text.length) wire += `${(text.length - at).toString(16).toUpperCase()}\r\n${text.slice(at)}\r\n`;
  return `${wire}0${ext}\r\n${trailers}\r\n`;
}

const coding = fc.record({
  chunked: fc.boolean(),
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
  extension,
  trailer,
});

function build(
  line: string,
  start: [string, string],
  sent: readonly { name: string; value: string; before: string; after: string }[],
  text: string,
  how: { chunked: boolean; sizes: readonly number[]; extension: string; trailer: string },
  bodiless = false,
): Built {
  const lines = sent.map((f) => `${f.name}:${f.before}${f.value}${f.after}`);
  const list: [string, string][] = sent.map((f) => [f.name, f.value]);
  const framing: [string, string] = how.chunked
    ? ['Transfer-Encoding', 'chunked']
    : ['Content-Length', String(text.length)];
  if (!bodiless) {
    lines.push(framing.join(': '));
    list.push(framing);
  }
  const coded = bodiless ? '' : how.chunked ? chunks(text, how.sizes, how.extension, how.trailer) : text;
  const wire = `${[line, ...lines].join('\r\n')}\r\n\r\n${coded}`;
  return { wire, start, fields: list, body: bodiless ? '' : text };
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'M-SEARCH', 'QUERY'];
const target = fc
  .string({ unit: fc.constantFrom(...'/?&=%.:~-az09'), maxLength: 20 })
  .map((rest) => `/${rest}`);

export const builtRequest: fc.Arbitrary<Built> = fc
  .tuple(fc.constantFrom(...METHODS), target, fields, body, coding)
  .map(([method, path, sent, text, how]) =>
    build(
      `${method} ${path} HTTP/1.1`,
      [method, path],
      [{ name: 'Host', value: 'a.example', before: ' ', after: '' }, ...sent],
      text,
      how,
    ),
  );

const reason = fc
  .array(fc.constantFrom('OK', 'Not', 'Found', "It's", '42'), { maxLength: 3 })
  .map((w) => w.join(' '));

export const builtResponse: fc.Arbitrary<Built> = fc
  .tuple(fc.constantFrom(200, 201, 204, 302, 304, 404, 500, 599), reason, fields, body, coding)
  .map(([status, words, sent, text, how]) =>
    build(
      `HTTP/1.1 ${status} ${words}`,
      [String(status), words],
      sent,
      text,
      how,
      status === 204 || status === 304,
    ),
  );

export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 5000 }), { maxLength: 12 });
