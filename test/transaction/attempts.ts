/**
 * For the pairing tests: messages whose target and reason phrase name them, and what frames were paired into, one
 * short text an attempt: `POST /1 > 100 200 r1`; `-` where there is none, `(cut)` and the like where it is not whole.
 */
import { expect } from 'vitest';
import type { Transaction } from '../../src/transaction/transaction.ts';
import { type Frame, packetsSource } from '../support/packets-source.ts';
import { observe } from '../support/transactions.ts';

export const SECOND = 1e9;

export function post(name: string, body = `id=${name}`): string {
  return `POST /${name} HTTP/1.1\r\nHost: m.example\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

export function reply(name: string, status = 200, body = `body of ${name}`): string {
  return `HTTP/1.1 ${status} ${name}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Attempts in order of connection and number, whatever the order in which they were judged. */
export async function attempts(frames: readonly Frame[], timeout?: number): Promise<Transaction[]> {
  const { transactions } = await observe(packetsSource(frames), timeout);
  expectNumbered(transactions);
  return [...transactions].sort((a, b) => a.connection.id - b.connection.id || a.index - b.index);
}

export async function paired(frames: readonly Frame[], timeout?: number): Promise<string[]> {
  return (await attempts(frames, timeout)).map(textOf);
}

/** Each attempt is handed on once, and those of a connection are numbered from 1 without a hole. */
function expectNumbered(transactions: readonly Transaction[]): void {
  expect(new Set(transactions).size).toBe(transactions.length);
  const byConnection = new Map<number, number[]>();
  for (const { connection, index } of transactions) {
    byConnection.set(connection.id, [...(byConnection.get(connection.id) ?? []), index]);
  }
  for (const indexes of byConnection.values()) {
    expect(indexes.sort((a, b) => a - b)).toEqual(indexes.map((_, i) => i + 1));
  }
}

type Message = { readonly start: number; readonly end: number };

function textOf({ kind, request, response, interim, opaque }: Transaction): string {
  if (kind === 'connect') return 'connect';
  if (kind === 'sealed') return `sealed ${lengthOf(request)}/${lengthOf(response)}`;
  const sent = request === null ? '-' : `${request.head?.method} ${request.head?.target}${ending(request)}`;
  const answers: (string | number)[] = interim.map(({ status }) => status);
  if (response !== null) {
    answers.push(`${response.head?.status} ${response.head?.reason}`.trim() + ending(response));
  }
  const text = `${sent} > ${answers.join(' ') || '-'}`;
  if (kind === 'exchange') return text;
  return `opaque ${opaque.sender?.bytes ?? 0}/${opaque.receiver?.bytes ?? 0}${response === null ? '' : ` ${text}`}`;
}

function lengthOf(message: Message | null): number {
  return message === null ? 0 : message.end - message.start;
}

function ending({ ended }: { readonly ended: string | null }): string {
  return ended === 'complete' ? '' : `(${ended})`;
}
