/** What Prometheus is told, and that its labels stay bounded. */
import { expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { newFacts } from '../../src/capture/delivery.ts';
import { LIMITS } from '../../src/limits.ts';
import { Metrics, serveMetrics } from '../../src/report/metrics.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { conversation } from '../support/conversation.ts';
import { packetsSource } from '../support/packets-source.ts';

async function record(): Promise<TransactionRecord> {
  const { frames } = conversation({ rtt: 40 })
    .handshake()
    .clientSends('POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 0\r\n\r\n')
    .ack('server')
    .serverSends('HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n')
    .ack('client')
    .fin('client')
    .fin('server');
  const records: TransactionRecord[] = [];
  await analyze(packetsSource(frames), DEFAULT_OPTIONS, {
    transaction: (one) => records.push(one),
    end() {},
  });
  return records[0]!;
}

test('transactions, times, drops and connections are told', async () => {
  const facts = { ...newFacts(), live: { backend: 'tcpdump', clockArrival: false, gaps: [] } };
  const metrics = new Metrics({ facts, openConnections: () => 3 });
  metrics.add(await record(), 'shop.example:80');
  const before = await metrics.text();
  expect(before).toContain(
    'wirewitness_transactions_total{outcome="refused",verdict="server_error",party="receiver",host="shop.example:80"} 1',
  );
  expect(before).toContain('wirewitness_response_wait_seconds_count{host="shop.example:80"} 1');
  expect(before).toContain('wirewitness_request_ack_seconds_bucket{le="0.05",host="shop.example:80"} 1');
  expect(before).toMatch(/wirewitness_build_info\{version="\d+\.\d+\.\d+[^"]*",backend="tcpdump"\} 1/);
  expect(before).toMatch(/^wirewitness_open_connections 3$/m);
  expect(before).toMatch(/^wirewitness_captured_packets_total 0$/m);
  // Nobody knows yet: 0 would be a claim.
  expect(before).not.toMatch(/^wirewitness_capture_dropped_packets_total \d/m);
  facts.dropped = 7;
  facts.packets = 100;
  for (const _ of [1, 2]) {
    const text = await metrics.text();
    expect(text).toMatch(/^wirewitness_capture_dropped_packets_total 7$/m);
    expect(text).toMatch(/^wirewitness_captured_packets_total 100$/m);
  }
});

test('hosts without number share one label', async () => {
  const metrics = new Metrics({ facts: newFacts(), openConnections: () => 0 });
  const one = await record();
  for (let i = 0; i < LIMITS.metricHosts + 50; i++) metrics.add(one, `host-${i}.example:80`);
  const text = await metrics.text();
  const hosts = new Set(
    [...text.matchAll(/^wirewitness_transactions_total\{.*host="([^"]+)"/gm)].map((match) => match[1]),
  );
  expect(hosts.size).toBe(LIMITS.metricHosts + 1);
  expect(text).toMatch(/host="other"\} 50$/m);
});

test('are served, and nothing else is', async () => {
  const metrics = new Metrics({ facts: newFacts(), openConnections: () => 0 });
  const served = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 });
  try {
    const url = `http://127.0.0.1:${served.port}`;
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toContain('# TYPE wirewitness_transactions_total counter');
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
    const taken = serveMetrics(metrics, { host: '127.0.0.1', port: served.port });
    await expect(taken).rejects.toMatchObject({ name: 'UserError', code: 'flag' });
  } finally {
    served.close();
  }
});
