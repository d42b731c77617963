/**
 * The verdicts in Simplified Chinese: a heading, what to do next, and when it applies. In the order of the catalogue.
 */
import type { Code } from '../../verdict/verdict.ts';
import type { VerdictWording } from './language.ts';

function words(title: string, remedy: string, definition: string): VerdictWording {
  return { title, definition, remedy };
}

export const zhVerdicts: Readonly<Record<Code, VerdictWording>> = {
  connect_refused: words(
    '连接被拒绝',
    '请接收方检查服务是否在运行、是否监听此地址和端口，以及防火墙是否拒绝了发送方。',
    '发送方的 SYN 收到了确认它的 RST，没有 SYN-ACK：该端口没有程序监听，或由前面的设备代为拒绝。',
  ),
  connect_prohibited: words(
    '连接被过滤规则禁止',
    '找到发出该 ICMP 消息的路由器或防火墙（其地址在证据数据包中），放行此发送方、地址和端口。',
    '收到引用该 SYN 的 ICMP 或 ICMPv6 “administratively prohibited”（被管理策略禁止）消息，连接始终没有建立。',
  ),
  connect_unreachable: words(
    '目标不可达',
    '检查目标地址（DNS）和路由；发出 ICMP 消息的那一跳无法继续转发数据包。',
    '收到引用该 SYN 的 ICMP 或 ICMPv6 目标不可达消息（“administratively prohibited” 除外），连接始终没有建立。',
  ),
  connect_reply_ignored: words(
    'SYN-ACK 被发送方主机忽略',
    '检查发送方自己的主机：入站防火墙规则、反向路径过滤、连接跟踪，或抓包点之内的设备丢弃了应答。',
    '抓到了有效的 SYN-ACK，但发送方内核仍在重发 SYN，既没有完成连接，也没有重置。',
  ),
  connect_port_collision: words(
    '源端口过早复用',
    '扩大发送方的临时端口范围或保持长连接；若中间有 NAT，检查它多久后重新分配同一端口。',
    'SYN 使用了刚刚关闭的地址和端口对，收到的是旧连接的 ACK，此后连接没有恢复。',
  ),
  connect_not_accepted: words(
    '连接未被接受',
    '请接收方检查 accept 队列溢出（listen backlog）、服务进程负载，以及 SYN 代理后面的服务是否正常。',
    '发送方已发出 ACK 和数据，SYN-ACK 仍被重发，数据始终没有被确认：accept 队列已满，或 SYN 代理后面没有服务。',
  ),
  connect_abandoned: words(
    '发送方放弃了连接',
    '比较从 SYN 到 SYN-ACK 的时间与发送方的连接超时：放宽超时，或查明应答为何延迟。',
    '收到了有效的 SYN-ACK，发送方却以 RST 应答：在应答到达之前它已经放弃连接。',
  ),
  connect_no_reply: words(
    'SYN 没有应答',
    '请接收方确认 SYN 是否到达：静默丢弃的防火墙、白名单缺少发送方，或主机已停机。',
    '发出一个或多个 SYN，没有收到 SYN-ACK、RST 或 ICMP 错误。',
  ),
  tls_no_server_hello: words(
    'ClientHello 没有应答',
    '询问接收方此端口是否使用 TLS、其 TLS 终结器是否正常；按 SNI 过滤的中间设备表现相同。',
    '发送方的 ClientHello 已被确认，直到期限或连接关闭，接收方没有返回任何字节。',
  ),
  tls_alert_by_receiver: words(
    'TLS 握手被接收方拒绝',
    '查看告警代码：它说明是协议版本、加密套件、SNI 还是客户端证书不被接收方接受。',
    '接收方在握手期间（TLS 1.3 中也可能紧接握手之后、代替响应）发出致命 TLS 警报，名称见 `connection.tls.alert`。',
  ),
  tls_rejected_by_sender: words(
    'TLS 握手被发送方拒绝',
    '用发送方的信任库和时钟核对接收方证书（域名、证书链、有效期）。',
    '发送方没有发出请求，而是发出致命 TLS 警报，或在收到接收方的握手消息后立即关闭：它不接受接收方提供的内容。',
  ),
  tls_aborted: words(
    'TLS 握手中断',
    '查看关闭方的日志：握手超时、终结器崩溃，或切断 TLS 的设备。',
    'TLS 握手期间一方关闭或重置了连接而没有发出警报，或接收方返回的不是 TLS，或握手中途停止。',
  ),
  no_request_sent: words(
    '连接未使用即关闭',
    '通常无害：连接池的备用连接或健康检查。否则请查明发送方为何在写入前放弃。',
    '连接已建立，发送方在发出任何请求字节之前关闭了它。',
  ),
  receiver_closed_early: words(
    '请求之前被接收方关闭',
    '询问接收方的连接数限制和访问规则：过载的代理或地址过滤会这样关闭连接。',
    '在任何请求字节到达之前，接收方关闭或重置了新连接。',
  ),
  stale_connection: words(
    '请求发在已关闭的连接上',
    '用新连接重试，并使发送方连接池的空闲超时短于接收方的 keep-alive 超时。',
    '请求发在复用连接上，而接收方此前已经关闭该连接，或它的 FIN、RST 与请求交错：请求没有在这条连接上处理。',
  ),
  stream_refused: words(
    '流被拒绝',
    '可以安全重试。询问接收方为何拒绝流：同时打开的流数限制、每条连接的请求数限制，或重启。',
    '接收方以 RST_STREAM 和错误码 REFUSED_STREAM 终止了请求的 HTTP/2 流：它表明没有处理其中任何内容（RFC 9113 8.7 节）。',
  ),
  goaway_unprocessed: words(
    '请求在 GOAWAY 的最后一个流之后',
    '可以在新连接上安全重试。发送方收到 GOAWAY 后不应再打开流，接收方应先通告关闭再停止接受流。',
    '接收方发出的 GOAWAY 所列最后一个流低于请求的流，并且没有收到响应的任何字节：该请求没有、也不会在这条连接上得到处理（RFC 9113 6.8 节）。',
  ),
  idle_state_lost: words(
    '空闲期间连接状态丢失',
    '在中间防火墙或 NAT 的空闲超时之前关闭池中连接，或以更短的间隔开启 TCP keep-alive。',
    '静默至少 30 秒之后，请求立即遇到 RST 而此前没有 FIN，或始终没有被确认而新连接正常：中间设备已丢失该连接的状态。',
  ),
  path_mtu_blackhole: words(
    '大数据包在途中丢失',
    '放行 ICMP“需要分片”/“数据包过大”，在隧道处限制 MSS，或降低发送方的 MTU。',
    '较小的报文段被确认，满长报文段重发三次以上仍没有被确认。',
  ),
  receiver_window_closed: words(
    '接收窗口关闭',
    '询问接收方进程为何不读取套接字：工作线程阻塞、过载，或正文过滤器卡住。',
    '请求的最后一个字节发出之前，接收方的窗口变为 0，此后没有再打开：接收方的程序已停止读取。',
  ),
  stream_window_closed: words(
    'HTTP/2 流量控制停滞',
    '询问接收方进程为何不读取请求正文：工作线程阻塞、代理等待其后端，或其他流占满了整条连接的窗口。',
    '在请求的最后一个字节之前，接收方的 HTTP/2 流量控制窗口（该流的或整条连接的）已经用尽并且没有再打开，而其 TCP 确认了已发送的全部内容。',
  ),
  expect_continue_stalled: words(
    'Expect: 100-continue 没有应答',
    '发送时去掉 Expect 头部，或稍等后直接发送正文（RFC 9110 10.1.1）；请接收方支持它。',
    '带有 "Expect: 100-continue" 的头部已被确认，既没有 100 也没有最终响应，正文一直没有发出。',
  ),
  reset_during_send: words(
    '发送请求时被重置',
    '询问接收方当时的大小限制、请求过滤和崩溃情况；比较 RST 与其他数据包的 TTL。',
    '请求的最后一个字节被确认之前，从接收方方向来了 RST（或 HTTP/2 的 RST_STREAM），并且没有更具体的判定适用。',
  ),
  request_incomplete: words(
    '请求被发送方中断',
    '检查发送方：写超时或总超时、构造正文时的异常，或 Content-Length 不符。',
    '发送方在发完整个请求之前关闭（HTTP/2 中为取消该流），或直到期限没有再发送；已发出的部分全部被确认，窗口是打开的。',
  ),
  request_not_acked: words(
    '请求从未被确认',
    '同时在接收方抓包，确认数据是否到达；检查放行握手却不放行数据的设备。',
    '请求已发出并且重发，没有一个字节被确认。',
  ),
  request_partly_acked: words(
    '请求只被部分确认',
    '检查路径上的丢包，以及接收方是否在请求中途离线。',
    '到最后，请求的一部分字节被确认，并且没有更具体的判定适用。',
  ),
  no_response_sender_closed: words(
    '发送方放弃前没有响应',
    '询问接收方服务器在这段时间对该请求做了什么；将 gaveUpAfter 与发送方的响应超时比较。',
    '请求已全部被确认，没有收到最终响应的任何字节，发送方在 `timings.gaveUpAfter` 之后先关闭（HTTP/2 中为以 RST_STREAM 取消该流）。与请求同时或在一个往返时间之内的 FIN 是半关闭，不算放弃。',
  ),
  no_response_receiver_closed: words(
    '接收方未响应即关闭',
    '询问接收方当时是否有崩溃、重启或工作进程超时，或代理失去了后端。',
    '请求已全部被确认，没有收到最终响应的任何字节，接收方的 FIN（或 TLS 的 close_notify）先到。',
  ),
  no_response_reset: words(
    '未响应即被重置',
    '询问接收方当时是否崩溃或强制关闭，以及前面的负载均衡器或过滤设备是否会重置连接。',
    '请求已全部被确认，没有收到最终响应的任何字节，从接收方方向来了 RST（或 HTTP/2 的 RST_STREAM）。',
  ),
  no_response_timeout: words(
    '期限内没有响应',
    '询问接收方服务器在这段时间对该请求做了什么：后端缓慢、锁、工作线程耗尽。',
    '请求已全部被确认，到期限时连接仍然打开而没有最终响应的任何字节，期限在抓包时间之内。',
  ),
  response_incomplete: words(
    '响应不完整',
    '将 Content-Length 或最后一块与实际收到的内容比较，向中断的一方询问崩溃、超时或缓冲限制。',
    '收到最终响应的一部分，随后是 FIN、RST（连接的或其流的），或静默直到超过期限。',
  ),
  response_invalid: words(
    '响应不是 HTTP',
    '检查 URL 的协议和端口是否正确；把对端发来的字节给接收方看。',
    '接收方返回的字节不是 HTTP 响应：明文端口上的 TLS 警报、头部之后没有空行，或其他数据。',
  ),
  response_late: words(
    '响应来得太晚',
    '请求很可能已被处理：重试须幂等。请接收方更快响应，或让发送方等待更久。',
    '响应的第一个字节在发送方放弃之后才到达。',
  ),
  response_ignored: words(
    '响应被发送方主机忽略',
    '检查发送方自己的主机：入站防火墙规则、校验和错误、连接跟踪，或主机冻结。',
    '窗口之内的响应字节到达两次以上，发送方内核始终没有确认。',
  ),
  rejected_early: words(
    '请求未发完即被拒绝',
    '查看状态码：常见的是正文大小限制（413）、授权失败（401、403）或路径错误。',
    '请求的最后一个字节发出之前，已开始返回 300 或以上的最终状态码。',
  ),
  redirected: words(
    '被重定向',
    '请接收方登记最终的 URL（见 Location 头部）；多数通知程序不跟随重定向。',
    '最终状态码是 3xx：通知没有在这个地址被接受。',
  ),
  client_error: words(
    '以 4xx 拒绝',
    '查看状态码和响应正文；与接收方核对路径、方法、授权和签名。',
    '最终状态码是 4xx：接收方的端点认为请求不可接受。',
  ),
  server_error: words(
    '服务器错误 5xx',
    '请接收方查看响应时刻的服务器错误日志。',
    '最终状态码是 5xx（网关状态码除外）：服务器处理请求失败。',
  ),
  gateway_error: words(
    '网关错误',
    '请接收方查看响应时刻网关或 CDN 的上游错误。',
    '最终状态码是 502、503、504 或 52x：服务器前面的网关作了应答，因为它后面的服务没有应答。',
  ),
  refused_in_body: words(
    '响应正文表示拒绝',
    '查看响应正文：接收方在其中说明为何没有接受该通知。',
    '返回了 2xx，但完整的响应正文命中拒绝规则，或不符合接受规则。',
  ),
  refused_in_trailers: words(
    '尾部字段表示拒绝',
    '查看 grpc-status 和 grpc-message：它们说明接收方为何没有接受该调用。',
    '收到完整的 gRPC 2xx 响应，其尾部的 `grpc-status` 不为 0：调用失败。',
  ),
  delivered: words('已送达', '无需处理。', '及时收到完整的最终 2xx 响应，并且符合接受规则或没有设置规则。'),
  delivered_unconfirmed: words(
    '已送达，正文不可读',
    '用完整的快照长度抓包（tcpdump -s 0）以看到全部正文。',
    '返回了 2xx，但接受规则所需的正文在抓包中不完整或无法解码。',
  ),
  pending_at_capture_end: words(
    '抓包结束时未决',
    '抓包时长应超过最后一个请求的响应期限，或一并读取下一个文件。',
    '抓包在本次尝试的期限之前结束，此前没有任何事情决定它的结果。',
  ),
  response_not_captured: words(
    '有响应，但没有抓到',
    '改进抓包：更大的内核缓冲、不隐藏数据包的过滤器、所有接口；然后看下一次尝试。',
    '发送方确认了抓包中不存在的响应字节：响应确实存在。',
  ),
  capture_insufficient: words(
    '抓包不足以判定',
    '抓取双向流量，使用完整快照长度和更大的缓冲，并在连接建立之前开始。',
    '缺口、快照长度、缺少一个方向、抓包开始得晚或丢包，遮住了决定性的事实；`missing` 给出是哪一个。',
  ),
  opaque: words(
    '内容不可读',
    '在未加密处抓包：发送方加密之前，或 TLS 终结器之后。',
    '连接承载的是没有密钥的加密数据，或不是 HTTP；`likely` 给出最可能的判定（如果有）。',
  ),
  not_observed: words(
    '预期应有，但从未出现',
    '检查发送方：其队列、当时的日志，以及是否经由其他接口或主机发送。',
    '--expect 清单中的一个通知没有留下任何数据包，而抓包覆盖了它的时间和地址，并且抓包中没有可能是它的内容。',
  ),
};
