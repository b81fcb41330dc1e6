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

type Entry = { readonly key: string; readonly id: string; beganMs: number; endedMs: number; seenMs: number };
const EVERY_MS = 500;

/** Reads lists and statuses again and again until it is stopped; a runtime that does not answer is asked later. */
export function openLedger(view: RuntimeView): Ledger {
  const entries = new Map<string, Entry>();
  const names = new Map<string, string>();
  const ending = new AbortController();

  async function note(seen: SeenContainer): Promise<void> {
    const key = `${seen.namespace}/${seen.pod}/${seen.name}`;
    names.set(seen.id, key);
    const known = entries.get(seen.id);
    if (known?.endedMs || seen.state === "created") return;
    if (known && seen.state === "running") {
      known.seenMs = Date.now();
      return;
    }
    const { startedAtMs, finishedAtMs } = await view.status(seen.id);
    if (startedAtMs === 0) return;
    entries.set(seen.id, { key, id: seen.id, beganMs: startedAtMs, endedMs: finishedAtMs, seenMs: Date.now() });
  }
  async function look(): Promise<void> {
    const seen = await view.containers();
    // One that vanishes between list and status keeps what was known of it.
    await Promise.all(seen.map((one) => note(one).catch(() => undefined)));
  }
  const reading = (async () => {
    while (!ending.signal.aborted) {
      await look().catch(() => undefined);
      await sleep(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
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
          .map((later) => `${life.key}: ${later.id.slice(0, 12)} began before ${life.id.slice(0, 12)} had ended`),
      );
    },
    async stop() {
      ending.abort();
      await reading;
    },
  };
}
