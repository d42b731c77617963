/**
 * Simplified Chinese: what `wirewitness explain` says, and what the warnings of the reading mean, by their codes.
 */
import type { Anomaly } from '../../http/message.ts';
import type { Http2Anomaly } from '../../http2/http2.ts';
import type { TlsAnomaly } from '../../tls/tls.ts';
import type { Signal } from '../../verdict/verdict.ts';
import type { ExplainWording } from './language.ts';
import { zhVerdicts } from './zh-verdicts.ts';

const SIGNALS: Readonly<Record<Signal, string>> = {
  retransmitted: '有数据被重传（任一方）',
  syn_retransmitted: 'SYN 发送了不止一次',
  duplicate_capture: '该连接的数据包在抓包中出现两次，各按一次计算',
  half_closed: '发送方发完请求后关闭了自己的方向，继续等待响应',
  port_reused: '抓包中更早的一个连接使用过相同的地址和端口',
  acked_unseen: '有字节被确认，但不在抓包中',
  snaplen_cut: '数据包被快照长度截断（tcpdump -s）',
  mid_stream: '抓包中没有该连接的握手：它在抓包之前开始，或没有被抓到',
  rst_ttl_differs: '该 RST 的 TTL 或跳数限制与接收方的其他数据包不同：可能由路径上的设备发出',
  icmp_error: '有 ICMP 错误引用了该连接的数据包',
  zero_window: '接收方的窗口变为 0',
  not_tls: '对 ClientHello 的应答不是 TLS',
  server_push: '接收方随响应通告了推送（HTTP/2）；它们不是请求，没有记录',
  streams_beyond_limit: '发送方打开的 HTTP/2 流多于接收方允许的数量',
};

const HTTP_ANOMALIES: Readonly<Record<Anomaly, string>> = {
  bare_cr: '行内有单独的回车符，后面没有换行符（RFC 9112 §2.2）',
  bare_lf: '行只以换行符结束（RFC 9112 §2.2）',
  chunk_data_unterminated: '分块数据之后没有行结束符：块长度有误（RFC 9112 §7.1）',
  chunk_extension_invalid: '分块扩展不合语法，已跳过（RFC 9112 §7.1.1）',
  chunk_line_too_long: '分块长度行超过上限',
  chunk_size_invalid: '分块长度行不以十六进制数开头（RFC 9112 §7.1）',
  chunk_size_overflow: '分块长度达到或超过 2^53',
  chunk_size_whitespace: '分块长度之后有空白（RFC 9112 §7.1.1）',
  chunked_repeated: 'chunked 编码使用了不止一次（RFC 9112 §6.1）',
  content_length_conflict: '有多个不同的 Content-Length；采用最后一个（RFC 9112 §6.3）',
  content_length_invalid: 'Content-Length 不是十进制数（RFC 9110 §8.6）',
  content_length_mismatch: 'HTTP/2 流的正文字节数与其 Content-Length 不符（RFC 9113 §8.1.1）',
  content_length_overflow: 'Content-Length 达到或超过 2^53',
  content_length_repeated: '相同的 Content-Length 出现多次（RFC 9110 §8.6）',
  control_character: '起始行或字段值中有控制字符（RFC 9110 §5.5）',
  empty_line_before_start: '起始行之前有空行（RFC 9112 §2.2）',
  field_name_empty: '字段行以冒号开头',
  field_name_invalid: '字段名不是 token（RFC 9110 §5.1）',
  field_without_colon: '头部或尾部的一行没有冒号（RFC 9112 §5）',
  folded_field: '字段值折成多行（RFC 9112 §5.2）',
  framing_without_body: '不可能有正文的地方出现 Content-Length 或 Transfer-Encoding（RFC 9112 §6.1）',
  head_too_large: '头部超过上限，在上限处截断',
  http2_preface: '在说过 HTTP/1 的连接上出现 HTTP/2 前导（RFC 9113 §3.4）：其后的内容不解析',
  method_not_uppercase: '已注册方法的大小写不对（RFC 9110 §9.1）',
  method_unknown: '方法没有注册（RFC 9110 §16.1）',
  reason_space_missing: '状态行在状态码之后立即结束（RFC 9112 §4）',
  space_after_start_line: '第一个字段名之前有空白；该行被忽略（RFC 9112 §2.2）',
  start_line_whitespace: '起始行各部分之间不是恰好一个空格（RFC 9112 §3、§4）',
  status_invalid: '状态行没有三位数字的状态码（RFC 9112 §4）',
  target_invalid: '请求目标含有空白、控制字符或非 ASCII 字符（RFC 9112 §3.2）',
  target_missing: '请求行没有目标（RFC 9112 §3）',
  too_many_fields: '字段行的数量超过上限；其余的被丢弃',
  trailer_too_large: '尾部超过上限',
  transfer_encoding_http10: 'HTTP/1.0 消息中有 Transfer-Encoding；仍按它处理（RFC 9112 §6.1）',
  transfer_encoding_identity: '传输编码 "identity" 已被 RFC 7230 取消；忽略',
  transfer_encoding_not_chunked: 'Transfer-Encoding 的最后一个编码不是 chunked（RFC 9112 §6.3）',
  transfer_encoding_with_content_length:
    '同时有 Transfer-Encoding 和 Content-Length；按前者处理（RFC 9112 §6.3）',
  unexpected_bytes: '两个消息之间有不属于任何消息的字节',
  unsolicited_response: '没有请求在等待时出现的响应，例如空闲 408（RFC 9110 §15.5.9）',
  version_missing: '请求行没有版本，如 HTTP/0.9（RFC 1945 §4.1）',
  version_unknown: '版本不是 HTTP/1.0 或 HTTP/1.1',
  whitespace_before_colon: '字段名与冒号之间有空白（RFC 9112 §5.1）',
};

const HTTP2_ANOMALIES: Readonly<Record<Http2Anomaly, string>> = {
  compression_error: '头部块无法解码（RFC 7541）：该方向之后的头部块也不再解码，除非是在缺失字节之后读到的',
  continuation_missing: '头部块在 END_HEADERS 之前被其他帧打断（RFC 9113 §6.10）',
  continuation_unexpected: 'CONTINUATION 没有可以接续的内容（RFC 9113 §6.10）',
  field_block_too_large: '头部块超过上限，或分布在过多的帧中；已截断',
  field_list_too_large: '头部块解码后超过上限；其余的被丢弃',
  frame_invalid: '应为帧头的地方不是帧头：已在该方向上寻找下一个',
  frame_size_invalid: '帧的长度不是其类型所允许的（RFC 9113 §4.2、§6）',
  frame_too_large: '帧超过接收一方的 SETTINGS_MAX_FRAME_SIZE（RFC 9113 §4.2）',
  padding_invalid: '填充比帧还长（RFC 9113 §6.1）',
  setting_invalid: '设置的值不允许（RFC 9113 §6.5.2）',
  settings_missing: '该方向没有以 SETTINGS 开始（RFC 9113 §3.4）',
  stream_invalid: '帧出现在其类型不允许的流上（RFC 9113 §6）',
  window_increment_zero: '增量为零的 WINDOW_UPDATE（RFC 9113 §6.9）',
};

const TLS_ANOMALIES: Readonly<Record<TlsAnomaly, string>> = {
  certificate_invalid: '证书无法解析',
  handshake_invalid: 'Hello 消息中的长度不相符，能读多少读多少',
  handshake_too_long: '握手消息超过上限，已跳过',
  key_does_not_fit: '密钥日志中有该连接的密钥，但不能解开它的记录',
  key_incomplete: '密钥日志中有该连接的部分密钥，但没有其记录所需的那些',
  record_damaged: '前一个记录能解开，这个记录用同样的密钥解不开',
  record_header_invalid: '应为记录头的地方不是记录头：已在该方向上寻找下一个',
  record_too_long: '记录超过协议允许的长度（RFC 8446 §5.2）',
  suite_not_supported: '密钥日志中有该连接的密钥，但不支持其加密套件',
  too_many_extensions: 'Hello 消息的扩展数量超过上限；其余的没有读取',
};

export const explainWording: ExplainWording = {
  verdict: ({ code }) => zhVerdicts[code],
  labels: { outcome: '结果：', fault: '责任方：', confidence: '可信度：', todo: '处理建议：' },
  nobody: '无',
  base: (confidence) => `${confidence}（尚未考虑抓包的完整程度）`,
  signal: '这是信号：说明还看到了什么，本身不决定结果。',
  signals: SIGNALS,
  httpAnomalies: HTTP_ANOMALIES,
  http2Anomalies: HTTP2_ANOMALIES,
  tlsAnomalies: TLS_ANOMALIES,
};

/** What a warning means; the details follow as the stage tells them. */
export const captureWarnings: Readonly<Record<string, string>> = {
  capture_gap: '有一段时间没有抓包',
  clock_stepped: '抓包期间系统时钟被调整',
  file_damaged: '文件损坏，只分析了可以读出的数据包',
  file_empty: '文件是空的',
  file_gap: '一组轮转文件中缺少文件',
  file_truncated: '文件不完整，分析到最后一个完整的数据包',
  filter_hides_icmp: '过滤表达式排除了 ICMP 错误，而它们可能说明失败的原因',
  filter_hides_vlan: '过滤表达式排除了带 VLAN 标签的数据包',
  filter_unknown_link: '过滤表达式不适用于该链路类型',
  filtered: '只分析了符合过滤表达式的数据包',
  fragments_incomplete: '有分片的数据报在抓包中不完整',
  interface_limit: '接口数量超过上限，其余接口的数据包没有解码',
  no_timestamps: '有数据包没有时间戳',
  not_a_capture: '目录中有不是抓包的文件',
  options_damaged: '文件中有块的选项损坏，其内容没有采用',
  reading_stopped: '运行提前结束，没有读完',
  time_backwards: '数据包的时间顺序混乱，无法完全排好',
  version_unknown: '文件版本号未知',
};
