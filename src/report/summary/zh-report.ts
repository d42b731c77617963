/**
 * Simplified Chinese: what the text report says around the sentences of `zh.ts`. Codes (verdicts, parties,
 * confidence, limits) stay as the other formats print them; warnings of the reading begin with what they mean, their details come in
 * English from the stages below.
 */
import type { Outcome } from '../../verdict/verdict.ts';
import { grouped } from './facts.ts';
import type { Frames, ReportWording } from './language.ts';
import { deliverySentence } from './zh-delivery.ts';
import { captureWarnings } from './zh-explain.ts';

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  delivered: '已送达',
  refused: '被拒绝',
  unanswered: '未应答',
  unsent: '未发出',
  pending: '未决',
  unknown: '无法判定',
  missing: '缺失',
};

const PARTIES: ReadonlyMap<string, string> = new Map([
  ['sender', '发送方'],
  ['network', '网络'],
  ['receiver', '接收方'],
  ['capture', '抓包'],
]);

/** `b/notify.pcap 中的帧 4 6`. */
function framesIn({ frames, file }: Frames): string {
  return `${file === null ? '' : `${file} 中的`}帧 ${frames.join(' ')}`;
}

export const reportWording: ReportWording = {
  read: (packets, from, first, last) => {
    const source = typeof from === 'number' ? `${grouped(from)} 个文件` : from;
    const head = `读取 ${source === null ? '' : `${source}：`}${grouped(packets)} 个数据包`;
    return first === null || last === null ? `${head}。` : `${head}，${first} 至 ${last}。`;
  },
  standardInput: '标准输入',
  packets: (n) => `${grouped(n)} 个数据包`,
  moreFiles: (n) => `...另有 ${grouped(n)} 个文件`,
  failed: (n) => `${grouped(n)} 个事务失败`,
  undecided: (n) => `${grouped(n)} 个事务无法由抓包判定`,
  selected: (n, outcomes) => `${grouped(n)} 个事务的结果为 ${outcomes.join('、')}`,
  nothingFailed: '没有失败的事务。',
  nothingSelected: '没有符合所选结果的事务。',
  noTransactions: '没有发现 HTTP 事务。',
  group: (outcome, verdict, n, fault) => {
    const named = fault.map((party) => PARTIES.get(party) ?? party);
    const whose = named.length === 0 ? '无责任方' : `责任方：${named.join('或')}`;
    return `${outcome}（${OUTCOMES[outcome]}）: ${verdict}（${grouped(n)} 个），${whose}`;
  },
  proof: (confidence, frames) => [`可信度 ${confidence}`, ...frames.map(framesIn)].join('；'),
  because: (reasons) => `依据：${reasons.join('；')}`,
  signals: (signals) => `另见：${signals.join('、')}`,
  more: (n) => `...另有 ${grouped(n)} 个（--format ndjson 可输出全部）`,
  moreGroups: (n) => `...另有 ${grouped(n)} 个其他类型或主机的事务（--format ndjson 可输出全部）`,
  hint: '判定代码的含义和处理建议：wirewitness explain --lang zh CODE。',
  deliveries: (n) => `${grouped(n)} 个通知有多次尝试`,
  delivery: deliverySentence,
  moreDeliveries: (n) => `...另有 ${grouped(n)} 个（--format ndjson 可输出全部）`,
  ticket: { transaction: '事务', sentence: '经过', proof: '证据' },
  expected: ({ lines, deliveries, notExpected }, outcomes) => {
    const parts = outcomes.map(([outcome, n]) => `${OUTCOMES[outcome]} ${grouped(n)}`);
    return `清单 ${grouped(lines)} 行、${grouped(deliveries)} 个通知：${parts.join('，')}；另有 ${grouped(notExpected)} 个不在清单中。`;
  },
  unseen: (n) => `${grouped(n)} 个应发通知在抓包中没有请求`,
  inferred: (n) => `${grouped(n)} 个应发通知从未发出（同一地点和时间的连接失败表明）`,
  notExpected: (n) => `${grouped(n)} 个通知不在清单中`,
  lines: (lines) => `清单第 ${lines.join('、')} 行`,
  hosts: '主机',
  moreHosts: (n) => `...另有 ${grouped(n)} 个主机（--format ndjson 可输出全部）`,
  columns: {
    host: ['主机', '', '主机'],
    attempts: ['尝试次数', '', '尝试'],
    delivered: ['已送达', '', '送达'],
    refused: ['被拒绝', '', '拒绝'],
    unanswered: ['未应答', '', '未应答'],
    unsent: ['未发出', '', '未发出'],
    synUnanswered: ['无 SYN-ACK', '无 SYN', '-ACK'],
    resets: ['重置', '', '重置'],
    waitP50: ['等待 p50', '等待', 'p50'],
    waitP95: ['等待 p95', '等待', 'p95'],
  },
  hostLine: (c) => {
    const counts = [
      `已送达 ${c.delivered}`,
      `被拒绝 ${c.refused}`,
      `未应答 ${c.unanswered}`,
      `未发出 ${c.unsent}`,
      `无 SYN-ACK ${c.synUnanswered}`,
      `重置 ${c.resets}`,
    ].filter((part) => !part.endsWith(' 0'));
    const wait = c.waitP50 === '-' ? [] : [`等待 p50 ${c.waitP50}、p95 ${c.waitP95}`];
    return `${c.host}：${[`尝试 ${c.attempts} 次`, ...counts, ...wait].join('，')}`;
  },
  total: (transactions, hosts, outcomes) => {
    const head = `共 ${grouped(transactions)} 个事务，涉及 ${grouped(hosts)} 个主机`;
    const parts = outcomes.map(([outcome, n]) => `${OUTCOMES[outcome]} ${grouped(n)}`);
    return parts.length === 0 ? `${head}。` : `${head}：${parts.join('，')}。`;
  },
  warning: (text) => `警告：${text}`,
  captureWarning: (code, text) => {
    const meaning = captureWarnings[code];
    return meaning === undefined ? text : `${meaning}（${text}）`;
  },
  dropped: (n) => `抓包记录显示有 ${grouped(n)} 个数据包被丢弃：没有看到的数据包可能存在过`,
  ackedUnseen: (n) => `有 ${grouped(n)} 字节已被确认但没有抓到：抓包丢失了数据包`,
  snaplenCut: (n) => `有 ${grouped(n)} 个报文段被快照长度截断（tcpdump -s）`,
  oneDirection: '只抓到一个方向的流量：不能断定某个数据包没有出现',
  limitHit: (name, n) => `达到上限 ${name} 共 ${grouped(n)} 次：结果可能不完整`,
};
