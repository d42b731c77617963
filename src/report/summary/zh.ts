/**
 * Simplified Chinese: one sentence a verdict, of the same facts as in `en.ts` and with the same care: the peer is the
 * TCP endpoint at an address or the receiver, never anybody's application. The words are those that Chinese
 * editions of the RFCs and of Wireshark's manuals use.
 */
import type { Code } from '../../verdict/verdict.ts';
import { BY_SENDER, locationOf, quoted, sinceSyn, synRepeatedFor, wordReason } from './facts.ts';
import type { Language } from './language.ts';
import { unseenSentence } from './zh-delivery.ts';
import { explainWording } from './zh-explain.ts';
import {
  after,
  closing,
  code,
  connected,
  duration,
  interims,
  receiverClosed,
  receiverReset,
  type Story,
  senderClosed,
  sent,
  sentAndAcked,
  sizeOf,
  storyOf,
  triedToConnect,
} from './zh-phrases.ts';
import { reasons } from './zh-reasons.ts';
import { reportWording } from './zh-report.ts';

export const zh: Language = {
  name: 'zh',
  summarize: (record, clock) => `${SENTENCES[record.verdict](storyOf(record, clock))}。`,
  summarizeUnseen: unseenSentence,
  reason: (reason) => wordReason(reasons, reason),
  report: reportWording,
  explain: explainWording,
};

const SENTENCES: Readonly<Record<Code, (story: Story) => string>> = {
  // connect
  connect_refused: (s) =>
    `${triedToConnect(s)}；${after(sinceSyn(s.record, 'receiver_rst'))}收到对该 SYN 的 RST 应答，连接被拒绝`,
  connect_prohibited: (s) =>
    `${triedToConnect(s)}；${after(sinceSyn(s.record, 'icmp_error'))}收到 ICMP 错误 "administratively prohibited"（被管理策略禁止），连接未能建立`,
  connect_unreachable: (s) =>
    `${triedToConnect(s)}；${after(sinceSyn(s.record, 'icmp_error'))}收到 ICMP 错误 "destination unreachable"（目标不可达），连接未能建立`,
  connect_reply_ignored: (s) =>
    `${triedToConnect(s)}；${after(s.record.connection.rtt)}对端返回了 SYN-ACK，但发送方主机仍在重发 SYN，连接始终没有完成建立`,
  connect_port_collision: (s) =>
    `${triedToConnect(s)}；对该 SYN 的应答是同一对端口上前一个连接的 ACK，连接未能建立`,
  connect_not_accepted: (s) =>
    s.record.request === null
      ? `${triedToConnect(s)}；发送方已应答 SYN-ACK，${s.peer}仍不断重发 SYN-ACK`
      : `${sent(s)}；发送方已应答 SYN-ACK，${s.peer}仍不断重发 SYN-ACK，并且始终没有确认发送方的数据`,
  connect_abandoned: (s) =>
    `${triedToConnect(s)}；${after(s.record.connection.rtt)}对端返回了 SYN-ACK，发送方以 RST 应答，说明它此时已放弃连接`,
  connect_no_reply: (s) => `${triedToConnect(s)}；${repeated(s)}始终没有收到 SYN-ACK、RST 或 ICMP 错误`,

  // tls
  tls_no_server_hello: (s) =>
    `${connected(s)}，其 TLS ClientHello 已被确认；${until(s)}${s.peer}没有返回任何字节`,
  tls_alert_by_receiver: (s) => `${connected(s)}，${s.peer}发出致命 TLS 警报${alert(s)}，终止了握手`,
  tls_rejected_by_sender: (s) => `${connected(s)}，发送方拒绝了 ${s.peer}的 TLS 握手${alertOrClosing(s)}`,
  tls_aborted: (s) => `${connected(s)}，TLS 握手期间${closing(s) ?? '连接中断'}，双方都没有发出警报`,

  // send
  no_request_sent: (s) => `${connected(s)}，${senderClosed(s)}，此前没有发送任何字节`,
  receiver_closed_early: (s) => `${connected(s)}，${receiverClosed(s)}，此前没有任何请求字节到达它`,
  stale_connection: (s) =>
    `${sent(s)}，使用的是复用连接${idle(s)}；${s.peer}当时已经关闭或正在关闭该连接，因此在这条连接上不可能再有响应`,
  stream_refused: (s) =>
    `${sent(s)}；${s.peer}${s.at(s.record.times.closed)}拒绝了承载它的 HTTP/2 流（REFUSED_STREAM），表明请求没有被处理`,
  goaway_unprocessed: (s) =>
    `${sent(s)}；${s.peer}以 GOAWAY 表明不接受编号这么高的流，因此该请求没有在这条连接上得到处理`,
  idle_state_lost: (s) =>
    `${sent(s)}，使用的是复用连接${idle(s)}；${closing(s) ?? '请求没有得到确认'}，路径上的设备丢失空闲连接的状态时会出现这种现象`,
  path_mtu_blackhole: (s) => `${sent(s)}；${s.peer}确认了较小的报文段，但始终没有确认多次重传的满长报文段`,
  receiver_window_closed: (s) =>
    `${sent(s)}；在请求的最后一个字节发出之前，${s.peer}的接收窗口变为 0，此后没有再打开`,
  stream_window_closed: (s) =>
    `${sent(s)}；${s.peer}确认了已发送的全部内容，但其 HTTP/2 流量控制不允许再发送正文${then(s)}`,
  expect_continue_stalled: (s) =>
    `${sent(s)}，带有 "Expect: 100-continue"；${s.peer}确认了头部，但既没有返回 100，也没有返回最终响应，正文一直没有发出`,
  reset_during_send: (s) => `${sent(s)}；${receiverReset(s)}，此时请求的最后一个字节尚未得到确认`,
  request_incomplete: (s) =>
    closing(s, BY_SENDER) === null
      ? `${sentAndAcked(s)}；直到超过等待时限，发送方没有发出其余部分，连接仍处于打开状态`
      : `${sentAndAcked(s)}；${senderClosed(s)}，请求的其余部分没有发出`,
  request_not_acked: (s) => `${sent(s)}${again(s)}；${until(s)}${s.peer}没有确认其中任何一个字节`,
  request_partly_acked: (s) => `${sent(s)}${again(s)}；${until(s)}${s.peer}只确认了其中一部分`,

  // wait
  no_response_sender_closed: (s) =>
    `${sentAndAcked(s)}；${senderClosed(s)}${gaveUp(s)}，此前没有收到任何响应字节${interims(s)}`,
  no_response_receiver_closed: (s) =>
    `${sentAndAcked(s)}；${receiverClosed(s)}，此前没有收到任何响应字节${interims(s)}`,
  no_response_reset: (s) => `${sentAndAcked(s)}；${receiverReset(s)}，此前没有收到任何响应字节${interims(s)}`,
  no_response_timeout: (s) =>
    `${sentAndAcked(s)}；直到超过等待时限，没有收到任何响应字节${interims(s)}，连接仍处于打开状态`,

  // reply
  response_incomplete: (s) =>
    `${sentAndAcked(s)}；${it(s)}${within(s)}开始返回响应${code(s)}，但只收到一部分${partial(s)}${then(s)}`,
  response_invalid: (s) => `${sentAndAcked(s)}；${it(s)}${within(s)}返回的字节不是有效的 HTTP 响应`,
  response_late: (s) =>
    `${sentAndAcked(s)}；发送方${gaveUpFirst(s)}放弃，${it(s)}${within(s)}才返回响应${code(s)}，已经太晚`,
  response_ignored: (s) =>
    `${sentAndAcked(s)}；${it(s)}${within(s)}发出响应${code(s)}，之后又重发，但发送方主机始终没有确认`,
  rejected_early: (s) =>
    `${sent(s)}；${s.peer}${s.at(s.record.times.responseFirstByte)}返回响应${code(s)}，此时请求的最后一个字节尚未发出`,
  redirected: (s) => `${answered(s)}${location(s)}`,
  client_error: (s) => answered(s),
  server_error: (s) => answered(s),
  gateway_error: (s) => `${answered(s)}，网关在其后端服务器没有正常应答时返回这类状态码`,
  refused_in_body: (s) => `${answered(s)}${bodySize(s)}，但按照给定的规则不算接受`,
  refused_in_trailers: (s) => `${answered(s)}，但其尾部字段表明调用失败`,
  delivered: (s) => `${answered(s)}${bodySize(s)}`,
  delivered_unconfirmed: (s) => `${answered(s)}，但抓包中的响应正文不完整或无法解码，不能按接受规则检查`,

  // cannot tell
  pending_at_capture_end: (s) =>
    `${s.record.request === null ? triedToConnect(s) : sentAndAcked(s)}；抓包结束时结果尚未确定`,
  response_not_captured: (s) => `${sentAndAcked(s)}；发送方确认了抓包中不存在的响应字节，说明响应确实存在`,
  capture_insufficient: (s) =>
    `${s.record.request === null ? `${between(s)}只抓到一部分` : sentAndAcked(s)}；抓包中缺少能够判定结果的内容${missing(s)}`,
  opaque: (s) => `${between(s)}${opaqueData(s)}${suggestion(s)}`,
  not_observed: (s) => `抓包中没有发往 ${s.receiver} 的预期通知${key(s)}的任何数据包`,
};

/** The receiver's name after `sentAndAcked`, which has given its address where the request was acknowledged. */
function it({ record, peer }: Story): string {
  return record.facts.acked === 'full' || record.facts.acked === 'partial' ? '接收方' : peer;
}

/** `在请求发完 120 毫秒后`, or nothing. */
function within({ record }: Story): string {
  const text = after(record.timings.wait);
  return text === '' ? '' : `在请求发完 ${text}`;
}

/** The answer and what came before it. */
function answered(s: Story): string {
  return `${sentAndAcked(s)}；${it(s)}${within(s)}返回响应${code(s)}`;
}

/** `首次发出 15.0 秒后仍在重发 SYN，`, or nothing. */
function repeated({ record }: Story): string {
  const text = after(synRepeatedFor(record));
  return text === '' ? '' : `首次发出 ${text}仍在重发 SYN，`;
}

/** `直到发送方于 T 关闭了连接（FIN），`, or nothing. */
function until(s: Story): string {
  const how = closing(s);
  return how === null ? '' : `直到${how}，`;
}

function then(s: Story): string {
  const how = closing(s);
  return how === null ? '' : `，随后${how}`;
}

function idle({ record }: Story): string {
  const silence = duration(record.connection.idleBefore);
  return silence === '' ? '' : `（此前静默 ${silence}）`;
}

function again({ record }: Story): string {
  const times = record.connection.retransmissions;
  return times > 0 ? `，重传 ${times} 次` : '';
}

function gaveUp({ record }: Story): string {
  const text = duration(record.timings.gaveUpAfter);
  return text === '' ? '' : `，距请求的最后一个字节发出 ${text}`;
}

function gaveUpFirst({ record }: Story): string {
  const text = after(record.timings.gaveUpAfter);
  return text === '' ? '已经' : `在请求发完 ${text}`;
}

function partial({ record }: Story): string {
  const { response } = record;
  return response === null ? '' : `（${sizeOf(response.headerBytes, response.bodyBytes)}）`;
}

function location(s: Story): string {
  const value = locationOf(s.record);
  // 304 and the like lead nowhere.
  return value === null ? '' : `，重定向到 "${value}"`;
}

function bodySize({ record }: Story): string {
  return record.response === null ? '' : `，正文 ${record.response.bodyBytes} 字节`;
}

function alert({ record }: Story): string {
  const name = record.connection.tls?.alert ?? null;
  return name === null ? '' : `（${quoted(name)}）`;
}

function alertOrClosing(s: Story): string {
  const named = alert(s);
  if (named !== '') return `，发出致命警报${named}`;
  const how = closing(s, BY_SENDER);
  return how === null ? '' : `：${how}`;
}

function missing({ record }: Story): string {
  return record.missing.length === 0 ? '' : `（${record.missing.map((fact) => quoted(fact)).join('、')}）`;
}

function between(s: Story): string {
  const { times } = s.record;
  const time = s.at(times.syn ?? times.requestFirstByte).trim();
  return `从 ${s.sender} 到 ${s.receiver} 的连接${time === '' ? '' : `（${time}）`}`;
}

function opaqueData({ record }: Story): string {
  const { tls } = record.connection;
  if (tls === null) return '承载的数据已加密或不是 HTTP，无法得知其中请求的结果';
  const name = tls.sni === null ? '' : `（${quoted(tls.sni)}）`;
  return `承载的是 TLS 数据${name}，没有密钥无法读取`;
}

function suggestion({ record }: Story): string {
  return record.likely === null ? '' : `；从数据的形态看可能是 ${record.likely}`;
}

function key({ record }: Story): string {
  return record.delivery === null ? '' : `（${quoted(record.delivery.key)}）`;
}
