/**
 * What else was seen about an attempt, as codes: facts worth knowing that decide nothing by themselves.
 */
import type { Facts } from './facts.ts';
import { isFromElsewhere } from './forgery.ts';
import type { Signal } from './verdict.ts';

export function signalsOf(facts: Facts): string[] {
  const { transaction: t, sender, receiver } = facts;
  const signals: (Signal | `${'http' | 'http2' | 'tls'}_anomaly:${string}`)[] = [];
  if (t.retransmissions > 0) signals.push('retransmitted');
  if (sender.synCount > 1 && t.index === 1) signals.push('syn_retransmitted');
  if (t.connection.duplicates > 0) signals.push('duplicate_capture');
  if (facts.halfClosed) signals.push('half_closed');
  if (t.connection.portReused) signals.push('port_reused');
  if (t.answerUnseen + t.requestUnseen > 0 && sender.snaplenCut + receiver.snaplenCut === 0) {
    signals.push('acked_unseen');
  }
  if (sender.snaplenCut + receiver.snaplenCut > 0) signals.push('snaplen_cut');
  if (sender.syn === null && receiver.syn === null) signals.push('mid_stream');
  if (isFromElsewhere(facts)) signals.push('rst_ttl_differs');
  if (sender.icmp !== null) signals.push('icmp_error');
  if (receiver.zeroWindow !== null) signals.push('zero_window');
  if (t.tls !== null && t.tls.notTls !== null) signals.push('not_tls');
  for (const anomaly of t.tls?.anomalies ?? []) signals.push(`tls_anomaly:${anomaly}`);
  if (t.stream?.pushed) signals.push('server_push');
  if (t.stream?.beyond) signals.push('streams_beyond_limit');
  for (const anomaly of t.stream?.anomalies ?? []) signals.push(`http2_anomaly:${anomaly}`);
  for (const anomaly of t.anomalies) signals.push(`http_anomaly:${anomaly}`);
  return signals;
}
