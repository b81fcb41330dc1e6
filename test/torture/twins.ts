import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Processes of the host, looked at without asking anybody: first processes of containers by their pod and container. */
export type TwinWatch = { twins(): readonly string[]; stop(): Promise<void> };

const EVERY_MS = 400;
/** A process that is on its way out may still be seen: only two that are there at so many looks count. */
const LOOKS = 3;

/** Looks for two containers of one pod and name at the same time. Containers are told by the cgroup that holds them. */
export function watchTwins(nameOf: (containerId: string) => string | undefined): TwinWatch {
  const found = new Set<string>();
  const seen = new Map<string, number>();
  const ending = new AbortController();

  async function look(): Promise<void> {
    const ids = new Set((await firstProcesses()).flatMap((id) => id ?? []));
    const byName = Map.groupBy(ids, (id) => nameOf(id) ?? "");
    byName.delete("");
    for (const [name, several] of byName) {
      if (several.length < 2) continue;
      const pair = `${name}: ${several
        .map((id) => id.slice(0, 12))
        .sort()
        .join(" and ")}`;
      seen.set(pair, (seen.get(pair) ?? 0) + 1);
      if (seen.get(pair) === LOOKS) found.add(`${pair}, seen at ${new Date().toISOString()}`);
    }
  }
  const looking = (async () => {
    while (!ending.signal.aborted) {
      await look();
      await sleep(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    twins: () => [...found],
    async stop() {
      ending.abort();
      await looking;
    },
  };
}

/** The containers of all processes that are number one in their own namespace. */
async function firstProcesses(): Promise<(string | undefined)[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map(containerOf));
}

async function containerOf(pid: string): Promise<string | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    if (!/^NSpid:.*\t1$/m.test(status) || /^State:\t[ZX]/m.test(status)) return undefined;
    // A container that was made and not started: a runtime may lose one like that, and never start it.
    if (/\0init\0$/.test(await readFile(`/proc/${pid}/cmdline`, "latin1")) && /^Name:\trunc/m.test(status))
      return undefined;
    return /\/([0-9a-f]{64})$/m.exec(await readFile(`/proc/${pid}/cgroup`, "utf8"))?.[1];
  } catch {
    return undefined; // it ended while it was looked at
  }
}
