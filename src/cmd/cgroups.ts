import { type Level, makePodCgroups, type PodCgroups, type PodLevels } from "../agent/pod-cgroups.ts";
import { readHierarchies } from "../cgroup/hierarchies.ts";
import { makeCgroups } from "../cgroup/pod-cgroups.ts";
import { levelsAbove, podCgroup } from "../pod/cgroup.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { NodeFacts, NodeSettings } from "../pod/node.ts";
import { allocatableFor } from "../pod/reserved.ts";
import { cpuShares, podCgroupLimits, qosClass } from "../pod/resources.ts";

/** Where a pod belongs on this node, and what each level is limited to (cri-mapping 3.2). */
export function podLevels(pod: DesiredPod, settings: NodeSettings, facts: NodeFacts): PodLevels {
  const layout = { driver: settings.cgroupDriver, root: settings.cgroupRoot, perQos: settings.cgroupsPerQos };
  const { cpuMillis, memoryBytes } = allocatableFor(facts, settings.reserved);
  const qos = qosClass(pod.spec);
  const [all, ofClass] = levelsAbove(layout, qos);
  const limitsOf = (shares: number): Level["limits"] => ({
    cpuShares: shares,
    cpuPeriodUs: settings.cpuCfsQuotaPeriodUs,
  });
  const top = all === undefined ? [] : [{ path: all, limits: { ...limitsOf(cpuShares(cpuMillis)), memoryBytes } }];
  const own = { path: podCgroup(layout, qos, pod.uid), limits: podCgroupLimits(pod.spec, settings) };
  if (ofClass === undefined) return { ...own, above: top };
  // The kubelet's least; of the burstable class it is what nothing in it weighs.
  const least = { path: ofClass, limits: limitsOf(2) };
  return qos === "Burstable" ? { ...own, above: top, summed: least } : { ...own, above: [...top, least] };
}

/**
 * Pod cgroups on this host. systemd makes and removes its slices itself, so that in those only what is left is ended; without
 * cgroupsPerQOS pods have none.
 */
export async function hostCgroups(settings: NodeSettings, facts: NodeFacts): Promise<PodCgroups> {
  const cgroups = makePodCgroups(makeCgroups(await readHierarchies()), (pod) => podLevels(pod, settings, facts));
  const isOurs = (): boolean => settings.cgroupDriver === "cgroupfs" && settings.cgroupsPerQos;
  const empty: PodCgroups["empty"] = async (pod, signal) =>
    settings.cgroupsPerQos ? cgroups.empty(pod, signal) : undefined;
  return {
    ensure: async (pod, signal) => (isOurs() ? cgroups.ensure(pod, signal) : undefined),
    empty,
    remove: async (pod, signal) => (isOurs() ? cgroups.remove(pod, signal) : empty(pod, signal)),
  };
}
