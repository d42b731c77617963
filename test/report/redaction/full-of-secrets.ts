/**
 * A capture with a secret in every place that HTTP and TCP have for one, and what must and must not be seen of it. Every
 * secret holds `HUSH`; in each conversation `KEEP` and its number mark something that is none.
 */
import { gzipSync } from 'node:zlib';
import { type ConversationOptions, conversation } from '../../support/conversation.ts';
import { icmpError, type TcpFrame } from '../../support/frames.ts';
import { data, headers as fieldsOf, goAway, PREFACE, SETTINGS_ACK, settings } from '../../support/http2.ts';
import { type Frame, merged } from '../../support/packets-source.ts';

/** Valid by their check digits, of which no part is masked by a name. */
export const CARDS = ['4111111111111111', '5500005555555559', '6222021234567890128'] as const;
/** The compressed bytes hide their secret from a search: they must not be there themselves. */
export const COMPRESSED = gzipSync('{"keep":"KEEP4","token":"HUSH4"}');

/** What `--redact` is given besides. */
export const SEGMENTS = ['/merchants/*'];

const head = (length: number, more: readonly string[] = [], target = '/n') =>
  [`POST ${target} HTTP/1.1`, 'Host: pay.example', `Content-Length: ${length}`, ...more, '', ''].join('\r\n');

function post(body: string, more: readonly string[] = [], target?: string): string {
  return head(Buffer.byteLength(body), more, target) + body;
}

function chunked(...chunks: readonly string[]): string {
  return (
    chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('') +
    '0\r\nX-Token: HUSH3trailer\r\n\r\n'
  );
}

let port = 40_000;
/** One second after the other, each on its own port. */
function talk(options: ConversationOptions = {}) {
  port++;
  return conversation({ client: `10.0.0.1:${port}`, start: (port - 40_001) * 1e9, ...options });
}

export function fullOfSecrets(): Frame[] {
  port = 40_000;
  const lists: (readonly Frame[])[] = [];
  const FORM = 'Content-Type: application/x-www-form-urlencoded';
  // 1: head, query, form, cut into small segments of which some come again, out of order and twice.
  const form = talk({ mss: 23 }).handshake();
  const headers = [
    'Authorization: Bearer HUSH1bearer',
    'Cookie: a=HUSH1cookie; b=HUSH1more',
    'X-Api-Key:\tHUSH1key',
    'X-Folded: KEEP1',
    'Wechatpay-Signature: HUSH1sig',
    FORM,
  ];
  form.clientSends(
    post(
      'order=KEEP1&password=HUSH1 with "spaces" HUSH1&biz=%7B%22card_no%22%3A%22HUSH1nested%22%7D&x=1',
      headers,
      'http://u:HUSH1user@pay.example/n?sign=HUSH1sign&keep=KEEP1',
    ),
  );
  form.retransmit('client').ack('server').wait(500).fin('client');
  lists.push(
    form.frames,
    form.frames.slice(10, 14).map((frame) => ({ ...frame, timeNs: frame.timeNs + 300e6 })),
  );
  // 2: JSON at any depth, answered with a secret.
  lists.push(
    talk()
      .handshake()
      .clientSends(
        post(
          '{"keep":"KEEP2","a":[{"access_token":"HUSH2"},{"data":"{\\"pwd\\":\\"HUSH2in\\"}"}],"cvv":9183746}',
        ),
      )
      .ack()
      .serverSends(
        'HTTP/1.1 500 Oops token=HUSH2reason\r\nSet-Cookie: sid=HUSH2set\r\nContent-Length: 29\r\n\r\n{"sign":"HUSH2","r":"KEEP"}',
      )
      .ack()
      .close('client').frames,
  );
  // 3: a secret parted by chunks, and one in the trailer.
  lists.push(
    talk()
      .handshake()
      .clientSends(
        'POST /n HTTP/1.1\r\nHost: pay.example\r\nTransfer-Encoding: chunked\r\n\r\n' +
          chunked('{"keep":"KEEP3","token":"HU', 'SH3-HUSH3', 'x","b":1}'),
      )
      .ack()
      .wait(500)
      .fin('client').frames,
  );
  // 4: compressed.
  lists.push(
    talk()
      .handshake()
      .clientSends(post('{"keep":"KEEP4"}'))
      .ack()
      .serverSends(
        Buffer.concat([
          Buffer.from(
            `HTTP/1.1 500 Oops\r\nContent-Encoding: gzip\r\nContent-Length: ${COMPRESSED.length}\r\n\r\n`,
          ),
          COMPRESSED,
        ]),
      )
      .ack()
      .close('client').frames,
  );
  // 5: XML as it is in use, and multipart that is cut within its secret.
  lists.push(
    talk()
      .handshake()
      .clientSends(
        post('<xml><sign><![CDATA[HUSH5]]></sign><key attr="1">HUSH5b</key><keep>KEEP5</keep></xml>'),
      )
      .ack()
      .fin('client').frames,
    talk()
      .handshake()
      .clientSends(
        head(900, ['Content-Type: multipart/form-data; boundary=b']) +
          '--b\r\nContent-Disposition: form-data; name="keep"\r\n\r\nKEEP6\r\n--b\r\nContent-Disposition: form-data; name="secret"\r\n\r\nHUSH6\r\nHUSH6',
      )
      .ack()
      .fin('client').frames,
  );
  // 7: card numbers, one over two packets, one grouped, one a number of JSON.
  const [visa, master, union] = CARDS;
  lists.push(
    talk({ mss: 100 })
      .handshake()
      .clientSends(
        post(
          `{"keep":"KEEP7","note":"${master.replace(/(.{4})/g, '$1 ').trim()}","n":${union},"text":"paid by ${visa}."}`,
        ),
      )
      .ack()
      .fin('client').frames,
  );
  // 8: an ICMP error quotes the request.
  const unreachable = talk().handshake();
  const request = post('token=HUSH8&keep=KEEP8', [FORM]);
  const quote: TcpFrame = unreachable.fields('client', { flags: 'PA', payload: request });
  unreachable
    .clientSends(request)
    .raw(icmpError({ src: '192.0.2.9', dst: '10.0.0.1', type: 3, code: 1, quote }));
  unreachable.wait(300).retransmit('client').wait(600).retransmit('client').wait(900).fin('client');
  lists.push(unreachable.frames);
  // 9: an answer that is no HTTP, and one that comes after the sender has given up.
  lists.push(
    talk()
      .handshake()
      .clientSends(post('keep=KEEP9'))
      .ack()
      .serverSends('password: HUSH9\n{"token":"HUSH9b"}')
      .ack()
      .fin('server').frames,
    talk()
      .handshake()
      .clientSends(post('keep=KEEP10'))
      .ack()
      .wait(900)
      .rst('client')
      .serverSends('HTTP/1.1 500 No\r\nContent-Length: 15\r\n\r\n{"pwd":"HUSHA').frames,
  );
  // 11: begun before the capture, in the middle of a secret.
  lists.push(
    talk()
      .established()
      .clientSends('HUSHBrest","x":1}')
      .clientSends(post('keep=KEEP11'))
      .ack()
      .wait(900)
      .fin('client').frames,
  );
  // 12: a part of a secret was not captured.
  const holed = talk({ mss: 60 }).handshake();
  const body = `{"keep":"KEEP12","token":"${'HUSHC'.repeat(40)}","b":1}`;
  holed
    .clientSends(head(body.length))
    .clientSends(body.slice(0, 90))
    .drop(1)
    .clientSends(body.slice(90, 140))
    .clientSends(body.slice(140))
    .ack()
    .wait(900)
    .fin('client');
  lists.push(holed.frames);
  // 13: sent again with other bytes, and a probe behind the end.
  const twice = talk().handshake().clientSends(post('keep=KEEP13&a=1'));
  twice
    .retransmit('client', { payload: 'HUSHD'.repeat(14).slice(0, 70) })
    .ack()
    .wait(900)
    .fin('client')
    .segment('client', { flags: 'PA', payload: 'HUSHDbehind' });
  lists.push(twice.frames);
  // 14: in paths, of which one is masked by `SEGMENTS`.
  lists.push(
    talk()
      .handshake()
      .clientSends(
        post(
          '{"keep":"KEEP14","notify_url":"https:\\/\\/m.example\\/webhook\\/HUSHE1a2b3c4d5e6f7"}',
          ['Referer: http://m.example/merchants/HUSHF/list'],
          '/services/T0AB12CD3/B0AB12CD3/HUSHEk2LmN9pQr4sTuV6wX/orders/KEEP14',
        ),
      )
      .ack()
      .serverSends('HTTP/1.1 302 Found\r\nLocation: /cb/HUSHE8Xk2LmN9pQr4sTuV6\r\nContent-Length: 0\r\n\r\n')
      .ack()
      .close('client').frames,
    talk()
      .handshake()
      .clientSends(post('keep=KEEP15', [], '/merchants/HUSHF/orders/KEEP15'))
      .ack()
      .wait(900)
      .fin('client').frames,
  );
  // 16: HTTP/2, a secret parted by a frame of another stream, and fields that later ones refer to.
  const path = '/n?sign=HUSHGsign&keep=KEEP16';
  const asked = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'pay.example' };
  const secret = { authorization: 'Bearer HUSHGbearer', 'x-keep': 'KEEP16' };
  const [before, after] = ['{"keep":"KEEP16","token":"HUSHGbo', 'dy-HUSHG"}'];
  lists.push(
    talk()
      .handshake()
      .clientSends(Buffer.concat([PREFACE, settings()]))
      .serverSends(Buffer.concat([settings(), SETTINGS_ACK]))
      .clientSends(
        Buffer.concat([
          SETTINGS_ACK,
          fieldsOf(1, { ...asked, ...secret }, { end: false, coding: 'indexed' }),
          data(1, before, { end: false }),
          fieldsOf(3, { ...asked, cookie: 'HUSHGcookie' }, { coding: 'indexed' }),
          data(1, after, { padding: 3 }),
        ]),
      )
      .ack()
      .serverSends(
        Buffer.concat([
          fieldsOf(1, { ':status': '500', 'set-cookie': 'sid=HUSHGset' }, { end: false }),
          data(1, '{"pwd":"HUSHGpwd"}'),
          goAway(3, 0, 'token=HUSHGdebug'),
        ]),
      )
      .ack()
      .wait(900)
      .fin('client').frames,
  );
  return merged(...lists);
}
