import { sameData } from "../base/same.ts";
import { allocationOf } from "../pod/allocation.ts";
import type { WorkerFacts } from "../pod/node-plan.ts";
import type { ResizeTrigger, ResizeWord } from "../pod/plan.ts";
import { ceilMillis, ceilUnits, compareQuantities, ZERO } from "../pod/quantity.ts";
import { podRequests, qosClass } from "../pod/resources.ts";
import { type Allocatable, roomRefusal, type Totals, withoutPod, withPod } from "./admission.ts";

type Wish = WorkerFacts & { readonly asked: NonNullable<WorkerFacts["asked"]> };

/**
 * Which pods get the resources that they ask for instead of those that they have; the rest wait for room, or for a larger
 * node (node.md 4). One that has to wait keeps nobody after it from what it needs.
 */
export function resizesOf(
  workers: readonly WorkerFacts[],
  free: Allocatable,
  taken: Totals,
  before: readonly WorkerFacts[] = workers,
): ReadonlyMap<string, ResizeWord> {
  const words = new Map<string, ResizeWord>();
  let now = taken;
  for (const { pod, asked } of workers.filter(hasWish).sort(byTurn)) {
    const others = withoutPod(now, pod);
    const never = beyondNode(asked, free);
    const later = roomRefusal(asked, free, others);
    if (never !== undefined) words.set(pod.uid, { kind: "infeasible", message: never });
    else if (later !== undefined) words.set(pod.uid, { kind: "deferred", message: later.message });
    else {
      words.set(pod.uid, { kind: "granted", trigger: triggerOf(pod.uid, before, workers) });
      now = withPod(others, asked);
    }
  }
  return words;
}

const hasWish = (worker: WorkerFacts): worker is Wish =>
  worker.asked !== undefined && worker.ending === undefined && !worker.terminal;

/** What a node of this size never has, in the words of the kubelet. */
function beyondNode({ spec }: Wish["asked"], { cpuMillis, memoryBytes }: Allocatable): string | undefined {
  const requests = podRequests(spec);
  const rows: readonly (readonly [string, number, number])[] = [
    ["memory", ceilUnits(requests.get("memory") ?? ZERO), memoryBytes],
    ["cpu", ceilMillis(requests.get("cpu") ?? ZERO), cpuMillis],
  ];
  const short = rows.find(([, requested, capacity]) => requested > capacity);
  if (short === undefined) return undefined;
  const [name, requested, capacity] = short;
  return `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`;
}

/**
 * First those that ask for no more than they have, then by priority, then guaranteed ones, then those that have waited longest,
 * then by arrival.
 */
function byTurn(one: Wish, other: Wish): number {
  return (
    Number(asksForMore(one)) - Number(asksForMore(other)) ||
    (other.pod.spec.priority ?? 0) - (one.pod.spec.priority ?? 0) ||
    Number(isGuaranteed(other)) - Number(isGuaranteed(one)) ||
    inOrder(one.resizePendingSince ?? LAST, other.resizePendingSince ?? LAST) ||
    one.arrival - other.arrival
  );
}

/** After every moment that a condition can tell. */
const LAST = "~";
const inOrder = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const isGuaranteed = ({ asked }: Wish): boolean => qosClass(asked.spec) === "Guaranteed";

function asksForMore({ pod, asked }: Wish): boolean {
  const [has, wants] = [podRequests(pod.spec), podRequests(asked.spec)];
  return ["cpu", "memory"].some((name) => compareQuantities(wants.get(name) ?? ZERO, has.get(name) ?? ZERO) > 0);
}

/** What has happened since the last round that let this pod have what it asks for. */
function triggerOf(uid: string, before: readonly WorkerFacts[], now: readonly WorkerFacts[]): ResizeTrigger {
  const earlier = new Map(before.map((worker) => [worker.pod.uid, worker]));
  const later = new Map(now.map((worker) => [worker.pod.uid, worker]));
  if (earlier.get(uid)?.asked !== later.get(uid)?.asked) return "pod_updated";
  if (before.some(({ pod }) => !later.has(pod.uid))) return "pods_removed";
  if (now.some(({ pod, finished, terminal }) => (finished || terminal) && !isDone(earlier.get(pod.uid)))) {
    return "pod_terminated";
  }
  if (now.some(({ pod }) => isResized(pod, earlier.get(pod.uid)?.pod))) return "pod_resized";
  return now.some(({ pod }) => !earlier.has(pod.uid)) ? "pods_added" : "periodic_retry";
}

const isDone = (worker: WorkerFacts | undefined): boolean => worker?.finished === true || worker?.terminal === true;

function isResized(pod: WorkerFacts["pod"], before: WorkerFacts["pod"] | undefined): boolean {
  return before !== undefined && before !== pod && !sameData(allocationOf(before), allocationOf(pod));
}
