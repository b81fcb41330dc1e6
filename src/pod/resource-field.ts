import type { DesiredPod } from "./desired.ts";
import { parseQuantity } from "./quantity.ts";
import type * as v1 from "./v1.ts";

/** What the node offers to a pod that sets no limit of its own. */
export type Allocatable = {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** Absent: the disk is not counted. */
  readonly storageBytes?: number;
  /** By the resource's name; absent: there are none. */
  readonly hugePageBytes?: Readonly<Record<string, number>>;
};

const NANOS = 1_000_000_000n;

const nanosOf = (written: v1.Quantity): bigint | undefined => parseQuantity(written)?.nanos;

/**
 * The value of a resourceFieldRef as an integer in units of its divisor, rounded up (cri-mapping 2.3). A missing limit of
 * cpu, memory or ephemeral-storage is the pod's, else the node's. Undefined when the field makes no sense.
 */
export function resourceField(
  pod: DesiredPod,
  ownContainer: string,
  field: v1.ResourceFieldSelector,
  allocatable: Allocatable,
): string | undefined {
  const name = field.containerName || ownContainer;
  const container = pod.containers.find((other) => other.name === name);
  const [list, resource] = split(field.resource);
  if (container === undefined || list === undefined || resource === undefined) return undefined;
  const written = container.spec.resources?.[list]?.[resource];
  const value = written === undefined ? absent(pod, list, resource, allocatable) : nanosOf(written);
  const divisor = field.divisor === undefined ? 0n : nanosOf(field.divisor);
  if (value === undefined || divisor === undefined || divisor < 0n || value < 0n) return undefined;
  return inUnits(value, divisor === 0n ? NANOS : divisor, resource).toString();
}

/** cpu is counted in thousandths and the rest in ones before it is divided; both steps round up. */
function inUnits(value: bigint, divisor: bigint, resource: string): bigint {
  const grain = resource === "cpu" ? 1_000_000n : NANOS;
  return ceilDivide(ceilDivide(value, grain), ceilDivide(divisor, grain));
}

const ceilDivide = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

function split(resource: string): ["limits" | "requests", string] | [undefined, undefined] {
  const dot = resource.indexOf(".");
  const list = resource.slice(0, dot);
  return list === "limits" || list === "requests" ? [list, resource.slice(dot + 1)] : [undefined, undefined];
}

function absent(
  pod: DesiredPod,
  list: "limits" | "requests",
  resource: string,
  allocatable: Allocatable,
): bigint | undefined {
  if (list === "requests") return 0n;
  const ofPod = pod.spec.resources?.limits?.[resource];
  if (ofPod !== undefined) return nanosOf(ofPod);
  if (resource === "cpu") return BigInt(Math.trunc(allocatable.cpuMillis)) * 1_000_000n;
  if (resource === "memory") return BigInt(Math.trunc(allocatable.memoryBytes)) * NANOS;
  if (resource === "ephemeral-storage") return BigInt(Math.trunc(allocatable.storageBytes ?? 0)) * NANOS;
  return 0n;
}
