/**
 * Simplified Chinese: why a verdict is as it is and as sure as it is, a short phrase a reason, as the record's `because`.
 */
import { icmpName, quoted, type ReasonWording } from './facts.ts';

export const reasons: ReasonWording = {
  undecided_at_end: (r) => `最后一次进展之后 ${seconds(r.seconds)} 抓包即结束，尚未到期限`,
  answer_unseen: (r) => `发送方确认了接收方的 ${r.bytes} 字节，而抓包中没有这些字节`,
  pairing_hidden: () => '缺失的字节使人无法判断该响应对应哪一个请求',
  one_direction: (r) => `只抓到${SIDES[r.side]}的包`,
  snaplen_cut: () => '抓包长度（snaplen）截断了该连接的包',
  request_unseen: (r) => `发送方发出的 ${r.bytes} 字节不在抓包中`,
  not_repeated: () => '请求既未被确认，也未重传',
  began_before: () => '该连接在抓包开始之前已建立',
  end_unseen: () => '可能结束响应的 FIN 已被确认，但未被抓到',
  not_http: (r) => `内容${PROTOCOLS[r.protocol]}`,
  protocol_changed: () => '该连接已切换为其他协议',
  sealed_answer: (r) => `收到 ${r.bytes} 字节无法解读的加密记录`,
  sealed_doubt: () => '收到一条加密记录，可能是响应，也可能是会话票据',
  sealed_silence: () => '没有收到可能是响应的加密记录',
  no_rule: () => '抓到的内容不符合任何一条规则',

  no_reply: (r) => `${r.syns} 个 SYN，没有任何回应`,
  syn_not_repeated: () => 'SYN 未重传：发送方在一秒内放弃，或后续的包未被抓到',
  syn_ack_after: (r) => `第一个 SYN 之后 ${seconds(r.seconds)} 才收到 SYN-ACK`,
  icmp: (r) => `${quoted(r.reporter)} 发来 ${icmpName(r.version)} 类型 ${r.type} 代码 ${r.code}`,
  mtu_reported: (r) => `${quoted(r.reporter)} 报告下一跳 MTU 为 ${r.mtu} 字节`,
  full_size_lost: () => '小报文段得到确认，满长报文段多次重传仍未得到确认',
  was_silent: (r) => `该连接此前已空闲 ${seconds(r.seconds)}`,
  answered_anew: () => '之后在新连接上发往同一接收方的请求得到了响应',
  closed_at_once: () => '发送方在可能收到确认之前就关闭了连接',
  acked_by_rst: () => '只有 RST 自身确认了请求',
  sender_waited: (r) => `发送方等待了${r.atMost ? '至多 ' : ' '}${seconds(r.seconds)}后关闭连接`,
  watched: (r) => `请求之后观察了 ${seconds(r.seconds)}`,
  sender_window_closed: () => '发送方的接收窗口已关闭',
  bytes_beyond_hole: () => '接收方后面的字节到了，中间缺失的字节一直没有到',
  receiver_stopped: (r) => `接收方中途${r.how === 'closed' ? '关闭' : '重置'}了连接`,
  sender_stalled: (r) => `发送方已 ${seconds(r.seconds)} 没有继续发送请求，而没有任何因素阻止它`,
  sender_stopped: (r) => `最后的字节之后 ${seconds(r.seconds)} 发送方关闭了连接`,
  answer_stalled: (r) => `响应中途停止，已 ${seconds(r.seconds)}`,
  status_not_accepted: (r) => `状态码 ${r.status} 不在视为送达的范围内`,
  body_rejected: () => '响应体符合拒绝规则',
  body_not_accepted: () => '响应体不符合接受规则',
  body_unreadable: () => '规则所需的响应体被截断或无法解码',

  tls_alert: (r) => `警报为 ${quoted(r.name)}`,
  tls_alert_sealed: () => '结束前唯一的加密记录大小与警报相符',
  tls_close_notify: () => '接收方在发送方关闭之前已用 close_notify 结束其 TLS',
  tls_answer: () => '收到的是 TLS 记录：该端口要求使用 https',
  not_tls: (r) => `对 ClientHello 的回应不是 TLS：${quoted(r.line)}`,
  handshake_waited: (r) => `握手的最后一步已过去 ${seconds(r.seconds)}`,
  client_hello_lost: () => '未被确认的是 ClientHello，请求尚未发出',

  stream_reset: (r) => `接收方以 ${quoted(r.error)} 终止了该流${ERRORS[r.error] ?? ''}`,
  goaway: (r) =>
    `接收方发出 GOAWAY，错误码 ${quoted(r.error)}${r.debug === '' ? '' : `（“${quoted(r.debug)}”）`}，最后的流为 ${r.lastStream}；本流为 ${r.stream}，${r.stream > r.lastStream ? '没有被处理' : '可能已被处理'}`,
  streams_beyond: (r) => `发送方打开了 ${r.open} 个流，接收方允许 ${r.allowed} 个`,
  window_used_up: (r) => `${WINDOWS[r.by]}的流量控制窗口已用尽 ${seconds(r.seconds)}`,
  sender_flow_closed: (r) => `发送方${WINDOWS[r.by]}的流量控制窗口已用尽`,
  windows_unknown: () => '改变流量控制窗口的帧没有全部抓到',
  grpc_status: (r) => `grpc-status 为 ${quoted(r.value)}`,
  frames_hidden: () => '该流的帧可能在没有抓到的字节中',

  rst_ttl: (r) => `该 RST 的 TTL 为 ${r.rst}，接收方其他包为 ${r.usual}`,
  sent_after_rst: () => '其后接收方仍在发包',
  rst_sequence: () => '其序列号不是接收方的下一个序列号',
  rst_stepped: () => '出现多个序列号不同的 RST',
  rst_too_soon: () => '它来得比接收方可能的应答更早',
  rst_dont_fragment: () => '其 DF 位与接收方其他包不同',
  rst_ip_id: () => '其 IP 标识与接收方其他包递增的标识相差很远',

  packets_dropped: (r) => `抓包丢失了 ${r.packets} 个包`,
  acked_unseen: (r) => `该连接有 ${r.bytes} 字节已被确认但不在抓包中`,
  disordered: () => '抓包中的包未按时间排序',
  drops_untold: () => '抓包未说明是否有丢包',
  interrupted: () => '其间抓包曾中断',
  ended_early: () => '抓包在期限之前结束',
  first_fin_unseen: () => '抓包中没有第一个 FIN，只有对方对它的确认',
  limit_hit: () => '分析达到了某个上限',
  others_alike: () => '同一时间另一主机有应答，而发往该主机的其他连接以同样方式失败',
  list_without_time: () => '清单没有给出应当发送的时间',
  place_unseen: () => '抓包中没有到该主机和端口的连接',
  not_covered: () => '抓包没有覆盖应当发送的时间',
  expected_at_end: () => '应当发送时抓包已经结束',
  not_selected: () => '其主机或端口不在所选范围内',
  filter_possible: () => '无法排除抓包只限于其他主机或端口',
  bytes_lost: (r) => `有 ${r.bytes} 字节已被确认但不在抓包中`,
  one_direction_only: () => '只抓到一个方向',
  undecoded: (r) => `有 ${r.packets} 个包无法解读`,
  gaps_told: () => '抓包在该时间有缺口或文件被截断',
  broken_off: (r) => `有数据包丢失：${r.ids.join(' ')}${r.count > r.ids.length ? ' ...' : ''} 的请求中途中断`,
  may_be: (r) => `可能是${SUSPECTS[r.what]} ${r.ids.join(' ')}${r.count > r.ids.length ? ' ...' : ''}`,
  sent_elsewhere: (r) => `该键值发往了 ${quoted(r.host)}`,
  captured_whole: () => '该连接从握手起完整抓到，没有缺失',
};

const SIDES = { sender: '发送方', receiver: '接收方' } as const;
const SUSPECTS = {
  connection: '请求之前就失败的连接：',
  unreadable: '无法解读的内容：',
  other_key: '键值不在清单中的请求（见 --key）：',
  mention: '键值出现在其他位置的请求（见 --key）：',
} as const;
/** What some codes say of the request, or ask for (RFC 9113 §7, §8.7). */
const ERRORS: Readonly<Record<string, string>> = {
  REFUSED_STREAM: '：请求完全没有被处理',
  HTTP_1_1_REQUIRED: '：它要求使用 HTTP/1.1',
  ENHANCE_YOUR_CALM: '：它认为负载过高',
};
const WINDOWS = { stream: '该流', connection: '整条连接' } as const;

const PROTOCOLS = { tls: '已加密（TLS）', http2: '是 HTTP/2', other: '不是 HTTP/1' } as const;

const seconds = (value: number) => `${value.toFixed(3)} 秒`;
