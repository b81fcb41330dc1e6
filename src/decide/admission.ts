import type { Placement } from "../pod/cluster.ts";
import type { DesiredPod } from "../pod/desired.ts";
import { isExtendedResource } from "../pod/extended-resources.ts";
import { hugePagesName, isHugePages } from "../pod/huge-pages.ts";
import type { NodeFacts, NodeSettings } from "../pod/node.ts";
import type { Admission } from "../pod/plan.ts";
import { ceilMillis, ceilUnits, parseQuantity, ZERO } from "../pod/quantity.ts";
import { allocatableFor } from "../pod/reserved.ts";
import { podRequests } from "../pod/resources.ts";
import { fitsNode } from "./node-affinity.ts";
import { toleratesAll } from "./tolerations.ts";

/** What the pods that are admitted take of the node together. */
export type Totals = {
  readonly pods: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** Bytes of the disk and of huge pages, and how many of extended resources, by the resource's name. */
  readonly others: ReadonlyMap<string, number>;
  readonly hostPorts: readonly HostPort[];
};
export type HostPort = { readonly protocol: string; readonly ip: string; readonly port: number };

/** What can be given away. */
export type Allocatable = Omit<Totals, "hostPorts">;

export const nothingTaken: Totals = { pods: 0, cpuMillis: 0, memoryBytes: 0, others: new Map(), hostPorts: [] };

/** What the node has for pods (node.md 2.2), with the extended resources that the API server shows of it. */
export function allocatableOf(facts: NodeFacts, settings: NodeSettings, placement?: Placement): Allocatable {
  const { cpuMillis, memoryBytes, storageBytes, hugePageBytes = {} } = allocatableFor(facts, settings.reserved);
  const disk: [string, number][] = storageBytes === undefined ? [] : [[STORAGE, storageBytes]];
  return {
    pods: settings.maxPods,
    cpuMillis,
    memoryBytes,
    others: new Map([...disk, ...Object.entries(hugePageBytes), ...Object.entries(placement?.extended ?? {})]),
  };
}

const STORAGE = "ephemeral-storage";

/** The totals with one more pod in them. */
export function withPod(totals: Totals, pod: DesiredPod): Totals {
  const asked = askedBy(pod);
  return {
    pods: totals.pods + 1,
    cpuMillis: totals.cpuMillis + asked.cpuMillis,
    memoryBytes: totals.memoryBytes + asked.memoryBytes,
    others: new Map([
      ...totals.others,
      ...[...asked.others].map(([name, bytes]) => [name, bytes + (totals.others.get(name) ?? 0)] as const),
    ]),
    hostPorts: [...totals.hostPorts, ...asked.hostPorts],
  };
}

/** The totals without one of the pods in them; its ports stay taken. */
export function withoutPod(totals: Totals, pod: DesiredPod): Totals {
  const { cpuMillis, memoryBytes, others } = askedBy(pod);
  return {
    ...totals,
    pods: totals.pods - 1,
    cpuMillis: totals.cpuMillis - cpuMillis,
    memoryBytes: totals.memoryBytes - memoryBytes,
    others: new Map([...totals.others].map(([name, bytes]) => [name, bytes - (others.get(name) ?? 0)])),
  };
}

/**
 * Whether a pod may run beside those that take the totals, as one unit (lifecycle.md 1.4, node.md 4). What a critical pod
 * lacks in resources is told only when nothing else stands against it. The message has no prefix (A1). Labels and taints are
 * those that the API server shows; before it has told them, static pods go by the host's own labels, and of a pod that the
 * server has bound it is taken for granted that it fits.
 */
export function admit(
  pod: DesiredPod,
  facts: NodeFacts,
  free: Allocatable,
  taken: Totals,
  placement?: Placement,
): Admission {
  const misplaced = placementRefusal(pod, facts, taken, placement);
  const room = roomRefusal(pod, free, taken);
  const [first, second] = isCritical(pod) ? [misplaced, room] : [room, misplaced];
  return osRefusal(pod, facts) ?? first ?? second ?? { kind: "admitted" };
}

/** Static pods, and pods of at least system priority (I3). */
export const isCritical = (pod: DesiredPod): boolean =>
  pod.origin.kind === "file" || (pod.spec.priority ?? 0) >= 2_000_000_000;

type Refusal = Extract<Admission, { kind: "refused" }>;
const refused = (reason: string, message: string): Refusal => ({ kind: "refused", reason, message });
const predicate = (reason: string, text: string): Refusal => refused(reason, `Predicate ${reason} failed: ${text}`);

function osRefusal(pod: DesiredPod, facts: NodeFacts): Refusal | undefined {
  const label = pod.labels["kubernetes.io/os"];
  if (label !== undefined && label !== facts.labels["kubernetes.io/os"]) {
    const text = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
    return refused("PodOSSelectorNodeLabelDoesNotMatch", text);
  }
  const os = pod.spec.os?.name;
  if (os === undefined || os === "linux") return undefined;
  return refused("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS");
}

/** Whether there is no room for the pod beside those that take the totals. */
export function roomRefusal(pod: DesiredPod, free: Allocatable, taken: Totals): Refusal | undefined {
  const asked = askedBy(pod);
  const rows: readonly (readonly [string, number, number, number])[] = [
    ["pods", 1, taken.pods, free.pods],
    ["cpu", asked.cpuMillis, taken.cpuMillis, free.cpuMillis],
    ["memory", asked.memoryBytes, taken.memoryBytes, free.memoryBytes],
    ...[...asked.others].flatMap(([name, bytes]): [string, number, number, number][] => {
      const capacity = isCounted(name, free) ? (free.others.get(name) ?? 0) : undefined;
      return capacity === undefined ? [] : [[name, bytes, taken.others.get(name) ?? 0, capacity]];
    }),
  ];
  const short = rows.find(([, wanted, used, capacity]) => wanted > 0 && used + wanted > capacity);
  if (short === undefined) return undefined;
  const [name, wanted, used, capacity] = short;
  const text = `Node didn't have enough resource: ${name}, requested: ${wanted}, used: ${used}, capacity: ${capacity}`;
  return refused(`OutOf${name}`, text);
}

/** Pages that the kernel does not have are none; a disk of unknown size, and what the node does not know, is not counted. */
const isCounted = (name: string, free: Allocatable): boolean => isHugePages(name) || free.others.has(name);

function placementRefusal(
  pod: DesiredPod,
  facts: NodeFacts,
  taken: Totals,
  placement: Placement | undefined,
): Refusal | undefined {
  const isBound = pod.origin.kind === "api";
  const labels = placement?.labels ?? (isBound ? undefined : facts.labels);
  if (labels !== undefined && !fitsNode(pod.spec, { labels, nodeName: facts.nodeName })) {
    return predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
  }
  if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== "" && pod.spec.nodeName !== facts.nodeName) {
    return predicate("NodeName", "node(s) didn't match the requested node name");
  }
  if (askedBy(pod).hostPorts.some((port) => taken.hostPorts.some((other) => clash(port, other)))) {
    return predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports");
  }
  if (isBound && !toleratesAll(pod.spec, placement?.taints ?? [])) {
    return predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate");
  }
  return undefined;
}

/** One name for each size of huge pages, however it is written. */
function canonical(name: string): string {
  const size = isHugePages(name) ? parseQuantity(name.slice(name.indexOf("-") + 1)) : undefined;
  return size === undefined ? name : hugePagesName(ceilUnits(size) / 1024);
}

/** An address of 0.0.0.0 is every address. */
const clash = (one: HostPort, other: HostPort): boolean =>
  one.port === other.port &&
  one.protocol === other.protocol &&
  (one.ip === other.ip || one.ip === ANY || other.ip === ANY);

const ANY = "0.0.0.0";

function askedBy(pod: DesiredPod): Omit<Totals, "pods"> {
  const requests = podRequests(pod.spec);
  const ports = pod.containers
    .filter(({ role }) => role !== "init")
    .flatMap(({ spec }) => spec.ports ?? [])
    .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0);
  return {
    cpuMillis: ceilMillis(requests.get("cpu") ?? ZERO),
    memoryBytes: ceilUnits(requests.get("memory") ?? ZERO),
    others: new Map(
      [...requests]
        .filter(([name]) => name === STORAGE || isHugePages(name) || isExtendedResource(name))
        // The first that is short is told: disk before all others (node.md 4).
        .sort(([one], [other]) => Number(other === STORAGE) - Number(one === STORAGE))
        .map(([name, amount]) => [canonical(name), ceilUnits(amount)]),
    ),
    hostPorts: ports.map(({ hostPort, hostIP, protocol }) => ({
      port: hostPort ?? 0,
      ip: hostIP === undefined || hostIP === "" ? ANY : hostIP,
      protocol: protocol ?? "TCP",
    })),
  };
}
