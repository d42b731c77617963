/**
 * Rules of the stage "tls": a connection stood, and its TLS handshake did not get as far as a request (RFC 5246 §7,
 * RFC 8446 §4, §6). What is said in clear proves; what is only inferred from the size of a sealed record does not.
 */
import type { Moment, Time } from '../../capture/packet.ts';
import type { TlsAlert, TlsFacts } from '../../tls/tls.ts';
import { type Facts, isBefore, STUCK_REPEATS } from '../facts.ts';
import { type Finding, proofs, type Rule, reported } from '../rule.ts';
import type { Party, Reason } from '../verdict.ts';

/** A client that closes within this has seen something that it did not like. */
const AT_ONCE: Time = 1e9;
/** Segments of about full size. */
const FULL_SIZE = 1_000;

/** The handshake was all that there was. */
function handshakeOf({ transaction: t, kind }: Facts): TlsFacts | null {
  return kind === 'connect' && t.tls !== null && t.tls.clientHello !== null ? t.tls : null;
}

/** The first fatal alert of either side. */
function fatalAlert({ transaction: { tls, sender } }: Facts, by: 'sender' | 'receiver') {
  const side = by === 'sender' ? sender : sender === 0 ? 1 : 0;
  return tls?.alerts.find((alert) => alert.fatal && alert.side === side) ?? null;
}

function shown(f: Facts, tls: TlsFacts, alert: Moment | null, ends: boolean) {
  const { closing, closed, transaction: t } = f;
  return proofs(
    ['client_hello', tls.clientHello?.first],
    ['server_hello', tls.serverHello],
    ['request_first_byte', t.request?.firstByte],
    ['tls_alert', alert],
    [closing ?? 'last_packet', ends ? (closed ?? t.connection.last) : null],
  );
}

function noServerHello(f: Facts): Finding | undefined {
  const tls = handshakeOf(f);
  if (tls === null || tls.serverFirst !== null || tls.serverHello !== null) return undefined;
  if (f.sender.acked < tls.clientHello!.end || isByReceiver(f) || fatalAlert(f, 'sender') !== null)
    return undefined;
  return { proofs: shown(f, tls, null, true), because: waited(f, tls.clientHello!.last) };
}

function alertByReceiver(f: Facts): Finding | undefined {
  const alert = fatalAlert(f, 'receiver');
  const { tls, sender } = f.transaction;
  if (alert === null && handshakeOf(f) !== null && tls?.sealedAlert && tls.sealedAlert.side !== sender) {
    const because: readonly Reason[] = [{ reason: 'tls_alert_sealed' }];
    return { proofs: shown(f, tls, tls.sealedAlert.at, true), base: 'probable', because };
  }
  if (alert === null || tls === null || !decides(f, alert)) return undefined;
  return { proofs: shown(f, tls, alert.at, false), because: [named(alert)] };
}

/** In the handshake, or in TLS 1.3 right after it instead of an answer (RFC 8446 §4.4.2.4). */
function decides(f: Facts, alert: TlsAlert): boolean {
  if (f.kind === 'connect') return true;
  const { request, index, tls } = f.transaction;
  const first = f.transaction.opens.tls || index === 1;
  return first && tls?.version === 'TLS 1.3' && f.responded === 'none' && request !== null && alert.fatal;
}

function rejectedBySender(f: Facts): Finding | undefined {
  const tls = handshakeOf(f);
  if (tls === null) return undefined;
  const alert = fatalAlert(f, 'sender');
  const expired = alert?.name === 'certificate_expired';
  const fault: readonly Party[] =
    expired || tls.notTls !== null ? ['receiver', 'sender'] : ['sender', 'receiver'];
  if (alert !== null && (tls.serverHello !== null || tls.notTls !== null)) {
    return {
      proofs: shown(f, tls, alert.at, false),
      base: 'proven',
      fault,
      because: [named(alert), ...clear(tls)],
    };
  }
  if (tls.serverHello === null) return undefined;
  const sealed = tls.sealedAlert?.side === f.transaction.sender ? tls.sealedAlert.at : null;
  if (sealed !== null) {
    return { proofs: shown(f, tls, sealed, true), because: [{ reason: 'tls_alert_sealed' }] };
  }
  if (!isBySender(f) || f.closed!.time - flightOf(f, tls).time > AT_ONCE) return undefined;
  return { proofs: shown(f, tls, null, true), because: waited(f, flightOf(f, tls)) };
}

function aborted(f: Facts): Finding | undefined {
  const tls = handshakeOf(f);
  if (tls === null || tls.done !== null || !(isBySender(f) || isByReceiver(f))) return undefined;
  // That the sender went after a long wait is no doing of its own.
  const sinceReply = f.closed!.time - (f.receiver.lastData?.time ?? tls.clientHello!.last.time);
  let fault: readonly Party[] = isByReceiver(f) ? ['receiver'] : ['sender', 'receiver'];
  if (tls.notTls !== null || (isBySender(f) && sinceReply > AT_ONCE)) fault = ['receiver', 'sender'];
  return { proofs: shown(f, tls, null, true), fault, because: clear(tls) };
}

/** Open when the deadline passed, and more than nothing had come. */
function stalled(f: Facts): Finding | undefined {
  const tls = handshakeOf(f);
  if (tls === null || tls.done !== null || f.closed !== null || tls.serverFirst === null) return undefined;
  return {
    proofs: shown(f, tls, null, true),
    base: 'strong',
    fault: ['receiver', 'network'],
    because: [...clear(tls), ...waited(f, flightOf(f, tls))],
  };
}

/** The ClientHello itself did not wholly arrive: as with a request, of which no byte was sent. */
function helloLost(f: Facts, part: 'none' | 'some' | 'large'): Finding | undefined {
  const tls = handshakeOf(f);
  if (tls === null || tls.serverFirst !== null || isByReceiver(f)) return undefined;
  const { start, end, first } = tls.clientHello!;
  const { sender } = f;
  if (sender.acked >= end) return undefined;
  const some = sender.acked > start;
  const mtu = sender.icmp !== null && sender.icmp.mtu > 0;
  const large = mtu || (some && sender.stuckRepeats >= STUCK_REPEATS && sender.stuckLength >= FULL_SIZE);
  if (part === 'large' ? !large : part === 'some' ? !some : some) return undefined;
  const reasons: Reason[] = [{ reason: 'client_hello_lost' }];
  if (sender.icmp !== null) reasons.push(reported(sender.icmp));
  return {
    proofs: proofs(
      ['client_hello', first],
      ['request_retransmitted', sender.lastRetransmission],
      ['icmp_error', sender.icmp?.at],
      [f.closing ?? 'last_packet', f.closed ?? f.transaction.connection.last],
    ),
    outcome: 'unsent',
    because: reasons,
    ...(mtu ? { fault: ['network'] as const } : {}),
  };
}

const isBySender = (f: Facts) => f.closedBy === 'sender_fin' || f.closedBy === 'sender_rst';
const isByReceiver = (f: Facts) => f.closedBy === 'receiver_fin' || f.closedBy === 'receiver_rst';

/** The last that the sender had of the handshake before it went on or closed. */
function flightOf(f: Facts, tls: TlsFacts): Moment {
  const { done } = tls;
  const last = f.receiver.lastData ?? tls.clientHello!.last;
  return done !== null && isBefore(last, done) ? done : last;
}

function waited(f: Facts, since: Moment): Reason[] {
  const until = f.closed?.time ?? f.transaction.decidedAt;
  return [{ reason: 'handshake_waited', seconds: Math.max(0, until - since.time) / 1e9 }];
}

function named({ name }: TlsAlert): Reason {
  return { reason: 'tls_alert', name };
}

/** The receiver speaks, but not TLS: the first line of what it said. */
function clear({ notTls }: TlsFacts): Reason[] {
  if (notTls === null) return [];
  const [line = ''] = notTls.toString('latin1').split(/[\r\n]/, 1);
  return [{ reason: 'not_tls', line }];
}

export const TLS_RULES: readonly Rule[] = [
  { code: 'tls_no_server_hello', applies: noServerHello },
  { code: 'path_mtu_blackhole', applies: (f) => helloLost(f, 'large') },
  { code: 'request_partly_acked', applies: (f) => helloLost(f, 'some') },
  { code: 'request_not_acked', applies: (f) => helloLost(f, 'none') },
  { code: 'tls_alert_by_receiver', applies: alertByReceiver },
  { code: 'tls_rejected_by_sender', applies: rejectedBySender },
  { code: 'tls_aborted', applies: aborted },
  { code: 'tls_aborted', applies: stalled },
];
