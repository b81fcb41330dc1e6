import type { QosClass } from "../pod/cgroup.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { WorkerFacts } from "../pod/node-plan.ts";
import { qosClass } from "../pod/resources.ts";
import { type Allocatable, isCritical, nothingTaken, type Totals, withPod } from "./admission.ts";

/** An amount of each resource that pods compete for. */
type Amounts = Readonly<Record<"pods" | "cpuMillis" | "memoryBytes", number>>;
const RESOURCES = ["pods", "cpuMillis", "memoryBytes"] as const;

/**
 * The pods that have to end so that a critical one has room (node.md 4): as few of the better classes as possible, within a
 * class those that come closest to what is still lacking. Undefined when even all of them would not be enough.
 */
export function victimsFor(
  pod: DesiredPod,
  holding: readonly WorkerFacts[],
  free: Allocatable,
  taken: Totals,
): readonly WorkerFacts[] | undefined {
  const lack = lackOf(pod, free, taken);
  const byClass = Map.groupBy(
    holding.filter((worker) => isPreemptable(pod, worker)),
    (worker) => qosClass(worker.pod.spec),
  );
  const of = (name: QosClass): readonly WorkerFacts[] => byClass.get(name) ?? [];
  const [guaranteed, burstable, bestEffort] = [of("Guaranteed"), of("Burstable"), of("BestEffort")];
  if (isShort(without(lack, [...guaranteed, ...burstable, ...bestEffort]))) return undefined;
  const best = closest(guaranteed, without(lack, [...burstable, ...bestEffort]));
  const middle = closest(burstable, without(lack, [...best, ...bestEffort]));
  return [...best, ...middle, ...closest(bestEffort, without(lack, [...best, ...middle]))];
}

/** Only a pod of the API server: a static one belongs to the host as much as the one that lacks room. */
function isPreemptable(pod: DesiredPod, { pod: other, ending }: WorkerFacts): boolean {
  if (other.origin.kind !== "api" || ending !== undefined) return false;
  if (!isCritical(other)) return true;
  const [mine, its] = [pod.spec.priority, other.spec.priority];
  return mine !== undefined && its !== undefined && mine > its;
}

function lackOf(pod: DesiredPod, free: Allocatable, taken: Totals): Amounts {
  const wanted = withPod(taken, pod);
  const asked = withPod(nothingTaken, pod);
  const over = (name: keyof Amounts): number => (asked[name] === 0 ? 0 : Math.max(wanted[name] - free[name], 0));
  return { pods: over("pods"), cpuMillis: over("cpuMillis"), memoryBytes: over("memoryBytes") };
}

const isShort = (lack: Amounts): boolean => RESOURCES.some((name) => lack[name] > 0);

function without(lack: Amounts, pods: readonly WorkerFacts[]): Amounts {
  const given = pods.reduce((totals, { pod }) => withPod(totals, pod), nothingTaken);
  const left = (name: keyof Amounts): number => Math.max(lack[name] - given[name], 0);
  return { pods: left("pods"), cpuMillis: left("cpuMillis"), memoryBytes: left("memoryBytes") };
}

/** Again and again the pod that leaves the least of what is lacking; of equals the one that asks for less. */
function closest(pods: readonly WorkerFacts[], lack: Amounts): readonly WorkerFacts[] {
  if (!isShort(lack) || pods.length === 0) return [];
  const ranked = pods
    .map((worker) => ({ worker, asks: withPod(nothingTaken, worker.pod), left: distance(lack, worker) }))
    .sort(
      (one, other) =>
        one.left - other.left ||
        one.asks.memoryBytes - other.asks.memoryBytes ||
        one.asks.cpuMillis - other.asks.cpuMillis,
    );
  const [first] = ranked.map(({ worker }) => worker);
  if (first === undefined) return [];
  const rest = pods.filter((worker) => worker !== first);
  return [first, ...closest(rest, without(lack, [first]))];
}

/** How much of what is lacking would be lacking still: squares of the shares. */
function distance(lack: Amounts, worker: WorkerFacts): number {
  const left = without(lack, [worker]);
  return RESOURCES.reduce((sum, name) => sum + (lack[name] === 0 ? 0 : (left[name] / lack[name]) ** 2), 0);
}
