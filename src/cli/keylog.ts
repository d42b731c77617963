/**
 * `--keylog FILE`: a key log as programs write it while they run. It is read to its end at once; live, what is appended
 * later is read when a connection needs it.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import { KeyLog } from '../tls/keylog.ts';
import type { Secrets } from '../tls/tls.ts';

const CHUNK = 1024 * 1024;

/**
 * @param growing it is still being written to.
 * @throws UserError when it cannot be read, or is no key log.
 */
export function openKeyLog(path: string, growing: boolean): Secrets {
  const log = new KeyLog();
  const file = new Growing(path, log);
  file.readOn();
  if (!growing) {
    file.close();
    log.end();
  }
  if (log.size === 0 && file.read > 0) {
    const expected = 'expected NSS key log lines (CLIENT_RANDOM … and the like), as SSLKEYLOGFILE makes them';
    throw new UserError('file', `--keylog ${escapeText(path)} has no TLS secret: ${expected}`);
  }
  if (!growing) return log;
  return {
    get size() {
      file.readOn();
      return log.size;
    },
    find: (label, clientRandom) => log.find(label, clientRandom),
  };
}

class Growing {
  /** Bytes read so far. */
  read = 0;
  #path: string;
  #log: KeyLog;
  #fd: number;
  #chunk = Buffer.alloc(0);

  constructor(path: string, log: KeyLog) {
    this.#path = path;
    this.#log = log;
    this.#fd = this.#try(() => openSync(path, 'r'));
    this.#try(() => {
      if (fstatSync(this.#fd).isDirectory()) throw new Error('is a directory');
    });
  }

  /** What was appended since. A file that was cut and begun anew is read from its start. */
  readOn(): void {
    const { size } = this.#try(() => fstatSync(this.#fd));
    if (size < this.read) this.read = 0;
    if (size === this.read) return;
    if (this.#chunk.length === 0) this.#chunk = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const length = this.#try(() => readSync(this.#fd, this.#chunk, 0, CHUNK, this.read));
      if (length === 0) return;
      this.read += length;
      this.#log.add(this.#chunk.toString('latin1', 0, length));
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #try<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw new UserError('file', `cannot read --keylog ${escapeText(this.#path)}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    default:
      return code === '' ? String(error instanceof Error ? error.message : error) : code;
  }
}
