import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** What berthd takes, over all of its lives. */
export type Gauge = {
  /** Median and most, in MiB and descriptors. */
  read(): {
    readonly medianMiB: number;
    readonly mostMiB: number;
    readonly medianFds: number;
    readonly mostFds: number;
  };
  stop(): Promise<void>;
};

const EVERY_MS = 2_000;
/** Young processes are still loading. */
const YOUNG_MS = 3_000;

/** Looks at the process that has this number now, every two seconds. */
export function openGauge(pidOf: () => number | undefined): Gauge {
  const kib: number[] = [];
  const fds: number[] = [];
  const ending = new AbortController();
  let last = { pid: 0, sinceMs: 0 };

  async function look(): Promise<void> {
    const pid = pidOf();
    if (pid === undefined) return;
    if (pid !== last.pid) last = { pid, sinceMs: performance.now() };
    if (performance.now() - last.sinceMs < YOUNG_MS) return;
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    kib.push(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    fds.push((await readdir(`/proc/${pid}/fd`)).length);
  }
  const looking = (async () => {
    while (!ending.signal.aborted) {
      await look().catch(() => undefined); // it was killed meanwhile
      await sleep(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    read: () => ({
      medianMiB: Math.round(median(kib) / 1024),
      mostMiB: Math.round(Math.max(0, ...kib) / 1024),
      medianFds: median(fds),
      mostFds: Math.max(0, ...fds),
    }),
    async stop() {
      ending.abort();
      await looking;
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
