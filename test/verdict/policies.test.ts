/** Rules by receiver: which fits what, and that verdict, deadline and key follow it. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { keySpec } from '../../src/cli/values.ts';
import type { HostRule } from '../../src/verdict/verdict.ts';
import { conversation } from '../support/conversation.ts';
import { merged } from '../support/packets-source.ts';
import { analyzed, OK } from './judged.ts';

const rule = (match: string[], change: Partial<HostRule> = {}): HostRule => ({
  match,
  timeout: DEFAULT_OPTIONS.timeout,
  accept: { ...DEFAULT_OPTIONS.accept, body: /^never$/ },
  keys: [],
  ...change,
});

function exchange(host: string, server = '203.0.113.44:80') {
  const request = `POST /n HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 7\r\n\r\nid=1&n=`;
  return conversation({ server })
    .handshake()
    .clientSends(request)
    .serverSends(OK)
    .ack('client')
    .close('client');
}

describe('fits', () => {
  test.each<[string, string, string, boolean]>([
    ['pay.example', 'Pay.Example', '203.0.113.44:80', true],
    ['pay.example', 'www.pay.example', '203.0.113.44:80', false],
    ['*.example', 'pay.example', '203.0.113.44:80', true],
    ['*.pay.example', 'pay.example', '203.0.113.44:80', false],
    ['pay.example:80', 'pay.example', '203.0.113.44:80', true],
    ['pay.example:8080', 'pay.example:8080', '203.0.113.44:8080', true],
    ['pay.example:8080', 'pay.example', '203.0.113.44:80', false],
    ['203.0.113.44', 'pay.example', '203.0.113.44:80', true],
    ['203.0.113.0/24', 'pay.example', '203.0.113.44:80', true],
    ['203.0.113.0/24:8080', 'pay.example', '203.0.113.44:80', false],
    ['198.51.100.0/24', 'pay.example', '203.0.113.44:80', false],
  ])('%s %s at %s: %s', async (match, host, server, fits) => {
    const { records } = await analyzed(exchange(host, server).frames, { rules: [rule([match])] });
    expect(records[0]!.verdict).toBe(fits ? 'refused_in_body' : 'delivered');
  });

  test('IPv6, with and without port', async () => {
    const conversation6 = () =>
      conversation({ client: '[2001:db8::9]:4000', server: '[2001:db8::1]:443' })
        .handshake()
        .clientSends('POST /n HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
        .serverSends(OK)
        .ack('client');
    for (const match of ['2001:db8::1', '[2001:db8::1]:443', '2001:db8::/32']) {
      const { records } = await analyzed(conversation6().frames, { rules: [rule([match])] });
      expect(records[0]!.verdict).toBe('refused_in_body');
    }
  });

  test('the first rule counts', async () => {
    const rules = [rule(['pay.example'], { accept: DEFAULT_OPTIONS.accept }), rule(['*.example'])];
    const { records } = await analyzed(exchange('pay.example').frames, { rules });
    expect(records[0]!.verdict).toBe('delivered');
  });
});

test('the deadline is that of the receiver, before its request too', async () => {
  const waiting = (host: string, server: string, port: number) =>
    conversation({ client: `10.0.0.1:${port}`, server })
      .handshake()
      .clientSends(`POST /n HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`)
      .ack('server');
  const later = conversation({ client: '10.0.0.1:9', server: '192.0.2.1:80', start: 20e9 }).handshake();
  const { records } = await analyzed(
    merged(
      waiting('slow.example', '203.0.113.1:80', 1).frames,
      waiting('quick.example', '203.0.113.2:80', 2).frames,
      conversation({ client: '10.0.0.1:3', server: '203.0.113.2:81' }).syn().frames,
      later.frames,
    ),
    { rules: [rule(['quick.example', '203.0.113.2:81'], { timeout: 5e9 })] },
  );
  const byPort = new Map(records.map((record) => [record.connection.sender.port, record]));
  expect(byPort.get(2)!.verdict).toBe('no_response_timeout');
  expect(byPort.get(3)!.verdict).toBe('connect_no_reply');
  expect(byPort.get(1)!.verdict).toBe('pending_at_capture_end');
});

test('the key is where the receiver’s rule says', async () => {
  const { findings } = await analyzed(exchange('pay.example').frames, {
    rules: [rule(['pay.example'], { keys: [keySpec('--key', 'form:id')] })],
  });
  expect(findings.deliveries).toMatchObject([{ key: '1', keyFrom: 'form:id' }]);
});
