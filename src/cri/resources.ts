import type { Draft } from "../base/protobuf.ts";
import type { DesiredContainer, DesiredPod } from "../pod/desired.ts";
import { hugePagesIn, pageSizeOf } from "../pod/huge-pages.ts";
import { ceilMillis, ceilUnits, compareQuantities, type Quantity, ZERO } from "../pod/quantity.ts";
import { allocatableFor } from "../pod/reserved.ts";
import {
  cpuQuotaUs,
  cpuShares,
  podLimits,
  podRequests,
  qosClass,
  type Resources,
  readResources,
} from "../pod/resources.ts";
import type * as v1 from "../pod/v1.ts";
import type { HugepageLimit, LinuxContainerResources } from "./generated/types.ts";
import { isCritical, oomScoreAdjust } from "./oom-score.ts";
import type { Surroundings } from "./surroundings.ts";

type Limits = Draft<LinuxContainerResources> & { readonly unified: Readonly<Record<string, string>> };

/** Limits of one container (cri-mapping 2.7, 2.8). */
export function containerResources(
  pod: DesiredPod,
  container: DesiredContainer,
  surroundings: Surroundings,
): Draft<LinuxContainerResources> {
  const requests = readResources(container.spec.resources?.requests);
  const limits = effectiveLimits(pod, container);
  const basic = limitsOf(requests, limits, surroundings);
  const { swap, unified } = swapLimits(pod, container, basic, surroundings);
  return {
    ...basic,
    ...swap,
    unified: { ...basic.unified, ...unified, ...memoryQos(pod, container, surroundings) },
    oom_score_adj: BigInt(oomScoreAdjust(pod, container, surroundings.facts)),
    hugepage_limits: hugePages(pod, container, surroundings),
  };
}

/** The kernel counts memory in pages; where they are larger, it rounds once more. */
const PAGE_BYTES = 4096;

/** Where a container is slowed down, and what of its request is kept for it; of version 2 only (cri-mapping 2.7). */
function memoryQos(
  { spec }: DesiredPod,
  container: DesiredContainer,
  { settings, facts }: Surroundings,
): Readonly<Record<string, string>> {
  const { memoryQos: wanted } = settings;
  if (wanted === undefined || facts.cgroupVersion === 1) return {};
  const bytes = (list: Readonly<Record<string, v1.Quantity>> | undefined): number =>
    ceilUnits(readResources(list).get("memory") ?? ZERO);
  const request = bytes(container.spec.resources?.requests);
  const limit = bytes(container.spec.resources?.limits);
  const end = limit > 0 ? limit : allocatableFor(facts, settings.reserved).memoryBytes;
  const high = Math.floor((request + wanted.throttlingFactor * (end - request)) / PAGE_BYTES) * PAGE_BYTES;
  const qos = qosClass(spec);
  return {
    "memory.min": `${wanted.reserves && qos === "Guaranteed" ? request : 0}`,
    "memory.low": `${wanted.reserves && qos === "Burstable" ? request : 0}`,
    ...(request !== limit && high > request ? { "memory.high": `${high}` } : {}),
  };
}

/** What all containers of a pod may use together, without its overhead; always has at least cpu_shares (cri-mapping 1.1). */
export function sandboxResources(pod: DesiredPod, surroundings: Surroundings): Draft<LinuxContainerResources> {
  const { overhead: _overhead, ...spec } = pod.spec;
  return limitsOf(podRequests(spec), podLimits(spec), surroundings);
}

/** What the pod costs beside its containers: asked for and limited alike; empty where it costs nothing (cri-mapping 1.1). */
export function sandboxOverhead(pod: DesiredPod, surroundings: Surroundings): Draft<LinuxContainerResources> {
  const overhead = readResources(pod.spec.overhead);
  return overhead.size === 0 ? {} : limitsOf(overhead, overhead, surroundings);
}

function limitsOf(requests: Resources, limits: Resources, { settings, facts }: Surroundings): Limits {
  const cpuLimit = ceilMillis(limits.get("cpu") ?? ZERO);
  const cpuRequest = requests.get("cpu");
  const period = settings.cpuCfsQuotaPeriodUs;
  const wholeGroup = facts.cgroupVersion === 2 && settings.singleProcessOomKill !== true;
  return {
    cpu_shares: BigInt(cpuShares(cpuRequest === undefined ? cpuLimit : ceilMillis(cpuRequest))),
    cpu_quota: BigInt(settings.cpuCfsQuota ? cpuQuotaUs(cpuLimit, period) : 0),
    cpu_period: BigInt(settings.cpuCfsQuota ? period : 0),
    memory_limit_in_bytes: BigInt(ceilUnits(limits.get("memory") ?? ZERO)),
    unified: wholeGroup ? { "memory.oom.group": "1" } : {},
  };
}

/** The pod's own limits hold where a container has none. */
function effectiveLimits({ spec }: DesiredPod, container: DesiredContainer): Resources {
  const own = readResources(container.spec.resources?.limits);
  const ofPod = readResources(spec.resources?.limits);
  const of = (name: string): [string, Quantity] => {
    const quantity = own.get(name) ?? ZERO;
    return [name, quantity.nanos === 0n ? (ofPod.get(name) ?? ZERO) : quantity];
  };
  return new Map([of("cpu"), of("memory")]);
}

/** A limit for every size that the kernel has: 0 where nobody asks for it, the container's before the pod's. */
function hugePages({ spec }: DesiredPod, container: DesiredContainer, { facts }: Surroundings): Draft<HugepageLimit>[] {
  const own = readResources(container.spec.resources?.limits);
  const ofPod = readResources(spec.resources?.limits);
  return (facts.hugePageKib ?? []).map((kib) => {
    const limit = hugePagesIn(own, kib) ?? hugePagesIn(ofPod, kib);
    return { page_size: pageSizeOf(kib), limit: BigInt(ceilUnits(limit ?? ZERO)) };
  });
}

/** Swap is kept from containers, except from those that LimitedSwap is for: burstable, not critical, with a request below its limit. */
function swapLimits(
  pod: DesiredPod,
  container: DesiredContainer,
  basic: Limits,
  { facts, settings }: Surroundings,
): { swap?: Draft<LinuxContainerResources>; unified?: Readonly<Record<string, string>> } {
  if (facts.swapBytes === undefined) return {};
  if (facts.cgroupVersion === 1) return { swap: { memory_swap_limit_in_bytes: basic.memory_limit_in_bytes } };
  const request = readResources(container.spec.resources?.requests).get("memory") ?? ZERO;
  const limit = readResources(container.spec.resources?.limits).get("memory") ?? ZERO;
  const maySwap =
    settings.swapBehavior === "LimitedSwap" &&
    qosClass(pod.spec) === "Burstable" &&
    !isCritical(pod) &&
    compareQuantities(request, limit) !== 0;
  const share = maySwap ? Math.floor((ceilUnits(request) / facts.memoryBytes) * facts.swapBytes) : 0;
  return { unified: { "memory.swap.max": `${share}` } };
}
