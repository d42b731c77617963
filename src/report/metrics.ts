/**
 * Records and counters in, Prometheus's text format out, served to whoever scrapes. The labels are bounded: outcome, verdict
 * and party are closed sets, and of hosts the first are named, all others together are `other`.
 * Names follow prometheus.io/docs/practices/naming; buckets are those of OpenTelemetry's http.client.request.duration.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CaptureFacts } from '../capture/packet.ts';
import { UserError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import type { TransactionRecord } from '../verdict/verdict.ts';
import { VERSION } from '../version.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const OTHER = 'other';

/** What is asked for when somebody scrapes. */
export interface Gauges {
  readonly facts: CaptureFacts;
  readonly openConnections: () => number;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #transactions: Counter;
  readonly #wait: Histogram;
  readonly #ack: Histogram;
  readonly #hosts = new Set<string>();

  constructor({ facts, openConnections }: Gauges) {
    const registers = [this.#registry];
    this.#transactions = new Counter({
      name: 'wirewitness_transactions_total',
      help: 'HTTP transactions judged; party is the side most likely at fault, none where nothing is wrong.',
      labelNames: ['outcome', 'verdict', 'party', 'host'],
      registers,
    });
    this.#wait = new Histogram({
      name: 'wirewitness_response_wait_seconds',
      help: 'From the last byte of the request to the first byte of the response.',
      labelNames: ['host'],
      buckets: SECONDS,
      registers,
    });
    this.#ack = new Histogram({
      name: 'wirewitness_request_ack_seconds',
      help: 'From the last byte of the request to the first packet that acknowledges it.',
      labelNames: ['host'],
      buckets: SECONDS,
      registers,
    });
    read(
      'wirewitness_open_connections',
      'TCP connections that are followed now.',
      openConnections,
      Gauge,
      registers,
    );
    read('wirewitness_captured_packets_total', 'Packets captured.', () => facts.packets, Counter, registers);
    const dropped = 'Packets that the kernel or the interface dropped; absent while nobody tells.';
    read('wirewitness_capture_dropped_packets_total', dropped, () => facts.dropped, Counter, registers);
    const gaps = 'Interruptions of the capture.';
    const count = () => facts.warnings.filter(({ code }) => code === 'capture_gap').length;
    read('wirewitness_capture_gaps_total', gaps, count, Counter, registers);
    new Gauge({
      name: 'wirewitness_build_info',
      help: '1; the version and who captures are its labels.',
      labelNames: ['version', 'backend'],
      registers,
      collect() {
        this.reset();
        this.set({ version: VERSION, backend: facts.live?.backend ?? '' }, 1);
      },
    });
  }

  add(record: TransactionRecord, host: string): void {
    const label = this.#label(host);
    const { outcome, verdict, fault, timings } = record;
    this.#transactions.inc({ outcome, verdict, party: fault[0] ?? 'none', host: label });
    if (timings.wait !== null) this.#wait.observe({ host: label }, timings.wait / 1000);
    if (timings.ack !== null) this.#ack.observe({ host: label }, timings.ack / 1000);
  }

  /** In the text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #label(host: string): string {
    if (this.#hosts.has(host)) return host;
    if (this.#hosts.size >= LIMITS.metricHosts) return OTHER;
    this.#hosts.add(host);
    return host;
  }
}

/** A metric whose value is looked up when it is scraped; absent while it is null. */
function read(
  name: string,
  help: string,
  value: () => number | null,
  Kind: typeof Counter | typeof Gauge,
  registers: Registry[],
): void {
  new Kind({
    name,
    help,
    registers,
    collect() {
      this.remove();
      const now = value();
      if (now !== null) this.inc(now);
    },
  });
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Served {
  /** Differs from what was asked for where that was 0. */
  readonly port: number;
  close(): void;
}

/** @throws UserError when nobody can listen there. */
export async function serveMetrics(metrics: Metrics, { host, port }: Address): Promise<Served> {
  const server: Server = createServer(async (request, response) => {
    const known = request.url === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
    if (!known) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n');
      return;
    }
    response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.text());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const text = `--metrics ${host}:${port}: cannot listen there (${error.message})`;
      reject(new UserError('flag', text, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  // Who scrapes does not keep the run alive.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
