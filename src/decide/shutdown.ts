import type { MonoMs } from "../base/clock.ts";
import type { Ending } from "../pod/desired.ts";
import type { PodMemory } from "../pod/memory.ts";
import type { NodePlan, WorkerFacts } from "../pod/node-plan.ts";
import type { Admission } from "../pod/plan.ts";
import type { Shutdown, ShutdownGroup } from "../pod/shutdown.ts";

/** Pods from here upwards are critical (I3). */
const CRITICAL_PRIORITY = 2_000_000_000;
/** Shortest grace of a pod, in seconds (T2). */
const SHORTEST_GRACE_SECONDS = 1;

/** What a pod shows that the host's shutdown has ended (8.2). */
const TERMINATED = {
  phase: "Failed",
  reason: "Terminated",
  message: "Pod was terminated in response to imminent node shutdown.",
} as const;

/** What a pod is told that would begin while the host shuts down (1.4). */
export const SHUTTING_DOWN: Admission = {
  kind: "refused",
  reason: "NodeShutdown",
  message: "Pod was rejected as the node is shutting down.",
};

/** The groups that the configuration asks for, ascending; none: pods are not ended at a shutdown (node.md 5.4). */
export function shutdownGroups(wish: {
  readonly totalMs: number;
  readonly criticalMs: number;
  readonly byPriority: readonly { readonly priority: number; readonly shutdownGracePeriodSeconds: number }[];
}): readonly ShutdownGroup[] {
  const { totalMs, criticalMs, byPriority } = wish;
  const groups =
    byPriority.length > 0
      ? byPriority.map(({ priority, shutdownGracePeriodSeconds }) => ({
          priority,
          graceSeconds: shutdownGracePeriodSeconds,
        }))
      : [
          { priority: 0, graceSeconds: Math.floor((totalMs - criticalMs) / 1000) },
          { priority: CRITICAL_PRIORITY, graceSeconds: Math.floor(criticalMs / 1000) },
        ];
  if (groups.every(({ graceSeconds }) => graceSeconds === 0)) return [];
  return groups.toSorted((one, other) => one.priority - other.priority);
}

/** The delay that the groups need one after the other. */
export const shutdownDelayMs = (groups: readonly ShutdownGroup[]): number =>
  groups.reduce((sum, { graceSeconds }) => sum + graceSeconds * 1000, 0);

/** The shutdown at its begin: it is the lowest group's turn. */
export const beginShutdown = (groups: readonly ShutdownGroup[], monoMs: MonoMs): Shutdown => ({
  groups,
  turn: 0,
  sinceMonoMs: monoMs,
});

/** Every group has had its turn: the host need not wait any longer. */
export const isShutdownOver = ({ groups, turn }: Shutdown): boolean => turn >= groups.length;

/** The shutdown at this moment: a group's turn is over when its pods have finished, or its time is up. */
export function carryShutdown(shutdown: Shutdown, workers: readonly WorkerFacts[], monoMs: MonoMs): Shutdown {
  const group = shutdown.groups[shutdown.turn];
  if (group === undefined) return shutdown;
  const isUp = monoMs - shutdown.sinceMonoMs >= group.graceSeconds * 1000;
  if (!isUp && workers.some((worker) => isAlive(worker) && placeOf(shutdown.groups, worker) === shutdown.turn)) {
    return shutdown;
  }
  return carryShutdown({ ...shutdown, turn: shutdown.turn + 1, sinceMonoMs: monoMs }, workers, monoMs);
}

/** When the group whose turn it is has had its time. */
export function shutdownWakeAt({ groups, turn, sinceMonoMs }: Shutdown): MonoMs | undefined {
  const group = groups[turn];
  return group === undefined ? undefined : sinceMonoMs + group.graceSeconds * 1000;
}

/**
 * Who is told to end because it is its group's turn. Who ends already goes on with its own cause, in no more time than the
 * group has left.
 */
export function shutdownEnds(shutdown: Shutdown, workers: readonly WorkerFacts[]): NodePlan["end"] {
  const group = shutdown.groups[shutdown.turn];
  if (group === undefined) return [];
  return workers
    .filter((worker) => isAlive(worker) && placeOf(shutdown.groups, worker) === shutdown.turn)
    .flatMap((worker) => {
      const ending = endingIn(group, worker);
      return ending === undefined ? [] : [{ uid: worker.pod.uid, ending }];
    });
}

function endingIn(
  { graceSeconds: most }: ShutdownGroup,
  { pod, ending }: WorkerFacts,
): Omit<Ending, "sinceMonoMs"> | undefined {
  const graceSeconds = Math.max(SHORTEST_GRACE_SECONDS, Math.min(most, pod.graceSeconds));
  if (ending === undefined) return { cause: "shutdown", graceSeconds, result: TERMINATED };
  return ending.graceSeconds <= graceSeconds ? undefined : { cause: ending.cause, graceSeconds };
}

/** A shutdown of the host has ended the pod in this boot: what an earlier boot's did counts no more. */
export const isByShutdown = ({ terminal }: PodMemory, bootId: string): boolean =>
  terminal?.reason === TERMINATED.reason && terminal.bootId === bootId;

/**
 * A static pod that a shutdown has ended which was called off: it runs again once nothing of its last life is left to clean.
 * One of the API server is over for good (P1).
 */
export const comesBack = ({ pod, cleaned, byShutdown }: WorkerFacts): boolean =>
  byShutdown && cleaned && pod.origin.kind === "file";

/** Something of it may run. A pod that has come to its end by itself counts until it has finished. */
const isAlive = (worker: WorkerFacts): boolean =>
  !worker.finished && (worker.adopted || worker.ending !== undefined || worker.admission.kind === "admitted");

/** The highest group whose priority is not above the pod's; below all of them: the lowest one. */
function placeOf(groups: readonly ShutdownGroup[], { pod }: WorkerFacts): number {
  const priority = pod.spec.priority ?? 0;
  return Math.max(
    0,
    groups.findLastIndex((group) => group.priority <= priority),
  );
}
