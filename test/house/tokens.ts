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

const SPACE = /\s+/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const SHEBANG = /#![^\n]*/y;
const STRING = /'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)"/y;
const REGEX = /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
// `#name` is one word, so that a private member is never taken for a global.
const WORD = /#?[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;
const PUNCT = /\.\.\.|\?\.|[^]/y;

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

  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match !== null) at = pattern.lastIndex;
    return match;
  }
  function add(kind: Kind, text: string, whole: string): void {
    const token = { kind, text, line };
    found.push(token);
    if (kind !== 'comment') previous = token;
    line += newlines(whole);
  }
  function template(): void {
    const text = take(TEMPLATE_TEXT)?.[0] ?? '';
    add('template', text, text);
    if (source.startsWith('${', at)) {
      at += 2;
      holes.push(0);
      // What follows `${` is an expression, so a `/` there opens a regular expression.
      previous = undefined;
    } else {
      at++;
    }
  }

  while (at < source.length) {
    let match = take(SPACE);
    if (match !== null) line += newlines(match[0]);
    else if (at === 0 && (match = take(SHEBANG)) !== null) add('comment', match[0], match[0]);
    else if ((match = take(COMMENT)) !== null) add('comment', match[0], match[0]);
    else if ((match = take(STRING)) !== null) add('string', match[1] ?? match[2] ?? '', match[0]);
    else if ((match = take(WORD)) !== null) add('word', match[0], '');
    else if ((match = take(NUMBER)) !== null) add('number', match[0], '');
    else if (!afterValue(previous) && (match = take(REGEX)) !== null) add('regex', match[0], '');
    else if (source[at] === '`') {
      at++;
      template();
    } else if (source[at] === '}' && holes.at(-1) === 0) {
      at++;
      holes.pop();
      template();
    } else {
      const text = take(PUNCT)?.[0] ?? '';
      const open = holes.length - 1;
      if (open >= 0 && text === '{') holes[open]!++;
      if (open >= 0 && text === '}') holes[open]!--;
      add('punct', text, '');
    }
  }
  return found;
}

function afterValue(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'punct') return token.text === ')' || token.text === ']' || token.text === '}';
  return !(token.kind === 'word' && BEFORE_VALUE.has(token.text));
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}
