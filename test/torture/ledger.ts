import { setTimeout as sleep } from "node:timers/promises";
import type { RuntimeView, SeenContainer } from "../kit/cri.ts";

/** What the runtime itself has written down of every container that was ever seen. */
export type Ledger = {
  /** How many containers were seen running or after. */
  readonly starts: number;
  /** namespace/pod/container of a container by its id, if it was ever listed. */
  nameOf(id: string): string | undefined;
  /** Pairs of one pod's container that ran at the same time, in words. */
  overlaps(): string[];
  stop(): Promise<void>;
};

/** It ran at `seenMs`; whether it went on while the runtime's answer was on its way, nobody knows. */
type Entry = { readonly key: string; readonly id: string; beganMs: number; endedMs: number; seenMs: number };
const EVERY_MS = 500;

/** Reads lists and statuses again and again until it is stopped; a runtime that does not answer is asked later. */
export function openLedger(view: Pick<RuntimeView, "containers" | "status">, everyMs = EVERY_MS): Ledger {
  const entries = new Map<string, Entry>();
  const names = new Map<string, string>();
  const ending = new AbortController();

  async function note(seen: SeenContainer, listedMs: number): Promise<void> {
    const key = `${seen.namespace}/${seen.pod}/${seen.name}`;
    names.set(seen.id, key);
    const known = entries.get(seen.id);
    if (known?.endedMs || seen.state === "created") return;
    if (known && seen.state === "running") {
      known.seenMs = listedMs;
      return;
    }
    const seenMs = Date.now();
    const { startedAtMs, finishedAtMs } = await view.status(seen.id);
    if (startedAtMs === 0) return;
    entries.set(seen.id, { key, id: seen.id, beganMs: startedAtMs, endedMs: finishedAtMs, seenMs });
  }
  async function look(): Promise<void> {
    const listedMs = Date.now();
    const seen = await view.containers();
    // One that vanishes between list and status keeps what was known of it.
    await Promise.all(seen.map((one) => note(one, listedMs).catch(() => undefined)));
  }
  const reading = (async () => {
    while (!ending.signal.aborted) {
      await look().catch(() => undefined);
      await sleep(everyMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();

  return {
    get starts() {
      return entries.size;
    },
    nameOf: (id) => names.get(id),
    overlaps() {
      const lives = [...entries.values()].sort((a, b) => a.beganMs - b.beganMs);
      return lives.flatMap((life, index) =>
        lives
          .slice(index + 1)
          // Of one that was removed before its end was read it is only known how long it ran at least.
          .filter((later) => later.key === life.key && later.beganMs < (life.endedMs || life.seenMs))
          .map((later) => `${life.key}: ${wordsOf(life)} had not ended when ${wordsOf(later)} began`),
      );
    },
    async stop() {
      ending.abort();
      await reading;
    },
  };
}

function wordsOf({ id, beganMs, endedMs, seenMs }: Entry): string {
  const time = (ms: number): string => new Date(ms).toISOString().slice(11, 23);
  const end = endedMs ? `ended ${time(endedMs)}` : `no end, last seen ${time(seenMs)}`;
  return `${id.slice(0, 12)} (began ${time(beganMs)}, ${end})`;
}
