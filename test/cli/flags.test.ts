/** Command lines as people type them: what they ask for, and what is said to those that ask for nothing. */
import { describe, expect, test } from 'vitest';
import type { AnalyzeCommand, Command, LiveCommand } from '../../src/cli/command.ts';
import { parseFlags } from '../../src/cli/flags.ts';
import { UserError } from '../../src/error.ts';
import { FORMATS } from '../../src/report/create.ts';

const parse = (line: string): Promise<Command> => parseFlags(line === '' ? [] : line.split(' '), 80);

async function parseAnalyze(line: string): Promise<AnalyzeCommand> {
  const command = await parse(`analyze ${line}`.trim());
  if (command.name !== 'analyze') throw new Error(`parsed as ${command.name}`);
  return command;
}

async function mistake(line: string): Promise<string> {
  try {
    await parse(line);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error(`taken: ${line}`);
}

describe('analyze', () => {
  test('without flags', async () => {
    expect(await parseAnalyze('a.pcap')).toEqual({
      name: 'analyze',
      files: ['a.pcap'],
      filter: null,
      analysis: {
        timeout: 30e9,
        hosts: [],
        ports: [],
        methods: [],
        keys: [],
        rules: [],
        expected: null,
        accept: { body: null, rejectBody: null, statuses: null },
        secrets: null,
      },
      keylog: null,
      timeout: null,
      config: null,
      expect: null,
      only: null,
      targets: [{ path: null, format: null }],
      redact: [],
      language: 'en',
      quiet: false,
      packets: false,
      verbose: false,
      noColor: false,
      exitZero: false,
    });
  });

  test('with all of them', async () => {
    const line =
      '-r a.pcap --host 10.0.0.0/8 --host=pay.example --port 80 --port 8080 --method post --timeout 500ms' +
      ' --only failed --accept-body ^ok$ --reject-body=-fail- --accept-status 200,3xx --format json -o out.json' +
      ' --lang zh -qv --no-color --exit-zero b.pcap -';
    const command = await parseAnalyze(line);
    expect(command).toMatchObject({
      files: ['a.pcap', 'b.pcap', '-'],
      only: ['refused', 'unanswered', 'unsent', 'missing'],
      targets: [{ path: 'out.json', format: 'json' }],
      language: 'zh',
      quiet: true,
      verbose: true,
      noColor: true,
      exitZero: true,
    });
    const { timeout, hosts, ports, methods, accept } = command.analysis;
    expect([timeout, hosts, ports, methods]).toEqual([
      5e8,
      ['10.0.0.0/8', 'pay.example'],
      [80, 8080],
      ['POST'],
    ]);
    expect([accept.body, accept.rejectBody]).toEqual([/^ok$/, /-fail-/]);
    expect(accept.statuses).toHaveLength(101);
  });

  test.each([
    ['-o a', [{ path: 'a', format: 'ndjson' }]],
    ['-o a --format text', [{ path: 'a', format: 'text' }]],
    ['-o a.json', [{ path: 'a.json', format: 'json' }]],
    ['-o a.JSON --format json', [{ path: 'a.JSON', format: 'json' }]],
    ['-o .json --format text', [{ path: '.json', format: 'text' }]],
    ['-o x.json/a --format text', [{ path: 'x.json/a', format: 'text' }]],
    ['-o -', [{ path: null, format: null }]],
    ['-o - --format json', [{ path: null, format: 'json' }]],
    [
      '-o a.jsonl -o - -o b.txt --format json',
      [
        { path: 'a.jsonl', format: 'ndjson' },
        { path: null, format: 'json' },
        { path: 'b.txt', format: 'text' },
      ],
    ],
  ])('outputs: %s', async (line, targets) => {
    expect((await parseAnalyze(line)).targets).toEqual(targets);
  });

  test('a flag takes one value, what follows is a file', async () => {
    const command = await parseAnalyze('--host h.example a.pcap --read b.pcap c.pcap');
    expect(command.analysis.hosts).toEqual(['h.example']);
    expect(command.files).toEqual(['b.pcap', 'a.pcap', 'c.pcap']);
  });

  test('flags may come before the command, and files may look like flags or numbers', async () => {
    expect(await parse('-q --format text analyze 007')).toMatchObject({
      targets: [{ path: null, format: 'text' }],
      quiet: true,
      files: ['007'],
    });
    expect((await parseAnalyze('-- -q --format')).files).toEqual(['-q', '--format']);
  });

  test('redaction is on, has more names, or is off', async () => {
    expect((await parseAnalyze('--redact phone --redact X-Own a')).redact).toEqual(['phone', 'X-Own']);
    expect((await parseAnalyze('--redact /hooks/* a')).redact).toEqual(['/hooks/*']);
    expect((await parseAnalyze('--no-redact a')).redact).toBeNull();
  });

  test('a boolean said twice is said once', async () => {
    expect((await parseAnalyze('-v -v')).verbose).toBe(true);
  });
});

test('the other commands', async () => {
  expect(await parse('explain')).toEqual({ name: 'explain', code: null, language: 'en' });
  expect(await parse('explain delivered')).toEqual({ name: 'explain', code: 'delivered', language: 'en' });
  expect(await parse('--version')).toEqual({ name: 'version' });
  expect(await parse('analyze --version')).toEqual({ name: 'version' });
});

describe('help', () => {
  test('names each command, or each flag of one', async () => {
    const all = await parse('--help');
    expect(all.name === 'help' && all.text).toMatch(/wirewitness analyze .*wirewitness explain /s);
    const one = await parse('analyze -h');
    const text = one.name === 'help' ? one.text : '';
    for (const flag of ['-r, --read', '--timeout', '--only', '-o, --output', '--no-color', '--exit-zero']) {
      expect(text).toContain(flag);
    }
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

test.each([
  ['', 'no command given: see wirewitness --help'],
  ['-q', 'unknown flag -q: see wirewitness --help'],
  ['analyse a.pcap', 'unknown command analyse: did you mean wirewitness analyze?'],
  ['frobnicate', 'unknown command frobnicate: see wirewitness --help'],
  ['notify.pcap', 'unknown command notify.pcap: did you mean wirewitness analyze notify.pcap?'],
  ['analyze --tiemout 3s', 'unknown flag --tiemout: did you mean --timeout?'],
  ['analyze --frobnicate', 'unknown flag --frobnicate: see wirewitness --help'],
  ['analyze --no-quiet', 'unknown flag --no-quiet: see wirewitness --help'],
  ['analyze -z', 'unknown flag -z: see wirewitness --help'],
  ['analyze --file a.pcap', 'unknown flag --file: did you mean --filter?'],
  ['explain --only failed', 'unknown flag --only: see wirewitness --help'],
  ['explain a b', 'explain takes one code at a time'],
  ['analyze --timeout', '--timeout needs a value'],
  ['analyze a -o', '-o needs a value'],
  ['analyze --host --port 80', '--host needs a value'],
  ['analyze --timeout 30', '--timeout 30: expected a time with its unit, like 500ms, 30s or 2m'],
  ['analyze --timeout 1s --timeout 2s', '--timeout is given more than once'],
  ['analyze -o a.json --output ./a.json', '-o ./a.json is given more than once'],
  ['analyze --redact --', '--redact needs a value'],
  ['analyze --redact=-', '--redact -: expected the name of a header or field'],
  [
    'analyze --redact /hooks',
    "--redact /hooks: expected a path like '/hooks/*', where * stands for what is to be masked",
  ],
  [
    'analyze --redact /hooks/*?a',
    "--redact /hooks/*?a: expected a path like '/hooks/*', where * stands for what is to be masked",
  ],
  ['analyze --redact x --no-redact', '--redact with --no-redact: leave one of them out'],
  ['analyze -o - -o -', '-o - is given more than once'],
  ['analyze -o a.json -o b', `-o b: its name tells no format (of ${FORMATS.join(', ')})`],
  [
    'analyze -o a.json --format ndjson',
    '--format ndjson with -o a.json, which is json: rename it, leave out --format, or add -o - to print ndjson as well',
  ],
  [
    'analyze -o a.json -o b.txt --format ndjson',
    '--format ndjson with several -o: the files are written by their names; add -o - to print ndjson as well',
  ],
  ['analyze --format xml', `--format xml: expected ${FORMATS.join(', ')}`],
  ['analyze --lang fr', '--lang fr: expected en, zh'],
  ['analyze --output=', '--output "": expected the name of a file'],
  ['analyze --__proto__ x', 'unknown flag --___proto___: see wirewitness --help'],
  ['analyze --a\x1b[2J', 'unknown flag --a\\x1b[2J: see wirewitness --help'],
])('%j: %s', async (line, message) => {
  expect(await mistake(line)).toBe(message);
});

describe('live', () => {
  const parseLive = async (line: string): Promise<LiveCommand> => {
    const command = await parseFlags(`live ${line}`.trim().split(' '), 80);
    if (command.name !== 'live') throw new Error(`is ${command.name}`);
    return command;
  };

  test('has defaults that need no thought', async () => {
    const { capture, metrics, targets } = await parseLive('-i eth0');
    expect(capture).toEqual({
      interface: 'eth0',
      expression: null,
      backend: 'auto',
      snaplen: 262_144,
      bufferSize: 16_384,
      promiscuous: true,
      write: null,
    });
    expect([metrics, targets]).toEqual([null, [{ path: null, format: null }]]);
  });

  test('takes tcpdump’s letters', async () => {
    const { capture } = await parseLive(
      '-i any -s 96 -B 4096 -p -w x.pcapng -C 10 -W 5 --keep failed --backend cap',
    );
    expect(capture).toMatchObject({ snaplen: 96, bufferSize: 4096, promiscuous: false, backend: 'cap' });
    expect(capture.write).toEqual({
      path: 'x.pcapng',
      keep: 'failed',
      rotation: { size: 10e6, seconds: null, count: 5 },
    });
    expect((await parseLive('-i any -w x -C 4k -G 60')).capture.write?.rotation).toEqual({
      size: 4096,
      seconds: 60,
      count: null,
    });
  });

  test.each([
    ['9464', '127.0.0.1', 9464],
    [':9464', '127.0.0.1', 9464],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['[::1]:9464', '::1', 9464],
  ])('serves metrics at %s', async (given, host, port) => {
    expect((await parseLive(`-i any --metrics ${given}`)).metrics).toEqual({ host, port });
  });

  test.each([
    ['', 'no interface given: -i any captures on all'],
    ['-i a/b', '-interface a/b: expected the name of an interface'],
    ['-i any -C 10', '--file-size is about the files of -w, which is not given'],
    ['-i any -w x -W 3', '--file-count needs -C or -G'],
    ['-i any -w x -C 10x', '--file-size 10x: expected a size in MB'],
    ['-i any --keep some -w x', '--keep some: expected all, failed'],
    ['-i any --metrics 99999', '--metrics 99999: expected a port'],
    ['-i any --backend magic', '--backend magic: expected auto, tcpdump, dumpcap, cap'],
    ['-i any file.pcap', 'live takes no file.pcap'],
  ])('%s is a mistake', async (line, message) => {
    await expect(parseLive(line)).rejects.toThrow(message);
  });
});
