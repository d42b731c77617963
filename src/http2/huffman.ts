/**
 * In: a Huffman-coded string of HPACK. Out: its octets as latin1 (RFC 7541 §5.2, Appendix B), or null where it breaks the
 * rules of its padding. The code is canonical: codes of one length follow each other in the order of their symbols, and
 * longer ones follow shorter ones, so the lengths are all there is to know.
 */

const EOS = 256;

/** Bits of the code of each octet, 16 to a line, and of EOS (RFC 7541 Appendix B). */
const LENGTHS: readonly number[] = `
  13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28
  28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28
  6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6
  5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10
  13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7
  7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6
  15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5
  6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28
  20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23
  24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24
  22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23
  21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23
  26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25
  19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27
  20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23
  26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26
  30`
  .trim()
  .split(/\s+/)
  .map(Number);

/** No code is shorter than five bits, so four bits end one at most. */
const STEP = 4;
const BRANCHES = 1 << STEP;
const NO_SYMBOL = 511;
/** A step that ends EOS, which no string may contain. */
const INVALID = -1;

/** Inner nodes of the code's tree; `children[2 * node + bit]` is another one, or `LEAF` and a symbol. */
const LEAF = 1 << 16;

function treeOf(lengths: readonly number[]): readonly number[] {
  const children = [0, 0];
  const symbols = lengths.map((length, symbol) => ({ length, symbol }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let before = symbols[0]!.length;
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - before);
    before = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const slot = 2 * node + ((code >> bit) & 1);
      if (children[slot] === 0) {
        children[slot] = children.length / 2;
        children.push(0, 0);
      }
      node = children[slot]!;
    }
    children[2 * node + (code & 1)] = LEAF | symbol;
    code++;
  }
  return children;
}

/** `[node * BRANCHES + bits]`: the next node, times 512, and the symbol that ends on the way there. */
const STEPS = new Int32Array(256 * BRANCHES);
/** Nodes that lie on at most seven bits of ones: where a string may end (RFC 7541 §5.2). */
const MAY_END = new Uint8Array(256);

{
  const children = treeOf(LENGTHS);
  for (let from = 0; from < children.length / 2; from++) {
    for (let bits = 0; bits < BRANCHES; bits++) {
      let node = from;
      let symbol = NO_SYMBOL;
      for (let bit = STEP - 1; bit >= 0; bit--) {
        const child = children[2 * node + ((bits >> bit) & 1)]!;
        node = child & LEAF ? 0 : child;
        if (child & LEAF) symbol = child & ~LEAF;
      }
      STEPS[from * BRANCHES + bits] = symbol === EOS ? INVALID : node * 512 + symbol;
    }
  }
  for (let node = 0, ones = 0; ones < 8; ones++, node = children[2 * node + 1]!) MAY_END[node] = 1;
}

/** Of most strings; larger ones get room of their own. */
const ROOM = Buffer.alloc(4_096);

/** What `bytes[start, end)` stand for; null where they are no valid coding. */
export function fromHuffman(bytes: Uint8Array, start: number, end: number): string | null {
  const most = Math.ceil(((end - start) * 8) / 5);
  const room = most <= ROOM.length ? ROOM : Buffer.allocUnsafe(most);
  let used = 0;
  let node = 0;
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!;
    for (let shift = 8 - STEP; shift >= 0; shift -= STEP) {
      const step = STEPS[node * BRANCHES + ((octet >> shift) & (BRANCHES - 1))]!;
      if (step === INVALID) return null;
      node = step >> 9;
      const symbol = step & NO_SYMBOL;
      if (symbol !== NO_SYMBOL) room[used++] = symbol;
    }
  }
  return MAY_END[node] === 1 ? room.toString('latin1', 0, used) : null;
}
