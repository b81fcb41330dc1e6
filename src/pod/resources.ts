import type { CgroupLimits, HugePageLimit, QosClass } from "./cgroup.ts";
import { hugePagesIn, pageSizeOf } from "./huge-pages.ts";
import {
  addQuantities,
  ceilMillis,
  ceilUnits,
  compareQuantities,
  parseQuantity,
  type Quantity,
  ZERO,
} from "./quantity.ts";
import type * as v1 from "./v1.ts";

/** Amounts by resource name: `cpu`, `memory`, `hugepages-2Mi`, ... */
export type Resources = ReadonlyMap<string, Quantity>;

/** A v1 resource list as amounts. Texts that are no quantities were refused at the door; here they are left out. */
export function readResources(list: Readonly<Record<string, v1.Quantity>> | undefined): Resources {
  const entries = Object.entries(list ?? {}).flatMap(([name, written]): [string, Quantity][] => {
    const quantity = parseQuantity(written);
    return quantity === undefined ? [] : [[name, quantity]];
  });
  return new Map(entries);
}

/** What a pod asks for at its peak, overhead included (cri-mapping 3.2). */
export function podRequests(spec: v1.PodSpec): Resources {
  const peak = peakOf(spec, (container) => readResources(container.resources?.requests));
  return plus(withPodLevel(peak, readResources(spec.resources?.requests)), readResources(spec.overhead));
}

/** What a pod may use at its peak; overhead counts only where a limit exists (cri-mapping 3.2). */
export function podLimits(spec: v1.PodSpec): Resources {
  const peak = peakOf(spec, (container) => readResources(container.resources?.limits));
  const limits = withPodLevel(peak, readResources(spec.resources?.limits));
  const overhead = [...readResources(spec.overhead)].filter(([name]) => limits.has(name));
  return plus(limits, new Map(overhead));
}

/** Apps and sidecars run together; an init container runs beside the sidecars declared before it. */
function peakOf(spec: v1.PodSpec, of: (container: v1.Container) => Resources): Resources {
  let together = spec.containers.map(of).reduce(plus, new Map());
  let sidecars: Resources = new Map();
  let starting: Resources = new Map();
  for (const container of spec.initContainers ?? []) {
    const own = of(container);
    if (isSidecar(container)) {
      together = plus(together, own);
      sidecars = plus(sidecars, own);
      starting = larger(starting, sidecars);
    } else {
      starting = larger(starting, plus(own, sidecars));
    }
  }
  return larger(together, starting);
}

const isSidecar = (container: v1.Container): boolean => container.restartPolicy === "Always";

/** Pod-level figures replace those of the containers, for the resources that they exist for. */
const withPodLevel = (sums: Resources, podLevel: Resources): Resources =>
  new Map([...sums, ...[...podLevel].filter(([name]) => isPodLevel(name))]);

const isPodLevel = (name: string): boolean => name === "cpu" || name === "memory" || name.startsWith("hugepages-");

const plus = (left: Resources, right: Resources): Resources => merge(left, right, addQuantities);
const larger = (left: Resources, right: Resources): Resources =>
  merge(left, right, (one, other) => (compareQuantities(one, other) >= 0 ? one : other));

function merge(left: Resources, right: Resources, of: (one: Quantity, other: Quantity) => Quantity): Resources {
  const merged = new Map(left);
  for (const [name, quantity] of right) {
    const known = merged.get(name);
    merged.set(name, known === undefined ? quantity : of(known, quantity));
  }
  return merged;
}

/** The quality of service of a defaulted pod (cri-mapping 3.1): only cpu and memory count, zeros do not. */
export function qosClass(spec: v1.PodSpec): QosClass {
  const known = classes.get(spec) ?? classOf(spec);
  classes.set(spec, known);
  return known;
}

/** Every status shows it, and it is much to add up. @bound Specs of pods, as long as somebody holds them. */
const classes = new WeakMap<v1.PodSpec, QosClass>();

function classOf(spec: v1.PodSpec): QosClass {
  const considered = qosSources(spec);
  const requests = considered.map(({ requests }) => requests).reduce(plus, new Map());
  const limits = considered.map(({ limits }) => limits).reduce(plus, new Map());
  if (requests.size === 0 && limits.size === 0) return "BestEffort";
  const allLimited = considered.every(({ limits }) => limits.has("cpu") && limits.has("memory"));
  const balanced =
    requests.size === limits.size &&
    [...requests].every(([name, request]) => compareQuantities(request, limits.get(name) ?? ZERO) === 0);
  return allLimited && balanced ? "Guaranteed" : "Burstable";
}

type Asked = { readonly requests: Resources; readonly limits: Resources };

/** The pod-level object alone where it says anything, else app and init containers, never ephemeral ones. */
function qosSources(spec: v1.PodSpec): readonly Asked[] {
  const podLevel = askedBy(spec.resources);
  const given = [...Object.keys(spec.resources?.requests ?? {}), ...Object.keys(spec.resources?.limits ?? {})];
  if (given.some(isPodLevel)) return [podLevel];
  return [...spec.containers, ...(spec.initContainers ?? [])].map(({ resources }) => askedBy(resources));
}

const askedBy = (resources: v1.ResourceRequirements | undefined): Asked => ({
  requests: qosResources(readResources(resources?.requests)),
  limits: qosResources(readResources(resources?.limits)),
});

const qosResources = (resources: Resources): Resources =>
  new Map([...resources].filter(([name, { nanos }]) => (name === "cpu" || name === "memory") && nanos > 0n));

/** CPU shares of so many milli-CPU (cri-mapping 2.7). */
export const cpuShares = (millis: number): number => Math.min(Math.max(Math.floor((millis * 1024) / 1000), 2), 262_144);

/** CFS quota in microseconds for a limit of so many milli-CPU; 0 means none (cri-mapping 2.7). */
export const cpuQuotaUs = (millis: number, periodUs: number): number =>
  millis === 0 ? 0 : Math.max(Math.floor((millis * periodUs) / 1000), 1000);

/** What a pod's own cgroup is limited to (cri-mapping 3.2); pids only when the node limits them. */
export function podCgroupLimits(
  spec: v1.PodSpec,
  node: {
    readonly cpuCfsQuota: boolean;
    readonly cpuCfsQuotaPeriodUs: number;
    readonly podPidsLimit: number;
    readonly hugePageKib?: readonly number[] | undefined;
  },
): CgroupLimits {
  const qos = qosClass(spec);
  const limits = podLimits(spec);
  const requests = podRequests(spec);
  const cpu = millisOf(requests, "cpu");
  const quota = cpuQuotaUs(millisOf(limits, "cpu"), node.cpuCfsQuotaPeriodUs);
  const memory = ceilUnits(limits.get("memory") ?? ZERO);
  const cpuLimited = node.cpuCfsQuota && quota > 0 && limitedThroughout(spec, "cpu", qos);
  return {
    cpuShares: qos === "BestEffort" ? 2 : cpuShares(cpu),
    cpuPeriodUs: node.cpuCfsQuotaPeriodUs,
    ...(cpuLimited ? { cpuQuotaUs: quota } : {}),
    ...(memory > 0 && limitedThroughout(spec, "memory", qos) ? { memoryBytes: memory } : {}),
    ...(node.podPidsLimit > 0 ? { pids: node.podPidsLimit } : {}),
    ...(node.hugePageKib?.length ? { hugePages: node.hugePageKib.map((kib) => hugePageLimit(requests, kib)) } : {}),
  };
}

/** Pages that nobody asks for are not to be had. */
const hugePageLimit = (requests: Resources, kib: number): HugePageLimit => ({
  size: pageSizeOf(kib),
  bytes: ceilUnits(hugePagesIn(requests, kib) ?? ZERO),
});

const millisOf = (resources: Resources, name: string): number => ceilMillis(resources.get(name) ?? ZERO);

/** A pod is as limited as its least limited container; an init container shares the limits of earlier sidecars. */
function limitedThroughout(spec: v1.PodSpec, name: "cpu" | "memory", qos: QosClass): boolean {
  if (qos === "BestEffort") return false;
  const has = (resources: v1.ResourceRequirements | undefined): boolean =>
    (readResources(resources?.limits).get(name) ?? ZERO).nanos > 0n;
  if (has(spec.resources)) return true;
  let sidecarLimited = false;
  const initLimited = (spec.initContainers ?? []).every((container) => {
    const limited = has(container.resources);
    if (isSidecar(container)) sidecarLimited ||= limited;
    return limited || sidecarLimited;
  });
  return initLimited && spec.containers.every(({ resources }) => has(resources));
}
