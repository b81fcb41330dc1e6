import { makePodCgroups, type PodCgroups } from "../agent/pod-cgroups.ts";
import { readHierarchies } from "../cgroup/hierarchies.ts";
import { makeCgroups } from "../cgroup/pod-cgroups.ts";
import { podCgroup } from "../pod/cgroup.ts";
import type { NodeSettings } from "../pod/node.ts";
import { podCgroupLimits, qosClass } from "../pod/resources.ts";

/** Pod cgroups on this host. systemd makes its slices itself, and without cgroupsPerQOS pods have none. */
export async function hostCgroups(settings: NodeSettings): Promise<PodCgroups> {
  const cgroups = makePodCgroups(makeCgroups(await readHierarchies()), (pod) => ({
    path: podCgroup(
      { driver: settings.cgroupDriver, root: settings.cgroupRoot, perQos: settings.cgroupsPerQos },
      qosClass(pod.spec),
      pod.uid,
    ),
    limits: podCgroupLimits(pod.spec, settings),
  }));
  const isOurs = (): boolean => settings.cgroupDriver === "cgroupfs" && settings.cgroupsPerQos;
  return {
    ensure: async (pod, signal) => (isOurs() ? cgroups.ensure(pod, signal) : undefined),
    remove: async (pod, signal) => (isOurs() ? cgroups.remove(pod, signal) : undefined),
  };
}
