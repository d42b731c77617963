/**
 * The machine that capture filters are written for: a program as libpcap's compiler prints it comes in, and for each
 * packet whether it is kept goes out. Classic BPF: two registers, sixteen words of memory, jumps that only go forward,
 * so that every program ends.
 * Source: McCanne and Jacobson, "The BSD Packet Filter" (1993), §3; bpf(4) of FreeBSD, and its bpf_filter.c for what
 * packets do that are too short: they are not kept.
 */
import { u16, u32 } from '../bytes.ts';

/** Numbers of an instruction: what it does, where it jumps to if true or if not, its operand. */
const WORDS = 4;
const JUMP_TRUE = 1;
const JUMP_FALSE = 2;
const OPERAND = 3;

/** Opcodes that libpcap gives out: class, size or operation, addressing mode or source. */
const LD_W_ABS = 0x20;
const LD_H_ABS = 0x28;
const LD_B_ABS = 0x30;
const LD_W_IND = 0x40;
const LD_H_IND = 0x48;
const LD_B_IND = 0x50;
const LD_IMM = 0x00;
const LD_MEM = 0x60;
const LD_LEN = 0x80;
const LDX_IMM = 0x01;
const LDX_MEM = 0x61;
const LDX_LEN = 0x81;
/** Four times the low half of a byte: the length of an IPv4 header. */
const LDX_MSH = 0xb1;
const ST = 0x02;
const STX = 0x03;
const ALU = 0x04;
const JUMP = 0x05;
const JA = 0x05;
const RET_K = 0x06;
const RET_A = 0x16;
const TAX = 0x07;
const TXA = 0x87;

const CLASS = 0x07;
const OPERATION = 0xf0;
const BY_X = 0x08;

const MEMORY = 16;

export class BpfProgram {
  readonly #code: Uint32Array;
  readonly #memory: Uint32Array;

  /**
   * @param text what `tcpdump -ddd` prints: the number of instructions, then a line of four numbers for each.
   * @throws Error when it is no program that ends: that is the compiler's fault, or ours.
   */
  constructor(text: string) {
    const [count = '', ...lines] = text.trim().split('\n');
    const code = Uint32Array.from(lines.flatMap((line) => line.trim().split(' ').map(Number)));
    if (lines.length === 0 || Number(count) !== lines.length || code.length !== WORDS * lines.length) {
      throw new Error(`not a BPF program: ${text.slice(0, 100)}`);
    }
    this.#code = code;
    this.#memory = new Uint32Array(MEMORY);
    for (let pc = 0; pc < lines.length; pc++) this.#check(pc, lines.length);
  }

  #check(pc: number, length: number): void {
    const at = pc * WORDS;
    const opcode = this.#code[at]!;
    const kind = opcode & CLASS;
    const operand = this.#code[at + OPERAND]!;
    const memory = kind === ST || kind === STX || opcode === LD_MEM || opcode === LDX_MEM;
    let furthest = pc + 1;
    if (opcode === RET_K || opcode === RET_A) furthest = pc;
    else if (opcode === JA) furthest += operand;
    else if (kind === JUMP) furthest += Math.max(this.#code[at + JUMP_TRUE]!, this.#code[at + JUMP_FALSE]!);
    if (furthest >= length || (memory && operand >= MEMORY)) {
      throw new Error(`BPF instruction ${pc} leaves the program or its memory`);
    }
  }

  /** @param wireLength what the program takes for the packet's length; it sees `bytes[start, end)`. */
  accepts(bytes: Buffer, start: number, end: number, wireLength: number): boolean {
    const code = this.#code;
    const memory = this.#memory.fill(0);
    let a = 0;
    let x = 0;
    for (let at = 0; ; at += WORDS) {
      const opcode = code[at]!;
      const k = code[at + OPERAND]!;
      switch (opcode) {
        case LD_W_ABS:
        case LD_W_IND: {
          const from = start + k + (opcode === LD_W_IND ? x : 0);
          if (from + 4 > end) return false;
          a = u32(bytes, from);
          break;
        }
        case LD_H_ABS:
        case LD_H_IND: {
          const from = start + k + (opcode === LD_H_IND ? x : 0);
          if (from + 2 > end) return false;
          a = u16(bytes, from);
          break;
        }
        case LD_B_ABS:
        case LD_B_IND: {
          const from = start + k + (opcode === LD_B_IND ? x : 0);
          if (from >= end) return false;
          a = bytes[from]!;
          break;
        }
        case LDX_MSH:
          if (start + k >= end) return false;
          x = (bytes[start + k]! & 0x0f) << 2;
          break;
        case LD_IMM:
          a = k;
          break;
        case LD_MEM:
          a = memory[k]!;
          break;
        case LD_LEN:
          a = wireLength;
          break;
        case LDX_IMM:
          x = k;
          break;
        case LDX_MEM:
          x = memory[k]!;
          break;
        case LDX_LEN:
          x = wireLength;
          break;
        case ST:
          memory[k] = a;
          break;
        case STX:
          memory[k] = x;
          break;
        case TAX:
          x = a;
          break;
        case TXA:
          a = x;
          break;
        case RET_K:
          return k !== 0;
        case RET_A:
          return a !== 0;
        case JA:
          at += k * WORDS;
          break;
        default: {
          const operand = (opcode & BY_X) === 0 ? k : x;
          if ((opcode & CLASS) === JUMP) {
            const holds = compare(opcode & OPERATION, a, operand);
            at += code[at + (holds ? JUMP_TRUE : JUMP_FALSE)]! * WORDS;
          } else if ((opcode & CLASS) === ALU) {
            const result = calculate(opcode & OPERATION, a, operand);
            if (result === null) return false;
            a = result;
          } else throw new Error(`BPF opcode ${opcode} is not known`);
        }
      }
    }
  }
}

/** Both without sign. */
function compare(operation: number, a: number, b: number): boolean {
  switch (operation) {
    case 0x10:
      return a === b;
    case 0x20:
      return a > b;
    case 0x30:
      return a >= b;
    case 0x40:
      return (a & b) !== 0;
    default:
      throw new Error(`BPF jump ${operation} is not known`);
  }
}

/** Modulo 2^32; null for a division by zero, after which the packet is not kept. */
function calculate(operation: number, a: number, b: number): number | null {
  switch (operation) {
    case 0x00:
      return (a + b) >>> 0;
    case 0x10:
      return (a - b) >>> 0;
    case 0x20:
      return Math.imul(a, b) >>> 0;
    case 0x30:
      return b === 0 ? null : Math.floor(a / b);
    case 0x40:
      return (a | b) >>> 0;
    case 0x50:
      return (a & b) >>> 0;
    case 0x60:
      return b > 31 ? 0 : (a << b) >>> 0;
    case 0x70:
      return b > 31 ? 0 : a >>> b;
    case 0x80:
      return -a >>> 0;
    case 0x90:
      return b === 0 ? null : a % b;
    case 0xa0:
      return (a ^ b) >>> 0;
    default:
      throw new Error(`BPF operation ${operation} is not known`);
  }
}
