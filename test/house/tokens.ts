/**
 * TypeScript source in, its tokens out: enough to tell code from comments and strings, which is all that the tests
 * of the house need. A `/` after a value divides, anywhere else it opens a regular expression; the one shape
 * this gets wrong, a regular expression right after `)` or `}`, is not written here.
 */

type Kind = 'word' | 'string' | 'template' | 'comment' | 'regex' | 'number' | 'punct';

export interface Token {
  readonly kind: Kind;
  /** As written; a string without its quotes. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** Tried in this order at each place. A string's group is what its quotes hold. */
const PATTERNS: readonly (readonly [Kind | 'space', RegExp])[] = [
  ['space', /\s+/y],
  // `#!` only where nothing stands before it.
  ['comment', /\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<![\s\S])#![^\n]*/y],
  ['string', /'((?:[^'\\\n]|\\[\s\S])*)'|"((?:[^"\\\n]|\\[\s\S])*)"/y],
  // `#name` is one word, so that a private member is never taken for a global.
  ['word', /#?[\p{ID_Start}$_][\p{ID_Continue}$]*/uy],
  ['number', /\d[\w.]*/y],
  ['regex', /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y],
  ['punct', /\.\.\.|\?\.|[\s\S]/y],
];

const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/** Keywords after which a value is still to come. */
const BEFORE_VALUE = new Set(
  'return typeof case in of delete void throw new else do instanceof await yield'.split(' '),
);

export function tokens(source: string): Token[] {
  const found: Token[] = [];
  /** Open braces inside each `${` that is still open. */
  const holes: number[] = [];
  let at = 0;
  let line = 1;
  let previous: Token | undefined;

  function add(kind: Kind, text: string): void {
    const token = { kind, text, line };
    found.push(token);
    if (kind !== 'comment') previous = token;
  }
  function pass(text: string): void {
    at += text.length;
    line += text.split('\n').length - 1;
  }
  /** From behind the opening backquote, or behind the brace that ends a hole. */
  function template(): void {
    const text = matchAt(TEMPLATE_TEXT, source, at)?.[0] ?? '';
    add('template', text);
    pass(text);
    if (source.startsWith('${', at)) {
      holes.push(0);
      pass('${');
      // An expression follows, so a `/` there opens a regular expression.
      previous = undefined;
    } else {
      pass('`');
    }
  }

  while (at < source.length) {
    const depth = holes.at(-1);
    if (source[at] === '`' || (source[at] === '}' && depth === 0)) {
      if (source[at] === '}') holes.pop();
      pass('`');
      template();
      continue;
    }
    for (const [kind, pattern] of PATTERNS) {
      if (kind === 'regex' && afterValue(previous)) continue;
      const match = matchAt(pattern, source, at);
      if (match === null) continue;
      const [whole] = match;
      if (kind !== 'space') add(kind, match[1] ?? match[2] ?? whole);
      if (depth !== undefined && kind === 'punct') {
        holes[holes.length - 1] = depth + (whole === '{' ? 1 : whole === '}' ? -1 : 0);
      }
      pass(whole);
      break;
    }
  }
  return found;
}

function matchAt(sticky: RegExp, source: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(source);
}

function afterValue(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'punct') return token.text === ')' || token.text === ']' || token.text === '}';
  return !(token.kind === 'word' && BEFORE_VALUE.has(token.text));
}
