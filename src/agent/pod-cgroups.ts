import { asBerthError } from "../base/errors.ts";
import type { NodeMoment } from "../decide/node-news.ts";
import type { CgroupLimits, Cgroups, KeptMemory } from "../pod/cgroup.ts";
import type { DesiredPod } from "../pod/desired.ts";

/** Pod cgroups with their layout and limits worked out. */
export type PodCgroups = {
  ensure(pod: DesiredPod, signal: AbortSignal): Promise<void>;
  /** Ends what is left in the pod's cgroup. Throws when it does not end. */
  empty(pod: DesiredPod, signal: AbortSignal): Promise<void>;
  remove(pod: DesiredPod, signal: AbortSignal): Promise<void>;
  /** The one who hears whether the cgroup of all pods has its limits. */
  listen(listener: (moment: NodeMoment) => void): void;
};

/** One cgroup and what it is limited to. */
export type Level = { readonly path: string; readonly limits: CgroupLimits };
/** Where a pod belongs: its own cgroup, and those above it from the top. */
export type PodLevels = Level & {
  readonly above: readonly Level[];
  /** The level that weighs as much as all pods in it together; absent where the pod is in none. */
  readonly summed?: Level;
  /** Levels above that have to keep what the pod keeps, from the top; absent where nothing is kept for it. */
  readonly keptIn?: readonly string[];
};

/**
 * The port for cgroups with what each pod needs of it: paths and limits are pure functions of the pod (cri-mapping 3.2).
 *
 * C1  The levels above are made, with their limits, before the first pod in them; once in the agent's life.
 *     That the topmost has them is told once, that it cannot have them each time (node.md 3.7).
 * C2  The burstable level weighs as much as its pods together, those of an earlier agent among them; it is written when what
 *     was written last is another amount, one write after the other, and costs nothing that grows with the pods.
 * C3  Memory that is kept for pods is kept by every level above them, those of an earlier agent among them: the kernel keeps
 *     for a cgroup no more than its parents may keep (cri-mapping 2.7, MemoryQoS).
 */
export function makePodCgroups(cgroups: Cgroups, of: (pod: DesiredPod) => PodLevels): PodCgroups {
  /** @bound Levels above pods: a fixed number. */
  const made = new Set<string>();
  let isEnforced = false;
  let tell: (moment: NodeMoment) => void = () => {};
  /** @bound Levels that are summed: a fixed number. */
  const sums = new Map<string, Promise<Sum>>();
  const sumOf = (key: string, below: () => Promise<ReadonlyMap<string, number>>): Promise<Sum> => {
    const found = sums.get(key) ?? below().then(newSum);
    sums.set(key, found);
    return found;
  };
  /** A pod comes with so many shares, or goes with 0. */
  const weigh = async (summed: Level, path: string, shares: number, signal: AbortSignal): Promise<void> => {
    const sum = await sumOf(summed.path, () => cgroups.sharesBelow(summed.path));
    note(sum, path, shares);
    await written(sum, (total) => {
      const cpuShares = Math.min(Math.max(total, LEAST_SHARES), MOST_SHARES);
      return cgroups.ensure(summed.path, { ...summed.limits, cpuShares }, signal);
    });
  };
  /** A pod comes with its limits, or goes without any. */
  const keep = async ({ path, limits, keptIn }: PodLevels, isHere: boolean, signal: AbortSignal): Promise<void> => {
    const parent = keptIn?.at(-1);
    if (keptIn === undefined || parent === undefined) return;
    const kind: KeptMemory = limits.memoryMin === undefined ? "memoryLow" : "memoryMin";
    const sum = await sumOf(`${kind} ${parent}`, () => cgroups.keptBelow(parent, kind));
    note(sum, path, isHere ? (limits[kind] ?? 0) : 0);
    const { cpuPeriodUs } = limits;
    await written(sum, async (total) => {
      for (const level of keptIn) await cgroups.ensure(level, { cpuPeriodUs, [kind]: total }, signal);
    });
  };
  const makeAbove = async (above: readonly Level[], signal: AbortSignal): Promise<void> => {
    const [top] = above;
    for (const level of above) {
      const { path, limits } = level;
      if (made.has(path)) continue;
      try {
        await cgroups.ensure(path, limits, signal);
        made.add(path);
        if (level !== top || isEnforced) continue;
        isEnforced = true;
        tell({ kind: "enforced" });
      } catch (thrown) {
        // What runs may use more than the level is allowed: the next pod tries again. One that cannot be made fails its pod below.
        const { message } = asBerthError(thrown, `limiting cgroup ${path}`);
        if (level === top && !signal.aborted) tell({ kind: "notEnforced", cgroup: path, message });
      }
    }
  };

  return {
    listen(listener) {
      tell = listener;
    },
    async ensure(pod, signal) {
      const levels = of(pod);
      const { path, limits, above, summed } = levels;
      await makeAbove(above, signal);
      // Before the pod's own, so that it has its share from the start.
      if (summed !== undefined) await weigh(summed, path, limits.cpuShares ?? LEAST_SHARES, signal);
      await keep(levels, true, signal);
      await cgroups.ensure(path, limits, signal);
    },
    empty: (pod, signal) => cgroups.empty(of(pod).path, signal),
    async remove(pod, signal) {
      const levels = of(pod);
      const { path, summed } = levels;
      await cgroups.remove(path, signal);
      await keep(levels, false, signal);
      if (summed !== undefined) await weigh(summed, path, 0, signal);
    },
  };
}

/** Amounts of the pods in one level, by the last name of their path, and all of them together. */
type Sum = {
  readonly of: Map<string, number>;
  total: number;
  /** What the level has; undefined when that is not known: an earlier agent wrote it, or a write failed. */
  written: number | undefined;
  /** Over when the last write is; never rejects. */
  turn: Promise<void>;
};

function newSum(below: ReadonlyMap<string, number>): Sum {
  const total = [...below.values()].reduce((sum, one) => sum + one, 0);
  return { of: new Map(below), total, written: undefined, turn: Promise.resolve() };
}

/** Notes a pod's amount, 0 for one that is gone. */
function note(sum: Sum, path: string, amount: number): void {
  const name = path.slice(path.lastIndexOf("/") + 1);
  sum.total += amount - (sum.of.get(name) ?? 0);
  if (amount === 0) sum.of.delete(name);
  else sum.of.set(name, amount);
}

/** Writes what all pods have together by then, unless the level has it; in turn, so that no older amount comes last. */
function written(sum: Sum, write: (total: number) => Promise<void>): Promise<void> {
  const writing = sum.turn.then(async () => {
    const { total } = sum;
    if (sum.written === total) return;
    sum.written = undefined;
    await write(total);
    sum.written = total;
  });
  sum.turn = writing.catch(() => {});
  return writing;
}

const LEAST_SHARES = 2;
const MOST_SHARES = 262_144;
