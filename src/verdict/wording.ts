/**
 * What each verdict means in words, apart from the codes and from the rules: a title as a heading, the
 * definition (when it applies), and a remedy (what to do next). Plain English for the engineer who reads it;
 * the endpoint that answers may be a load balancer, so nothing here speaks of the receiver's application
 * where TCP alone was seen.
 */
import type { CatalogueEntry, Code } from './verdict.ts';

export type Wording = Pick<CatalogueEntry, 'title' | 'definition' | 'remedy'>;

export const WORDING: Readonly<Record<Code, Wording>> = {
  // connect
  connect_refused: {
    title: 'Connection refused',
    definition:
      "The sender's SYN was answered by an RST that acknowledges it, and no SYN-ACK came: nothing listens on that port, or a device in front of it answers for it.",
    remedy:
      'Ask the receiver to check that the service is running and listens on this address and port, and that no firewall rejects the sender.',
  },
  connect_prohibited: {
    title: 'Connection prohibited by a filter',
    definition:
      'An ICMP or ICMPv6 "administratively prohibited" message that quotes the SYN came back, and the connection was never established.',
    remedy:
      'Find the router or firewall that sent the ICMP message (its address is in the evidence packet) and have it allow this sender, address and port.',
  },
  connect_unreachable: {
    title: 'Destination unreachable',
    definition:
      'An ICMP or ICMPv6 destination-unreachable message, other than "administratively prohibited", that quotes the SYN came back, and the connection was never established.',
    remedy:
      'Check the address (DNS) and the route to it; the sender of the ICMP message is the hop that could not pass the packet on.',
  },
  connect_reply_ignored: {
    title: "SYN-ACK ignored by the sender's host",
    definition:
      "A valid SYN-ACK was captured, yet the sender's kernel repeated its SYN and neither completed nor reset the connection.",
    remedy:
      "Look at the sender's own host: firewall rules on incoming packets, reverse-path filtering, connection tracking, or a capture point outside a device that drops the reply.",
  },
  connect_port_collision: {
    title: 'Source port reused too early',
    definition:
      'A SYN from an address and port pair that was closed moments ago was met by an ACK of the old connection, and the connection never recovered from it.',
    remedy:
      "Widen the sender's ephemeral port range or keep connections open; on a NAT in between, check how soon it gives a port out again.",
  },
  connect_not_accepted: {
    title: 'Connection not accepted',
    definition:
      "The SYN-ACK was repeated after the sender's ACK and data had been sent, and that data was never acknowledged: a full accept queue, or a SYN proxy with nothing behind it.",
    remedy:
      'Ask the receiver to look at accept queue overflows (listen backlog), the load of the server process, and the health of what stands behind a SYN proxy.',
  },
  connect_abandoned: {
    title: 'Connection abandoned by the sender',
    definition:
      'A valid SYN-ACK came, and the sender answered it with an RST: it had given up connecting before the answer arrived.',
    remedy:
      "Compare the time from SYN to SYN-ACK with the sender's connect timeout: raise the timeout, or find what delays the answer.",
  },
  connect_no_reply: {
    title: 'No reply to the SYN',
    definition: 'One or more SYNs were sent, and no SYN-ACK, RST or ICMP error came back.',
    remedy:
      'Have the receiver check whether the SYN reaches it: a firewall that drops silently, a missing allow-list entry for the sender, or a host that is down.',
  },
  // tls
  tls_no_server_hello: {
    title: 'No answer to the ClientHello',
    definition:
      "The sender's ClientHello was acknowledged, and no byte came from the receiver until the deadline or the close.",
    remedy:
      'Ask the receiver whether this port speaks TLS and whether its TLS terminator is alive; a middlebox that filters by SNI looks the same.',
  },
  tls_alert_by_receiver: {
    title: 'TLS handshake rejected by the receiver',
    definition:
      'The receiver sent a fatal TLS alert during the handshake, or in TLS 1.3 right after it instead of an answer; its name is in `connection.tls.alert`.',
    remedy:
      'Read the alert: it tells whether protocol version, cipher suites, SNI or the client certificate did not suit the receiver.',
  },
  tls_rejected_by_sender: {
    title: 'TLS handshake rejected by the sender',
    definition:
      "The sender sent a fatal TLS alert, or closed right after the receiver's flight, without a request: what the receiver offered was not acceptable to it.",
    remedy:
      "Check the receiver's certificate (name, chain, expiry) against the sender's trust store, and the sender's clock.",
  },
  tls_aborted: {
    title: 'TLS handshake aborted',
    definition:
      'One side closed or reset the connection during the TLS handshake without sending an alert, the receiver answered with something else than TLS, or the handshake stopped in the middle.',
    remedy:
      'Look at the logs of the side that closed: a handshake timeout, a crash of the terminator, or a device that cuts TLS.',
  },
  // send
  no_request_sent: {
    title: 'Connection closed unused',
    definition:
      'The connection was established, and the sender closed it before it had sent one request byte.',
    remedy:
      'Usually harmless: a connection pool that opens spare connections, or a health check. Otherwise look at why the sender gave up before writing.',
  },
  receiver_closed_early: {
    title: 'Closed by the receiver before the request',
    definition: 'The receiver closed or reset a new connection before one request byte had reached it.',
    remedy:
      'Ask the receiver for its connection limits and access rules: an overloaded proxy or an address filter closes connections like this.',
  },
  stale_connection: {
    title: 'Request sent on a closed connection',
    definition:
      'The request went out on a reused connection that the receiver had closed, by a FIN or RST before it or crossing it: the request was not processed there.',
    remedy:
      "Retry on a new connection, and keep the sender's idle timeout for pooled connections below the receiver's keep-alive timeout.",
  },
  stream_refused: {
    title: 'Stream refused',
    definition:
      'The receiver ended the HTTP/2 stream of the request with RST_STREAM and the code REFUSED_STREAM: it says that it processed nothing of it (RFC 9113 section 8.7).',
    remedy:
      'Retry: it is safe. Ask the receiver why it turns streams away: a limit on streams at a time, a limit on requests of a connection, a restart.',
  },
  goaway_unprocessed: {
    title: 'Request above the last stream of a GOAWAY',
    definition:
      'The receiver sent a GOAWAY whose last stream is below that of the request, and no byte of an answer came: the request was not and will not be processed on this connection (RFC 9113 section 6.8).',
    remedy:
      'Retry on a new connection: it is safe. Have the sender open no stream once a GOAWAY has come, and the receiver announce its shutdown before it stops taking streams.',
  },
  idle_state_lost: {
    title: 'Connection state lost while idle',
    definition:
      'After at least 30 s of silence the request met an RST at once with no earlier FIN, or was never acknowledged although new connections work: a device in between had forgotten the connection.',
    remedy:
      'Close pooled connections before the idle timeout of the firewall or NAT in between, or turn on TCP keep-alive below it.',
  },
  path_mtu_blackhole: {
    title: 'Large packets lost on the path',
    definition:
      'Small segments were acknowledged, while full-size ones were sent again three times or more and never acknowledged.',
    remedy:
      'Let ICMP "fragmentation needed" / "packet too big" through, clamp the MSS at the tunnel, or lower the MTU of the sender.',
  },
  receiver_window_closed: {
    title: 'Receive window closed',
    definition:
      "The receiver's window went to zero before the last request byte and did not open again: its application had stopped reading.",
    remedy:
      'Ask the receiver why its process does not read from the socket: blocked workers, overload, a stuck body filter.',
  },
  stream_window_closed: {
    title: 'HTTP/2 flow control stalled',
    definition:
      "The receiver's HTTP/2 flow-control window, of the stream or of all of the connection, was used up before the last byte of the request and did not open again, although its TCP acknowledged all that was sent.",
    remedy:
      'Ask the receiver why its process does not read the request body: blocked workers, a proxy that waits for what stands behind it, or other streams that take the whole window of the connection.',
  },
  expect_continue_stalled: {
    title: 'Expect: 100-continue not answered',
    definition:
      'Headers with "Expect: 100-continue" were acknowledged, neither a 100 nor a final response came, and the body was never sent.',
    remedy:
      'Send without the Expect header, or send the body after a short wait (RFC 9110 section 10.1.1); ask the receiver to support it.',
  },
  reset_during_send: {
    title: 'Reset while the request was being sent',
    definition:
      'An RST, or an RST_STREAM of HTTP/2, came from the direction of the receiver before the last request byte was acknowledged, and nothing more specific applies.',
    remedy:
      'Ask the receiver for size limits, request filters and crashes at that time; compare the TTL of the RST with that of its other packets.',
  },
  request_incomplete: {
    title: 'Request cut short by the sender',
    definition:
      'The sender closed (in HTTP/2: cancelled the stream), or sent nothing more until the deadline, before it had sent the whole request; all it had sent was acknowledged and the window was open.',
    remedy:
      'Look at the sender: its write or total timeout, an exception while it built the body, or a Content-Length that does not match.',
  },
  request_not_acked: {
    title: 'Request never acknowledged',
    definition: 'The request was sent, and sent again, and no byte of it was ever acknowledged.',
    remedy:
      'Capture on the receiver side at the same time to see whether the data arrives; look at devices that pass handshakes but not data.',
  },
  request_partly_acked: {
    title: 'Request only partly acknowledged',
    definition:
      'Some, but not all, bytes of the request had been acknowledged at the end, and nothing more specific applies.',
    remedy:
      'Look for packet loss on the path and for a receiver that went away in the middle of the request.',
  },
  // wait
  no_response_sender_closed: {
    title: 'No response before the sender gave up',
    definition:
      'The request was fully acknowledged, and the sender closed first (in HTTP/2: cancelled the stream by RST_STREAM), after `timings.gaveUpAfter`, without one byte of a final response. A FIN with the request, or within one round trip of it, is a half-close and no give-up.',
    remedy:
      "Ask the receiver what its server did with this request in that time; compare `gaveUpAfter` with the sender's response timeout.",
  },
  no_response_receiver_closed: {
    title: 'Closed by the receiver without a response',
    definition:
      "The request was fully acknowledged, and the receiver's FIN, or in TLS its close_notify, came before one byte of a final response.",
    remedy:
      'Ask the receiver for a crash, restart or worker timeout at that time, or a proxy that lost what stood behind it.',
  },
  no_response_reset: {
    title: 'Reset instead of a response',
    definition:
      'The request was fully acknowledged, and an RST, or an RST_STREAM of HTTP/2, came from the direction of the receiver before one byte of a final response.',
    remedy:
      'Ask the receiver for a crash or forced close at that time, and whether a load balancer or filter in front of it resets connections.',
  },
  no_response_timeout: {
    title: 'No response within the deadline',
    definition:
      'The request was fully acknowledged, and the connection was still open without one byte of a final response when the deadline passed inside the capture.',
    remedy:
      'Ask the receiver what its server did with this request in that time: slow back ends, locks, exhausted workers.',
  },
  // reply
  response_incomplete: {
    title: 'Response cut short',
    definition:
      'Part of a final response came, then a FIN, an RST (of the connection or its stream), or silence past the deadline.',
    remedy:
      'Compare Content-Length or the last chunk with what came, and ask the side that stopped for a crash, a timeout or a buffer limit.',
  },
  response_invalid: {
    title: 'Answer is not an HTTP response',
    definition:
      'The receiver answered with bytes that are no HTTP response: a TLS alert on a plain port, a head without its empty line, or other data.',
    remedy:
      'Check that the URL names the right scheme and port; show the receiver the bytes that its endpoint sent.',
  },
  response_late: {
    title: 'Response came too late',
    definition: "The response's first byte came after the sender had given up.",
    remedy:
      'The request was probably processed: make the retry idempotent. Have the receiver answer faster, or the sender wait longer.',
  },
  response_ignored: {
    title: "Response ignored by the sender's host",
    definition:
      "Response bytes inside the window arrived twice or more, and the sender's kernel never acknowledged them.",
    remedy:
      "Look at the sender's own host: firewall rules on incoming packets, bad checksums, connection tracking, or a frozen machine.",
  },
  rejected_early: {
    title: 'Rejected before the request was complete',
    definition: 'A final status of 300 or above began before the last request byte had been sent.',
    remedy:
      'Read the status: a body size limit (413), failed authorization (401, 403) or a wrong path is usual.',
  },
  redirected: {
    title: 'Redirected',
    definition: 'The final status was 3xx: the notification was not taken at this address.',
    remedy:
      'Ask the receiver to register the final URL (see the Location field); most notifiers do not follow redirects.',
  },
  client_error: {
    title: 'Refused with 4xx',
    definition: 'The final status was 4xx: the endpoint at the receiver judged the request unacceptable.',
    remedy:
      'Read the status and the response body; check path, method, authorization and signature with the receiver.',
  },
  server_error: {
    title: 'Failed with 5xx',
    definition: 'The final status was 5xx other than the gateway statuses: the server failed at the request.',
    remedy: "Ask the receiver to look at its server's error log at the time of the response.",
  },
  gateway_error: {
    title: 'Failed at a gateway',
    definition:
      'The final status was 502, 503, 504 or 52x: a gateway in front of the server answered, because what stands behind it did not.',
    remedy: "Ask the receiver to look at the gateway's or CDN's upstream errors at the time of the response.",
  },
  refused_in_body: {
    title: 'Refused in the response body',
    definition: 'A 2xx came whose complete body matches a reject rule, or does not match the accept rule.',
    remedy: 'Read the response body: the receiver says there why it did not take the notification.',
  },
  refused_in_trailers: {
    title: 'Refused in the trailers',
    definition:
      'A complete 2xx of gRPC came whose trailer section carries a `grpc-status` other than 0: the call failed.',
    remedy: 'Read grpc-status and grpc-message: they say why the receiver did not take the call.',
  },
  delivered: {
    title: 'Delivered',
    definition: 'A complete final 2xx came in time, and the accept rule is satisfied or none is set.',
    remedy: 'Nothing to do.',
  },
  delivered_unconfirmed: {
    title: 'Delivered, body not readable',
    definition:
      'A 2xx came, but the body that the accept rule needs is cut in the capture or cannot be decoded.',
    remedy: 'Capture with a full snapshot length (tcpdump -s 0) to see the whole body.',
  },
  // cannot tell
  pending_at_capture_end: {
    title: 'Undecided when the capture ended',
    definition: 'The capture ended before the deadline of this attempt, and nothing had decided it.',
    remedy:
      'Capture for longer than the response deadline after the last request, or read the next file too.',
  },
  response_not_captured: {
    title: 'Answered, but the answer was not captured',
    definition: 'The sender acknowledged response bytes that are not in the capture: an answer existed.',
    remedy:
      'Fix the capture: larger kernel buffer, no filter that hides packets, all interfaces; then look at the next attempt.',
  },
  capture_insufficient: {
    title: 'Capture does not tell',
    definition:
      'A gap, the snapshot length, a missing direction, a late start or dropped packets hide the decisive fact; `missing` names it.',
    remedy:
      'Capture both directions with full snapshot length and a larger buffer, and start before the connections are opened.',
  },
  opaque: {
    title: 'Not readable',
    definition:
      'The connection carries encrypted data without keys, or no HTTP; `likely` holds the best guess where there is one.',
    remedy:
      'Capture where the requests are not encrypted: on the sender before TLS, or behind the TLS terminator.',
  },
  not_observed: {
    title: 'Expected, but never seen',
    definition:
      'A delivery on the list given by --expect left no packet in a capture that covers its time and its address, and nothing in the capture can be it.',
    remedy:
      'Look at the sender: its queue, its log at that time, and whether it sends over another interface or host.',
  },
};
