/**
 * SHA-256 over a file that is analyzed meanwhile: its descriptor goes to a thread of its own, which reads the file once more
 * from the system's cache; the digest comes out when it is known how many bytes count.
 * Measured on two cores: 1 GB takes 1.9 s instead of 2.3 so, 243 MB as long as without, for 4 MB of memory.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Smaller files have their digest sooner than a thread has begun. */
export const WORTH_A_THREAD = 64 * 1024 * 1024;

export interface Digest {
  /**
   * To be called once, when the file was read.
   * @returns the digest of the file's first `bytes`, in hexadecimal. Rejects when the system refuses to read.
   */
  of(bytes: number): Promise<string>;
  /** Nobody will ask. */
  stop(): void;
}

/**
 * What the thread runs: a text, so that it is found whether this file was compiled, bundled or neither. It goes on to the size
 * that the file had, and then to the number of bytes that were read, or begins again where those are fewer.
 */
const THREAD = `
const { createHash } = require('node:crypto');
const { readSync } = require('node:fs');
const { parentPort, workerData: { fd, size } } = require('node:worker_threads');
const piece = Buffer.allocUnsafeSlow(256 * 1024);
let hash = createHash('sha256');
let at = 0;
const readTo = (end) => {
  while (at < end) {
    const length = readSync(fd, piece, 0, Math.min(piece.length, end - at), at);
    if (length === 0) return;
    hash.update(piece.subarray(0, length));
    at += length;
  }
};
readTo(size);
parentPort.once('message', (bytes) => {
  if (at > bytes) {
    hash = createHash('sha256');
    at = 0;
  }
  readTo(bytes);
  parentPort.postMessage(hash.digest('hex'));
});
`;

/** Whether a thread takes less time for it than it costs. */
export function isWorthThread(size: number): boolean {
  return size >= WORTH_A_THREAD && availableParallelism() > 1;
}

/**
 * @param fd open until `of` has answered or `stop` was called.
 * @param size bytes that it is likely to have.
 */
export function digestOf(fd: number, size: number): Digest {
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: { fd, size },
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
  });
  const answer = new Promise<string>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  // What goes wrong is told when somebody asks.
  answer.catch(() => {});
  return {
    of(bytes) {
      worker.postMessage(bytes);
      return answer;
    },
    stop() {
      void worker.terminate();
    },
  };
}
