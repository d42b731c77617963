/**
 * IP addresses between text and the four signed 32-bit words that a segment carries (decode/segment.ts): in network
 * order, an IPv4 address mapped into them as RFC 4291 §2.5.5.2 says. Text out is canonical: RFC 5952 for IPv6.
 * Text in comes from flags and Host fields, so it is parsed strictly: what is not exactly an address is undefined.
 */

export interface Address {
  readonly version: 4 | 6;
  readonly words: readonly [number, number, number, number];
}

/** An address range: `words` with everything outside of `masks` cleared. */
export interface Network extends Address {
  readonly masks: readonly [number, number, number, number];
}

/** Word 2 of an IPv4 address. */
const MAPPED = 0xffff;

/** @param version 4 writes only `w3`, in dotted decimal. */
export function formatAddress(version: number, w0: number, w1: number, w2: number, w3: number): string {
  return version === 4 ? dotted(w3) : formatIpv6(w0, w1, w2, w3);
}

/** Addresses whose text is remembered; power of two. */
const REMEMBERED = 256;

/** Texts of IPv4 addresses that come again and again: made once, and one string for all who keep it. */
export class AddressTexts {
  #words = new Int32Array(REMEMBERED);
  #texts = new Array<string>(REMEMBERED).fill('');

  of(version: number, w0: number, w1: number, w2: number, w3: number): string {
    if (version !== 4) return formatIpv6(w0, w1, w2, w3);
    const place = (w3 ^ (w3 >>> 8) ^ (w3 >>> 16)) & (REMEMBERED - 1);
    const text = this.#texts[place]!;
    if (text !== '' && this.#words[place] === w3) return text;
    const made = dotted(w3);
    this.#words[place] = w3;
    this.#texts[place] = made;
    return made;
  }
}

/** An IPv4 or IPv6 address without brackets, zone or prefix length; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const word = parseIpv4(text);
    return word === undefined ? undefined : { version: 4, words: [0, 0, MAPPED, word] };
  }
  const words = parseIpv6(text);
  return words && { version: 6, words };
}

/**
 * An address or `address/prefix length`. Bits beyond the prefix are ignored, so that an address of the network
 * names it as well. IPv4-mapped IPv6, which dual-stack programs log, means the IPv4 address.
 */
export function parseNetwork(text: string): Network | undefined {
  const [, base = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(base);
  if (!address) return undefined;
  const most = address.version === 4 ? 32 : 128;
  const prefix = length === undefined ? most : Number(length);
  if (prefix > most) return undefined;
  const bits = address.version === 4 ? 96 + prefix : prefix;
  const [w0, w1, w2, w3] = address.words;
  const mapped = bits >= 96 && w0 === 0 && w1 === 0 && w2 === MAPPED;
  const masks = [mask(bits), mask(bits - 32), mask(bits - 64), mask(bits - 96)] as const;
  return {
    version: mapped ? 4 : address.version,
    words: [w0 & masks[0], w1 & masks[1], w2 & masks[2], w3 & masks[3]],
    masks,
  };
}

/** Whether an address lies in the network; `::/0` holds no IPv4 address. */
export function inNetwork(
  network: Network,
  version: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  const { words, masks } = network;
  return (
    network.version === version &&
    (w0 & masks[0]) === words[0] &&
    (w1 & masks[1]) === words[1] &&
    (w2 & masks[2]) === words[2] &&
    (w3 & masks[3]) === words[3]
  );
}

/** The first `bits` of a word set. A shift by 32 would be a shift by 0. */
function mask(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

function dotted(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

function formatIpv6(w0: number, w1: number, w2: number, w3: number): string {
  // RFC 5952 §5: the one prefix that is known to hold IPv4 addresses is written with one.
  if (w0 === 0 && w1 === 0 && w2 === MAPPED) return `::ffff:${dotted(w3)}`;
  const groups = [w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff]);
  const [start, length] = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  // RFC 5952 §4.2.2: one group of zeros alone is not shortened.
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** Start and length of the longest run of zero groups, the first of several (RFC 5952 §4.2.3). */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best[1]) best = [start, i + 1 - start];
  });
  return best;
}

/** Four decimal numbers; a leading zero is refused because some read it as octal (RFC 6943 §3.1.1). */
function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let word = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    word = (word << 8) | Number(part);
  }
  return word;
}

/** RFC 4291 §2.2: groups, at most one `::`, the last two groups perhaps as an IPv4 address. */
function parseIpv6(text: string): Address['words'] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 1 ? [] : parseGroups(halves[1]!, true);
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  // `::` stands for at least one group (RFC 5952 §4.2.2 says it should be two; both are read).
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const g = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (i: number): number => (g[i]! << 16) | g[i + 1]!;
  return [word(0), word(2), word(4), word(6)];
}

function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const word = last && i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (word === undefined) return undefined;
    groups.push(word >>> 16, word & 0xffff);
  }
  return groups;
}
