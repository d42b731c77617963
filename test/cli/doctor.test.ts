/** What doctor says of machines that can capture, or lack this and that. */
import { expect, test } from 'vitest';
import type { Backend, BackendName } from '../../src/capture/live-backend.ts';
import { diagnose, type Patient } from '../../src/cli/doctor.ts';

/** One that begins when it is not refused. */
function backend(name: BackendName, refusal: string | null): Backend {
  return {
    name,
    clockArrival: false,
    start(_, events) {
      if (refusal === null) setImmediate(() => events.onBytes(Buffer.alloc(24)));
      let end: () => void = () => {};
      const stopped = new Promise<{ reason: null }>((resolve) => {
        end = () => resolve({ reason: null });
      });
      return {
        ended: refusal === null ? stopped : Promise.resolve({ reason: refusal }),
        askDropped() {},
        stop: () => end(),
      };
    },
  };
}

function patient(backends: readonly Backend[], files: Readonly<Record<string, string>> = {}): Patient {
  return {
    backends,
    versionOf: (command) =>
      command === 'tcpdump' ? 'tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\n' : null,
    read: (path) => files[path] ?? null,
  };
}

test('takes the first that can capture, and tells what each would prove', async () => {
  const { text, status } = await diagnose(
    patient([
      backend('tcpdump', "tcpdump: eth0: You don't have permission"),
      backend('dumpcap', null),
      backend('cap', 'cap: cannot be run: the package is not built here (Cannot find package)'),
    ]),
  );
  expect(status).toBe(0);
  expect(text).toMatch(/^missing {2}tcpdump {5}4\.99\.3, tcpdump: eth0: You don't have permission$/m);
  expect(text).toMatch(/^ +sudo setcap cap_net_raw\+ep "\$\(command -v tcpdump\)"$/m);
  expect(text).toMatch(/^ok {7}dumpcap {5}kernel timestamps in nanoseconds, drops told at its end$/m);
  expect(text).toMatch(/^ +sudo apt-get install libpcap-dev g\+\+ make && npm rebuild cap$/m);
  expect(text).toContain('ok       libpcap     1.10.3 (with TPACKET_V3)');
  expect(text).toMatch(/live can capture here; --backend auto takes dumpcap\.\n$/);
});

test('ends with the status of a missing thing where nothing can capture', async () => {
  const { text, status } = await diagnose(
    patient([backend('tcpdump', 'tcpdump cannot be run: spawn tcpdump ENOENT')]),
  );
  expect(status).toBe(2);
  expect(text).toContain('sudo apt-get install tcpdump');
  expect(text).toMatch(/cannot capture here\.\n$/);
});

test('names the settings of the kernel that cost', async () => {
  const files = { '/proc/sys/net/core/bpf_jit_enable': '0', '/proc/sys/net/core/optmem_max': '20480' };
  const { text } = await diagnose(patient([backend('tcpdump', null)], files));
  expect(text).toContain('sudo sysctl -w net.core.bpf_jit_enable=1');
  expect(text).toContain('filters longer than 2560 instructions run outside of the kernel');
  const sound = { '/proc/sys/net/core/bpf_jit_enable': '1', '/proc/sys/net/core/optmem_max': '131072' };
  expect((await diagnose(patient([backend('tcpdump', null)], sound))).text).not.toContain('sysctl');
});
