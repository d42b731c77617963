/**
 * The commands and their flags, as the help lists them: what each takes and what it is for. What a value may be is in
 * `values.ts`.
 */
import { BACKENDS } from '../capture/live-backend.ts';
import { FORMATS } from '../report/create.ts';

/** As yargs wants it told. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly requiresArg?: boolean;
  readonly describe: string;
  /** The short one. */
  readonly alias?: string;
}

const text = (describe: string, extra: Pick<Flag, 'alias'> = {}): Flag => ({
  type: 'string',
  requiresArg: true,
  describe,
  ...extra,
});
const flag = (describe: string, extra: Pick<Flag, 'alias'> = {}): Flag => ({
  type: 'boolean',
  describe,
  ...extra,
});

const LANG = text('language of summaries and reports: en or zh [en]');

export const EVERYWHERE: Readonly<Record<string, Flag>> = {
  help: flag('show this help', { alias: 'h' }),
  version: flag('show the version'),
};

const JUDGING: Readonly<Record<string, Flag>> = {
  host: text('only these receivers: address, CIDR or name (repeat)'),
  port: text('only these ports of receivers (repeat)'),
  method: text('only requests with this method (repeat)'),
  timeout: text('response deadline: 500ms, 30s, 2m [30s]'),
  only: text('print only these outcomes, comma-separated; failed = refused,unanswered,unsent,missing'),
  'accept-body': text('delivered only if the body matches this regular expression'),
  'reject-body': text('refused if the body matches this regular expression'),
  packets: flag('JSON records hold the packets of their transaction (html always does)'),
  'accept-status': text('statuses that count as delivered, like 200,204 or 2xx [2xx]'),
  key: text('business key: json:/pointer, form:name, query:name, header:name, body:/re(group)/ (repeat)'),
  keylog: text('TLS secrets in NSS key log format, as SSLKEYLOGFILE makes them'),
  config: text('file that says by receiver what counts as delivered [wirewitness.config.json, if there]'),
  expect: text(
    'CSV or NDJSON of what should have been sent: key, optional host or url, time; - is standard input',
  ),
  'expect-timezone': text('zone of times in that list that name none: UTC, +08:00, Asia/Shanghai [UTC]'),
  format: text(`${FORMATS.join(', ')} [text on a terminal, else ndjson]`),
  output: text('write to this file, in the format of its name; - is standard output (repeat)', {
    alias: 'o',
  }),
  redact: text('mask this header or field too, or what * stands for in a path like /hooks/* (repeat)'),
  'no-redact': flag('mask nothing: secrets appear as they were captured'),
  lang: LANG,
  quiet: flag('no progress and no warnings on standard error', { alias: 'q' }),
  verbose: flag('more on each transaction, and on the run', { alias: 'v' }),
  'no-color': flag('no colours (as the variable NO_COLOR)'),
  'exit-zero': flag('exit with 0 whatever was found'),
};

const ANALYZE: Readonly<Record<string, Flag>> = {
  read: text('capture file, same as a positional one (repeat)', { alias: 'r' }),
  filter: text('only packets that this pcap-filter expression accepts (needs tcpdump)'),
  ...JUDGING,
};

const FILTER: Readonly<Record<string, Flag>> = {
  interface: text('interface to capture on, any for all of them [any]', { alias: 'i' }),
  host: text('only these receivers: address, CIDR or name, which is looked up (repeat)'),
  port: text('only these ports of receivers (repeat)'),
  filter: text('pcap-filter expression, in the kernel'),
};

const LIVE: Readonly<Record<string, Flag>> = {
  ...FILTER,
  backend: text(`who captures: auto, ${BACKENDS.join(', ')} [auto]`),
  snaplen: text('bytes of each packet to capture [262144]', { alias: 's' }),
  'buffer-size': text('KiB of the kernel buffer [16384]', { alias: 'B' }),
  write: text('keep packets in this file, pcapng with the verdicts as comments', { alias: 'w' }),
  'file-size': text('begin a new file after so many MB (k, M, G: 1024 based)', { alias: 'C' }),
  'rotate-seconds': text('begin a new file after so many seconds; -w may hold strftime conversions', {
    alias: 'G',
  }),
  'file-count': text('with -C: so many files, the oldest is overwritten; with -G: end after so many', {
    alias: 'W',
  }),
  metrics: text('serve Prometheus metrics there: port, or address:port [loopback]'),
  keep: text('all packets, or only those of connections that failed: all or failed [all]'),
  'no-promiscuous-mode': flag('capture only what is for this machine', { alias: 'p' }),
  ...JUDGING,
};

export const COMMANDS: Readonly<Record<string, { usage: string; describe: string; flags: typeof ANALYZE }>> =
  {
    analyze: {
      usage: 'wirewitness analyze [flags] [file...]',
      describe: 'judge every HTTP transaction of captures (pcap, pcapng; - or a pipe: standard input)',
      flags: ANALYZE,
    },
    live: {
      usage: 'wirewitness live -i interface [flags]',
      describe: 'judge every HTTP transaction as it happens, until it is interrupted',
      flags: LIVE,
    },
    filter: {
      usage: 'wirewitness filter [-i interface] [--host address] [--port port] [--filter expression]',
      describe: 'print the capture filter that live would use, for tcpdump',
      flags: FILTER,
    },
    interfaces: {
      usage: 'wirewitness interfaces',
      describe: 'list what can be captured on',
      flags: {},
    },
    doctor: {
      usage: 'wirewitness doctor',
      describe: 'tell what this machine can capture with, and what to do about what is missing',
      flags: {},
    },
    explain: {
      usage: 'wirewitness explain [--lang zh] [code]',
      describe:
        'tell what a verdict means and what to do about it, or what a signal tells; without a code, list all',
      flags: { lang: LANG },
    },
  };
