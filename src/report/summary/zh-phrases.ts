/**
 * The Chinese phrases that the sentences of `zh.ts` are made of. A phrase of a fact that is not known is empty or
 * says less. Set as engineers write it: full-width punctuation without spaces around it, a space between
 * Chinese and Latin letters or digits; protocol names, codes and what was on the wire stay as they are.
 */
import type { TransactionRecord } from '../../verdict/verdict.ts';
import { type Clock, readableTime } from '../time.ts';
import {
  BY_ANYONE,
  BY_RECEIVER,
  BY_SENDER,
  type Closing,
  closingOf,
  durationIn,
  endpoint,
  nameOf,
  quoted,
  quotedUrl,
  RESETS,
  statusOf,
} from './facts.ts';

/** `0.4 毫秒`, `1.25 秒`, `2 分 5 秒`; empty for what is no duration. */
export function duration(milliseconds: number | null): string {
  return durationIn({ ms: ' 毫秒', s: ' 秒', min: ' 分', h: ' 小时' }, milliseconds);
}

/** `12 毫秒后`, or nothing. */
export function after(milliseconds: number | null): string {
  const text = duration(milliseconds);
  return text === '' ? '' : `${text}后`;
}

/** What a sentence tells of one transaction, in words. */
export interface Story {
  readonly record: TransactionRecord;
  /** `10.0.8.15:40112`. */
  readonly sender: string;
  readonly receiver: string;
  /** `203.0.113.44:80 的 TCP 端点`: it may be a load balancer, so no more is claimed. */
  readonly peer: string;
  /** `POST http://pay.shop.example/notify（头部 210 字节，正文 402 字节）`. */
  readonly request: string;
  /** `于 2017-01-04 09:23:57.123 UTC ` with the space that a verb needs before it, or nothing. */
  readonly at: (time: number | null) => string;
}

export function storyOf(record: TransactionRecord, clock: Clock): Story {
  const receiver = endpoint(record.connection.receiver);
  return {
    record,
    sender: endpoint(record.connection.sender),
    receiver,
    peer: `${receiver} 的 TCP 端点`,
    request: requestOf(record),
    at: (time) => {
      const readable = readableTime(time, clock);
      return readable === null ? '' : `于 ${readable} `;
    },
  };
}

function requestOf({ request }: TransactionRecord): string {
  if (request === null) return '一个请求';
  return `${named(request.method, request.url ?? request.target)}（${sizeOf(request.headerBytes, request.bodyBytes)}）`;
}

/** The capture may hold no more than the first letters of the start line. */
function named(method: string | null, target: string | null): string {
  if (!method) return '一个请求';
  return target ? `${quoted(method)} ${quotedUrl(target)}` : `一个以 ${quoted(method)} 开头的请求`;
}

/** A head and a body as Wireshark shows their lengths. */
export function sizeOf(headerBytes: number, bodyBytes: number): string {
  const head = `头部 ${headerBytes} 字节`;
  return bodyBytes === 0 ? head : `${head}，正文 ${bodyBytes} 字节`;
}

/** `POST …由 S 于 T 发往 R`, in part or whole as the facts say. */
export function sent(story: Story): string {
  const { record, request, sender, receiver, at } = story;
  const part = record.facts.sent === 'partial' ? '，仅发出一部分' : '';
  return `${request}由 ${sender} ${at(record.times.requestFirstByte)}发往 ${receiver}${part}`;
}

/** The same with what the receiver's TCP said to it. */
export function sentAndAcked(story: Story): string {
  const { record, peer } = story;
  const { acked } = record.facts;
  if (acked === 'full') {
    const late = duration(record.timings.ack);
    return `${sent(story)}，${late === '' ? '' : `最后一个字节发出 ${late}后`}被 ${peer}全部确认（ACK）`;
  }
  if (acked === 'partial') return `${sent(story)}，被 ${peer}部分确认（ACK）`;
  if (acked === 'none') return `${sent(story)}，没有得到确认（ACK）`;
  return sent(story);
}

/** `10.0.8.15:40112 于 T 尝试连接 203.0.113.44:80（pay.shop.example）`. */
export function triedToConnect(story: Story): string {
  const { record, sender, receiver, at } = story;
  return `${sender} ${at(record.times.syn)}尝试连接 ${receiver}${knownAs(record)}`;
}

/** `10.0.8.15:40112 于 T 连接到 203.0.113.44:80`. */
export function connected(story: Story): string {
  const { record, sender, receiver, at } = story;
  const time = record.times.established ?? record.times.syn;
  return `${sender} ${at(time)}连接到 ${receiver}${knownAs(record)}`;
}

function knownAs(record: TransactionRecord): string {
  const name = nameOf(record);
  return name === null ? '' : `（${name}）`;
}

const CLOSINGS: Readonly<Record<Closing, (at: string) => string>> = {
  sender_fin: (at) => `发送方${at}关闭了连接（FIN）`,
  sender_rst: (at) => `发送方${at}重置了连接（RST）`,
  receiver_fin: (at) => `接收方${at}关闭了连接（FIN）`,
  receiver_rst: (at) => `${at}收到来自接收方地址的 RST`,
  sender_rst_stream: (at) => `发送方${at}取消了该流（RST_STREAM）`,
  receiver_rst_stream: (at) => `接收方${at}终止了该流（RST_STREAM）`,
  receiver_goaway: (at) => `接收方${at}不再接受新的流（GOAWAY）`,
};

/** `接收方于 T 关闭了连接（FIN）`; null while nobody did. */
export function closing({ record, at }: Story, by: readonly Closing[] = BY_ANYONE): string | null {
  const found = closingOf(record, by);
  return found === null ? null : CLOSINGS[found.how](at(found.time));
}

/** For verdicts that say which side it was: the same, or the bare statement where its packet is not known. */
export function senderClosed(story: Story): string {
  return closing(story, BY_SENDER) ?? '发送方关闭了连接';
}

export function receiverClosed(story: Story): string {
  return closing(story, BY_RECEIVER) ?? '接收方关闭了连接';
}

export function receiverReset(story: Story): string {
  return closing(story, RESETS) ?? CLOSINGS.receiver_rst('');
}

/** ` 503 Service Unavailable`, or nothing. */
export function code({ record }: Story): string {
  const text = statusOf(record);
  return text === null ? '' : ` ${text}`;
}

/** `（只有临时响应 100、103）`: interim responses are no answer, but they are worth a word. */
export function interims({ record }: Story): string {
  const interim = record.response?.interim ?? [];
  return interim.length === 0 ? '' : `（只有临时响应 ${interim.join('、')}）`;
}
