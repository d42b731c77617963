/**
 * Simplified Chinese: what became of one delivery over all its attempts, in one sentence.
 */
import type { Outcome, UnseenRecord } from '../../verdict/verdict.ts';
import { type Clock, readableTime } from '../time.ts';
import { grouped, placeOf, quoted, wordReason } from './facts.ts';
import type { DeliveryStory } from './language.ts';
import { duration } from './zh-phrases.ts';
import { reasons } from './zh-reasons.ts';

const ENDINGS: Readonly<Record<Outcome, string>> = {
  delivered: '已送达',
  refused: '始终未被接受',
  unanswered: '始终未得到应答',
  unsent: '始终没有完整发出',
  pending: '抓包结束时仍未完成',
  unknown: '结果无法由抓包判定',
  missing: '从未出现',
};

export function deliverySentence({ record, name, place, span, ...times }: DeliveryStory): string {
  const { attemptCount, outcome, verdict, duplicatesAfterAck, duplicatesAfterDelivery } = record;
  const subject = name === null ? `${place}（完全相同的请求）` : `${name}（${place}）`;
  const parts = [`${duration(span) || '0 毫秒'}内尝试 ${grouped(attemptCount)} 次`];
  if (outcome === 'delivered') {
    parts.push(times.deliveredAt === null ? ENDINGS.delivered : `于 ${times.deliveredAt} 送达`);
    if (duplicatesAfterDelivery > 0) parts.push(`此后又发送 ${grouped(duplicatesAfterDelivery)} 次`);
  } else {
    parts.push(`${ENDINGS[outcome]}（${verdict}）`);
    if (times.firstAcked === null) parts.push('接收方的 TCP 从未收下完整的请求');
    else parts.push(`接收方的 TCP 于 ${times.firstAcked} 首次收下完整的请求`);
    if (duplicatesAfterAck > 0) parts.push(`此后又发送 ${grouped(duplicatesAfterAck)} 次`);
  }
  return `${subject}：${parts.join('，')}。`;
}

export function unseenSentence({ outcome, delivery, because }: UnseenRecord, clock: Clock): string {
  const place = placeOf(delivery);
  const to = place === null ? '' : `发往 ${place} 的`;
  const time = readableTime(delivery.expected?.firstTime ?? null, clock);
  const when = time === null ? '' : `应于 ${time} `;
  const subject = `${when}${when !== '' && to === '' ? '发送的' : to}通知 ${quoted(delivery.key)} `;
  const why = because.map((reason) => wordReason(reasons, reason)).join('；');
  if (outcome === 'missing') {
    const unsure = why === '' ? '' : `（${why}）`;
    return `抓包中没有${subject}的任何数据包${unsure}。`;
  }
  return `${subject}的结果无法由抓包判定：${why}。`;
}
