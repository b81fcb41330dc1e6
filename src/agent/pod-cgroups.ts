import type { CgroupLimits } from "../pod/cgroup.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { Cgroups } from "../ports.ts";

/** Pod cgroups with their layout and limits worked out. */
export type PodCgroups = {
  ensure(pod: DesiredPod, signal: AbortSignal): Promise<void>;
  remove(pod: DesiredPod, signal: AbortSignal): Promise<void>;
};

/** The port for cgroups with what each pod needs of it: path and limits are pure functions of the pod. */
export function makePodCgroups(
  cgroups: Cgroups,
  of: (pod: DesiredPod) => { readonly path: string; readonly limits: CgroupLimits },
): PodCgroups {
  return {
    async ensure(pod, signal) {
      const { path, limits } = of(pod);
      await cgroups.ensure(path, limits, signal);
    },
    remove: (pod, signal) => cgroups.remove(of(pod).path, signal),
  };
}
