/**
 * The attempt that nearly all are: asked, answered with a success, taken. In: an attempt. Out: whether it is one of those,
 * of which the rules say `delivered` and no more. They are then not asked, which spares three quarters of the time that a
 * verdict takes, and nearly always the facts that they are asked with: `test/verdict/plain.test.ts` holds both to one word.
 */
import { receiverOf, senderOf, type Transaction } from '../transaction/transaction.ts';
import type { AcceptRule } from './verdict.ts';

/**
 * A success, whole, and of no other request; both sides heard, so that the capture lacks nothing that decides; the answer
 * taken, so that it was neither late nor ignored; and nothing in its body that counts.
 */
export function isPlainlyDelivered(transaction: Transaction, accept: AcceptRule): boolean {
  const { kind, stream, pairingGuessed, request, response } = transaction;
  if (kind !== 'exchange' || stream !== null || pairingGuessed || request === null || response === null) {
    return false;
  }
  if (response.ended !== 'complete' && response.ended !== 'closed') return false;
  const receiver = receiverOf(transaction);
  if (receiver.acked <= response.start || receiver.packets === 0 || senderOf(transaction).packets === 0) {
    return false;
  }
  const { head } = response;
  if (head === null || !head.complete || head.status < 200 || head.status > 299) return false;
  const { body, rejectBody, statuses } = accept;
  return body === null && rejectBody === null && (statuses === null || statuses.includes(head.status));
}
