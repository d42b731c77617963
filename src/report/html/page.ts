/**
 * The frame of the page: what stands before and after the data. One style and one script, both named by their hash in
 * a Content-Security-Policy (CSP Level 3) that allows nothing else: no request, no other script, no form, no base.
 */
import { createHash } from 'node:crypto';
import { escapeJson } from '../escape.ts';
import { SCRIPT, STYLE } from './assets.ts';
import type { PageWords } from './words/words.ts';

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** `title` and `answer` are shown where no script runs. */
export function pageStart(words: PageWords, answer: string): string {
  return `<!DOCTYPE html>
<html lang="${escapeHtml(words.tag)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(words.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header class="top"><span class="name"><b>wirewitness</b> ${escapeHtml(words.subtitle)}</span>
<button type="button" id="theme">${escapeHtml(words.theme)}</button>
<button type="button" id="print">${escapeHtml(words.print)}</button></header>
<main>
<div class="answer"><h1 id="headline"></h1><p id="read"></p><div id="counts"></div></div>
<noscript><p>${escapeHtml(answer)}</p><p>${escapeHtml(words.noScript)}</p></noscript>
<section id="findings" hidden></section>
<section id="timeline" hidden></section>
<section id="hosts" hidden></section>
<section id="transactions"></section>
<section id="capture"></section>
</main>
`;
}

export const PAGE_END = `<script>${SCRIPT}</script>
</body>
</html>
`;

/** A block of data: no browser runs it. @param json as \`JSON.stringify\` makes it. */
export function dataBlock(part: string, json: string): string {
  return `${dataStart(part)}${dataText(json)}${DATA_END}`;
}

export function dataStart(part: string): string {
  return `<script type="application/json" data-part="${part}">`;
}

export const DATA_END = '</script>\n';

/** Inside a script element only `<` can begin anything: an end tag, or the comment that hides one (HTML §4.12.1.3). */
export function dataText(json: string): string {
  return escapeJson(json).replaceAll('<', '\\u003c');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
