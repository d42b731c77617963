/**
 * What an encrypted turn most likely came to: the rules for readable attempts, asked with what size and order of its
 * records tell. Null where they tell too little to name either side.
 */
import type { Time } from '../capture/packet.ts';
import type { Facts } from './facts.ts';
import type { Rule } from './rule.ts';
import { CONNECT_RULES } from './stages/connect.ts';
import { REPLY_RULES } from './stages/reply.ts';
import { SEND_RULES } from './stages/send.ts';
import { WAIT_RULES } from './stages/wait.ts';
import type { Code } from './verdict.ts';

const RULES: readonly Rule[] = [...REPLY_RULES, ...CONNECT_RULES, ...SEND_RULES, ...WAIT_RULES];

/** No sender gives up sooner. */
const IMPATIENT: Time = 1e9;

/** HTTP/2 sends its settings before any answer: so many bytes are more than settings. */
const MORE_THAN_SETTINGS = 256;

export function likelyOf(f: Facts): Code | null {
  const { transaction: t } = f;
  const { tls, response } = t;
  if (response === null && tls?.sealedAlert != null && tls.sealedAlert.side !== t.sender) {
    return 'tls_alert_by_receiver';
  }
  if (f.oneDirection !== null || t.requestUnseen > 0) return null;
  // Of a handshake that was cut nobody knows where it ended, and what came after it.
  if (tls !== null && tls.clientHello === null && f.sender.snaplenCut > 0 && f.acked === 'full') return null;
  // Without the server's choice nothing tells its tickets from its answers.
  if (response === null && tls !== null && tls.clientHello !== null && tls.serverHello === null) return null;
  if (response === null && isHasty(f)) return null;
  if (response === null && t.answerUnseen > 0)
    return f.receiver.snaplenCut > 0 ? null : 'response_not_captured';
  // It came, or did not, before the request was wholly taken: no answer either way.
  if (response === null && t.answerDoubtful && f.acked === 'full') return null;
  const began = response !== null && !f.late && response.ended !== 'cut';
  if (began && mayBeHttp2(t) && response.end - response.start < MORE_THAN_SETTINGS) return null;
  const readable: Facts = { ...f, kind: 'exchange', responded: response === null ? 'none' : f.responded };
  const rule = RULES.find(({ applies }) => applies(readable) !== undefined);
  if (rule !== undefined) return rule.code;
  return response === null ? null : 'delivered_unconfirmed';
}

/** A sender that closes so soon has rather had an answer that was not captured than given one up. */
function isHasty({ gaveUp, transaction: { request } }: Facts): boolean {
  return gaveUp !== null && request !== null && gaveUp.time - request.lastByte.time < IMPATIENT;
}

/** In TLS 1.3 what the server chose is sealed, and only the offer is known. */
function mayBeHttp2({ tls }: Facts['transaction']): boolean {
  if (tls === null) return false;
  return (
    tls.alpn === 'h2' || (tls.alpn === null && tls.alpnOffered.includes('h2') && tls.version !== 'TLS 1.2')
  );
}
