/**
 * Reads a capture from standard input in a process of its own and prints what it found as JSON. With the argument
 * `stop` it ends the run after the first packet, while its input stays open.
 */
import { openCapture } from '../../src/capture/file.ts';

const stop = process.argv[2] === 'stop' ? new AbortController() : null;
const progress: (number | null)[][] = [];
const source = openCapture(['-'], { onProgress: (...told) => progress.push(told) });
try {
  const { packets, files, warnings } = await source.run(() => {
    if (stop !== null) setTimeout(() => stop.abort(), 50);
  }, stop?.signal);
  console.log(JSON.stringify({ packets, files, warnings, last: progress.at(-1) ?? null }));
} catch (error) {
  console.log(JSON.stringify({ error: String(error) }));
}
