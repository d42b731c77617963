/**
 * A small network of its own for each run: sender – router – merchant in three network namespaces, with IPv4 and IPv6, a
 * firewall on the router, and everything gone when it is closed. Needs root.
 */
import { execFileSync, type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';

const SENDER = '10.77.1.2';
const SENDER6 = 'fd77:1::2';
export const MERCHANT = '203.0.113.44';
export const MERCHANT6 = '2001:db8:77::44';
/** The sender's interface. */
export const LINK = 'net0';

export type Place = 'sender' | 'router' | 'merchant';

export interface Network {
  /** A command to run there. */
  command(place: Place, ...command: string[]): [command: string, args: string[]];
  run(place: Place, ...command: string[]): string;
  /** Removes the namespaces, and with them their interfaces. */
  close(): void;
}

let opened = 0;

export function openNetwork(): Network {
  opened++;
  const id = `ww${process.pid}x${opened}`;
  const space = (place: Place) => `${id}-${place}`;
  const places: readonly Place[] = ['sender', 'router', 'merchant'];
  const network: Network = {
    command: (place, ...command) => ['ip', ['netns', 'exec', space(place), ...command]],
    run(place, ...command) {
      const [program, args] = network.command(place, ...command);
      return execFileSync(program, args, { encoding: 'utf8' });
    },
    close() {
      for (const place of places) quietly('ip', ['netns', 'delete', space(place)]);
    },
  };
  const ip = (place: Place, line: string) => execFileSync('ip', ['-n', space(place), ...line.split(' ')]);
  try {
    for (const place of places) {
      execFileSync('ip', ['netns', 'add', space(place)]);
      ip(place, 'link set lo up');
    }
    ip('sender', `link add ${LINK} type veth peer name left netns ${space('router')}`);
    ip('merchant', `link add ${LINK} type veth peer name right netns ${space('router')}`);
    for (const [place, link, address, address6] of [
      ['sender', LINK, `${SENDER}/24`, `${SENDER6}/64`],
      ['router', 'left', '10.77.1.1/24', 'fd77:1::1/64'],
      ['router', 'right', '203.0.113.1/24', '2001:db8:77::1/64'],
      ['merchant', LINK, `${MERCHANT}/24`, `${MERCHANT6}/64`],
    ] as const) {
      ip(place, `address add ${address} dev ${link}`);
      ip(place, `address add ${address6} dev ${link} nodad`);
      ip(place, `link set ${link} up`);
    }
    ip('sender', 'route add default via 10.77.1.1');
    ip('sender', '-6 route add default via fd77:1::1');
    ip('merchant', 'route add default via 203.0.113.1');
    ip('merchant', '-6 route add default via 2001:db8:77::1');
    // Every ICMP error counts here; routers usually send a few a second.
    const settings = [
      'ipv4/ip_forward=1',
      'ipv6/conf/all/forwarding=1',
      'ipv4/icmp_ratelimit=0',
      'ipv6/icmp/ratelimit=0',
    ];
    for (const setting of settings) {
      const [name, value] = setting.split('=');
      network.run('router', 'sh', '-c', `echo ${value} > /proc/sys/net/${name}`);
    }
  } catch (error) {
    network.close();
    throw error;
  }
  return network;
}

function quietly(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
  } catch {
    // Gone already.
  }
}

/** A program whose lines a test waits for. */
export interface Program {
  readonly pid: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** The first line, of all so far and to come, that `wanted` accepts. Rejects when the program ends without it. */
  line(stream: 'out' | 'err', wanted: (line: string) => boolean): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Closes its standard input. */
  tell(): void;
  readonly ended: Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }>;
}

export function start(
  [command, args]: readonly [string, readonly string[]],
  options: SpawnOptionsWithoutStdio = {},
): Program {
  const child = spawn(command, args, options);
  const lines = { out: [] as string[], err: [] as string[] };
  const waiting = new Set<() => void>();
  let over = false;
  const tell = () => {
    for (const look of [...waiting]) look();
  };
  for (const [stream, into] of [
    [child.stdout, lines.out],
    [child.stderr, lines.err],
  ] as const) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      into.push(...parts);
      tell();
    });
  }
  const ended = new Promise<{ status: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (status, signal) => {
      over = true;
      tell();
      resolve({ status, signal });
    });
  });
  return {
    pid: child.pid!,
    out: lines.out,
    err: lines.err,
    ended,
    kill: (signal) => child.kill(signal),
    tell: () => child.stdin.end(),
    line(stream, wanted) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = lines[stream].find(wanted);
          if (found === undefined && !over) return;
          waiting.delete(look);
          if (found !== undefined) resolve(found);
          else reject(new Error(`${command} ${args.join(' ')} ended: ${lines.err.slice(-5).join(' | ')}`));
        };
        waiting.add(look);
        look();
      });
    },
  };
}
