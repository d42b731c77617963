/**
 * Elements from names, attributes and children. Text that came from packets goes in as text nodes or attribute
 * values only, and with its control and format characters made visible: no string is ever parsed as HTML.
 */
import { escapeText } from '../../escape.ts';

type Child = Node | string | null;
/** Null and false leave an attribute out. */
type Attributes = Readonly<Record<string, string | number | boolean | null | ((event: Event) => void)>>;

const SVG = 'http://www.w3.org/2000/svg';

export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  fill(element, attributes, children);
  return element;
}

export function s<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  fill(element, attributes, children);
  return element;
}

function fill(element: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null && value !== false) {
      element.setAttribute(name, value === true ? '' : escapeText(String(value)));
    }
  }
  for (const child of children) {
    if (child !== null) element.append(typeof child === 'string' ? escapeText(child) : child);
  }
}

/** A text whose own line breaks and tabs stay: bodies. */
export function lines(text: string): Text {
  return document.createTextNode(
    text
      .split(/(\r?\n|\t)/)
      .map((part, i) => (i % 2 === 1 ? part : escapeText(part)))
      .join(''),
  );
}

/** A sentence in which names of fields stand between backquotes. */
export function prose(text: string): Child[] {
  return text.split('`').map((part, i) => (i % 2 === 1 ? h('code', {}, part) : part));
}

/** The page's own element of that id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has lost its element ${id}`);
  return element;
}

const MARKS = {
  delivered: 'M6 1a5 5 0 1 0 0 10a5 5 0 0 0 0-10z',
  refused: 'M1.6 1.6h8.8v8.8H1.6z',
  unanswered: 'M2.8 1L6 4.2L9.2 1L11 2.8L7.8 6L11 9.2L9.2 11L6 7.8L2.8 11L1 9.2L4.2 6L1 2.8z',
  unsent: 'M6 1L11.4 10.6H.6z',
  missing: 'M6 .4L11.6 6L6 11.6L.4 6z',
  pending: 'M6 1a5 5 0 1 0 0 10a5 5 0 0 0 0-10zm0 2a3 3 0 1 1 0 6a3 3 0 0 1 0-6z',
  unknown: 'M6 .4L11.6 6L6 11.6L.4 6zM6 3.2L3.2 6L6 8.8L8.8 6z',
} as const;

/** The sign of an outcome: its shape tells it without its colour. */
export function sign(outcome: keyof typeof MARKS, label: string | null = null): SVGSVGElement {
  return s(
    'svg',
    {
      class: `sign ${outcome}`,
      viewBox: '0 0 12 12',
      role: label === null ? null : 'img',
      'aria-label': label,
      'aria-hidden': label === null ? 'true' : null,
    },
    s('path', { d: MARKS[outcome], 'fill-rule': 'evenodd' }),
  );
}

export function signPath(outcome: keyof typeof MARKS): string {
  return MARKS[outcome];
}
