import { type Level, makePodCgroups, type PodCgroups, type PodLevels } from "../agent/pod-cgroups.ts";
import { readHierarchies } from "../cgroup/hierarchies.ts";
import { readMemoryLeft } from "../cgroup/memory-left.ts";
import { makeCgroups } from "../cgroup/pod-cgroups.ts";
import { makeSliceCgroups } from "../cgroup/slices.ts";
import { systemdSlices } from "../host/slices.ts";
import { type Cgroups, levelsAbove, podCgroup, type QosClass } from "../pod/cgroup.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { NodeFacts, NodeSettings } from "../pod/node.ts";
import type { PressureGauge } from "../pod/pressure.ts";
import { ceilUnits, ZERO } from "../pod/quantity.ts";
import { enforcedFor } from "../pod/reserved.ts";
import { cpuShares, podCgroupLimits, podRequests, qosClass } from "../pod/resources.ts";

/** Where a pod belongs on this node, and what each level is limited to (cri-mapping 3.2). */
export function podLevels(pod: DesiredPod, settings: NodeSettings, facts: NodeFacts): PodLevels {
  const layout = { driver: settings.cgroupDriver, root: settings.cgroupRoot, perQos: settings.cgroupsPerQos };
  const { cpuMillis, memoryBytes } = enforcedFor(facts, settings.reserved);
  const { hugePageKib } = facts;
  const qos = qosClass(pod.spec);
  const [all, ofClass] = levelsAbove(layout, qos);
  const limitsOf = (shares: number): Level["limits"] => ({
    cpuShares: shares,
    cpuPeriodUs: settings.cpuCfsQuotaPeriodUs,
  });
  const top = all === undefined ? [] : [{ path: all, limits: { ...limitsOf(cpuShares(cpuMillis)), memoryBytes } }];
  const kept = keptOf(pod, qos, settings, facts);
  const own = {
    path: podCgroup(layout, qos, pod.uid),
    limits: { ...podCgroupLimits(pod.spec, { ...nodeLimits(settings), hugePageKib }), ...kept },
    ...(kept === undefined ? {} : { keptIn: [all, ofClass].filter((path) => path !== undefined) }),
  };
  if (ofClass === undefined) return { ...own, above: top };
  // The kubelet's least; of the burstable class it is what nothing in it weighs.
  const least = { path: ofClass, limits: limitsOf(2) };
  return qos === "Burstable" ? { ...own, above: top, summed: least } : { ...own, above: [...top, least] };
}

/** What of its requested memory is kept for a pod: for a guaranteed one in any case (cri-mapping 2.7, MemoryQoS). */
function keptOf(pod: DesiredPod, qos: QosClass, { memoryQos }: NodeSettings, { cgroupVersion }: NodeFacts) {
  const bytes = ceilUnits(podRequests(pod.spec).get("memory") ?? ZERO);
  if (memoryQos?.reserves !== true || cgroupVersion !== 2 || bytes === 0) return undefined;
  return qos === "Guaranteed" ? { memoryMin: bytes } : { memoryLow: bytes };
}

const nodeLimits = ({ cpuCfsQuota, cpuCfsQuotaPeriodUs, podPidsLimit }: NodeSettings) => ({
  ...{ cpuCfsQuota, cpuCfsQuotaPeriodUs, podPidsLimit },
});

/** The gauge of the host with what all pods together have left of their memory, where they have a limit (node.md 5.1). */
export function withPodsMemory(gauge: PressureGauge, settings: NodeSettings): PressureGauge {
  return {
    async read(signal) {
      const layout = { driver: settings.cgroupDriver, root: settings.cgroupRoot, perQos: settings.cgroupsPerQos };
      const [top] = levelsAbove(layout, "Guaranteed");
      const [host, left] = await Promise.all([
        gauge.read(signal),
        top === undefined ? undefined : readMemoryLeft(await readHierarchies(), top),
      ]);
      if (left === undefined) return host;
      return { ...host, readings: new Map([...host.readings, ["allocatableMemory.available", left]]) };
    },
  };
}

/** Pod cgroups on this host, by whichever driver the runtime has; without cgroupsPerQOS pods have none. */
export async function hostCgroups(settings: NodeSettings, facts: NodeFacts): Promise<PodCgroups> {
  const files = makeCgroups(await readHierarchies());
  const slices = makeSliceCgroups(files, systemdSlices(), facts.cgroupVersion);
  // The runtime may say only later which driver it has.
  const now = (): Cgroups => (settings.cgroupDriver === "systemd" ? slices : files);
  const cgroups = makePodCgroups(
    {
      ensure: (path, limits, signal) => now().ensure(path, limits, signal),
      empty: (path, signal) => now().empty(path, signal),
      remove: (path, signal) => now().remove(path, signal),
      sharesBelow: (path) => now().sharesBelow(path),
      keptBelow: (path, kind) => now().keptBelow(path, kind),
    },
    (pod) => podLevels(pod, settings, facts),
  );
  return {
    listen: cgroups.listen,
    ensure: async (pod, signal) => (settings.cgroupsPerQos ? cgroups.ensure(pod, signal) : undefined),
    empty: async (pod, signal) => (settings.cgroupsPerQos ? cgroups.empty(pod, signal) : undefined),
    remove: async (pod, signal) => (settings.cgroupsPerQos ? cgroups.remove(pod, signal) : undefined),
  };
}
