import { makeBell } from "../../base/bell.ts";
import type { Clock } from "../../base/clock.ts";
import type { DocumentKey } from "../../pod/desired.ts";
import type { ClusterShelf } from "../cluster-shelf.ts";
import type { Round } from "../loop.ts";

type Job = { readonly stamp: number; readonly stop: AbortController; readonly over: Promise<void> };

/** Works on each wanted document for as long as it is wanted. Work that throws ends the round, which throws the same. */
export function forEachWanted(tools: {
  readonly shelf: Pick<ClusterShelf, "wanted" | "onWanted">;
  readonly clock: Clock;
  /** Ends with the signal, or before it when there is nothing left to do. */
  work(key: DocumentKey, signal: AbortSignal): Promise<void>;
}): Round {
  const { shelf, clock, work } = tools;
  const bell = makeBell(clock);
  shelf.onWanted(bell.ring);

  return async (signal) => {
    /** @bound Documents that are wanted. */
    const jobs = new Map<DocumentKey, Job>();
    const failed = new AbortController();
    const failures: unknown[] = [];
    while (!signal.aborted && !failed.signal.aborted) {
      const wanted = shelf.wanted();
      for (const [key, { stamp, stop }] of jobs) {
        if (wanted.get(key) === stamp) continue;
        stop.abort();
        jobs.delete(key);
      }
      for (const [key, stamp] of wanted) {
        if (jobs.has(key)) continue;
        const stop = new AbortController();
        const over = work(key, stop.signal).catch((error: unknown) => {
          failures.push(error);
          failed.abort();
        });
        jobs.set(key, { stamp, stop, over });
      }
      await bell.wait(undefined, AbortSignal.any([signal, failed.signal]));
    }
    for (const { stop } of jobs.values()) stop.abort();
    await Promise.all([...jobs.values()].map(({ over }) => over));
    if (failures.length > 0) throw failures[0];
  };
}
