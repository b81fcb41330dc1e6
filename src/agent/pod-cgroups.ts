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
 * C2  The burstable level weighs as much as its pods together, those of an earlier agent among them; it is written when that
 *     changed, and costs nothing that grows with the pods.
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
    if (!change(sum, path, shares)) return;
    const cpuShares = Math.min(Math.max(sum.total, LEAST_SHARES), MOST_SHARES);
    await cgroups.ensure(summed.path, { ...summed.limits, cpuShares }, signal);
  };
  /** A pod comes with its limits, or goes without any. */
  const keep = async ({ path, limits, keptIn }: PodLevels, isHere: boolean, signal: AbortSignal): Promise<void> => {
    const parent = keptIn?.at(-1);
    if (keptIn === undefined || parent === undefined) return;
    const kind: KeptMemory = limits.memoryMin === undefined ? "memoryLow" : "memoryMin";
    const sum = await sumOf(`${kind} ${parent}`, () => cgroups.keptBelow(parent, kind));
    if (!change(sum, path, isHere ? (limits[kind] ?? 0) : 0)) return;
    const { cpuPeriodUs } = limits;
    for (const level of keptIn) await cgroups.ensure(level, { cpuPeriodUs, [kind]: sum.total }, signal);
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
type Sum = { readonly of: Map<string, number>; total: number };

function newSum(below: ReadonlyMap<string, number>): Sum {
  return { of: new Map(below), total: [...below.values()].reduce((total, one) => total + one, 0) };
}

/** Notes a pod's amount, 0 for one that is gone; whether that is news. */
function change(sum: Sum, path: string, amount: number): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const before = sum.of.get(name) ?? 0;
  if (before === amount) return false;
  if (amount === 0) sum.of.delete(name);
  else sum.of.set(name, amount);
  sum.total += amount - before;
  return true;
}

const LEAST_SHARES = 2;
const MOST_SHARES = 262_144;
