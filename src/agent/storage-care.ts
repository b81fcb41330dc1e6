import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { boundsItsStorage, overuseEnding, overuseOf } from "../decide/local-storage.ts";
import type { LocalStorage } from "../pod/local-storage.ts";
import type { Meter } from "../pod/metrics.ts";
import type { ContainerUsage } from "../pod/usage.ts";
import type { Runtime } from "../ports.ts";
import type { Worker } from "./worker.ts";

/** A pod whose files take long to count is counted so much less often: counting is never more than a tenth of the time. */
const REST_PER_COUNT = 10;

/**
 * Ends pods that have more on disk than they themselves allow (node.md 5.1, step 1).
 *
 * L1  Only pods that bound it are measured; whoever calls leaves out static and critical ones, which are never taken.
 * L2  All that are over go in one round: each has broken its own word, whatever is left of the host.
 */
export function makeStorageCare(tools: {
  readonly storage: LocalStorage;
  readonly runtime: Pick<Runtime, "usage">;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}) {
  const { storage, clock, log, meter } = tools;
  /** When a pod is counted next. @bound Pods that bound their storage: what is gone is forgotten in each round. */
  const dueMonoMs = new Map<string, number>();

  /** Whether the pod has to go. */
  const judge = async (worker: Worker, usage: readonly ContainerUsage[], signal: AbortSignal): Promise<boolean> => {
    const { pod } = worker.facts();
    const own = usage.filter(({ podUid }) => podUid === pod.uid);
    const found = overuseOf(pod, await storage.use(pod, signal), own);
    if (found === undefined) return false;
    log.warn("a pod is over a bound of its own on disk", { pod: pod.uid, name: pod.name, signal: found.signal });
    meter.add("kubelet_evictions", { eviction_signal: found.signal });
    worker.end({ ...overuseEnding(found), sinceMonoMs: clock.now().monoMs });
    return true;
  };
  const measure = async (worker: Worker, usage: readonly ContainerUsage[], signal: AbortSignal): Promise<boolean> => {
    const begunMonoMs = clock.now().monoMs;
    const ended = await judge(worker, usage, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      log.warn("what a pod has on disk could not be measured", { pod: worker.uid, error });
      return false;
    });
    const endMonoMs = clock.now().monoMs;
    dueMonoMs.set(worker.uid, endMonoMs + (endMonoMs - begunMonoMs) * REST_PER_COUNT);
    return ended;
  };

  /** One look at those of the pods that are due; whether one of them has to go. */
  return async (workers: readonly Worker[], signal: AbortSignal): Promise<boolean> => {
    const bounded = workers.filter((worker) => boundsItsStorage(worker.facts().pod));
    for (const uid of dueMonoMs.keys()) if (!bounded.some((worker) => worker.uid === uid)) dueMonoMs.delete(uid);
    const due = bounded.filter(({ uid }) => (dueMonoMs.get(uid) ?? 0) <= clock.now().monoMs);
    if (due.length === 0) return false;
    const usage = await tools.runtime.usage(signal);
    let ended = false;
    for (const worker of due) ended = (await measure(worker, usage, signal)) || ended;
    return ended;
  };
}
