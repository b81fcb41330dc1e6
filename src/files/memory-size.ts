import type { DesiredPod } from "../pod/desired.ts";
import { ceilUnits, parseQuantity } from "../pod/quantity.ts";
import type { Allocatable } from "../pod/resource-field.ts";
import { podCgroupLimits } from "../pod/resources.ts";
import type * as v1 from "../pod/v1.ts";

/** Only the memory of a pod's cgroup is of interest here. */
const ANY_NODE = { cpuCfsQuota: false, cpuCfsQuotaPeriodUs: 100_000, podPidsLimit: -1 };

/**
 * Bytes of a memory-backed volume: the least of what the node offers, the pod's cgroup may use and sizeLimit says, as far
 * as they are above zero (cri-mapping 5.2); undefined when none of them is.
 */
export function memoryVolumeBytes(
  pod: DesiredPod,
  sizeLimit: v1.Quantity | undefined,
  allocatable: Allocatable,
): number | undefined {
  const limit = sizeLimit === undefined ? undefined : parseQuantity(sizeLimit);
  const sizes = [
    allocatable.memoryBytes,
    podCgroupLimits(pod.spec, ANY_NODE).memoryBytes ?? 0,
    limit === undefined ? 0 : ceilUnits(limit),
  ];
  const counted = sizes.filter((bytes) => bytes > 0);
  return counted.length === 0 ? undefined : Math.min(...counted);
}
