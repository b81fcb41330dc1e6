import type { NodeFacts, Reserved } from "./node.ts";
import type { Allocatable } from "./resource-field.ts";

/** What a capacity is told by. */
type Capacity = Pick<NodeFacts, "cpuMillis" | "memoryBytes" | "rootDiskBytes" | "hugePageBytes">;

const NOTHING: Reserved = { cpuMillis: 0, memoryBytes: 0 };
const less = (capacity: number, reserved: number): number => Math.max(0, capacity - reserved);

/**
 * What the node has for pods (node.md 2.2): its capacity without what is kept back, of memory also without huge pages, and
 * never less than nothing.
 */
export function allocatableFor(facts: Capacity, reserved: Reserved = NOTHING): Allocatable {
  const { storageBytes = 0, evictionMemoryBytes = 0 } = reserved;
  const { cpuMillis, memoryBytes } = enforcedFor(facts, reserved);
  const huge = Object.values(facts.hugePageBytes ?? {}).reduce((sum, one) => sum + one, 0);
  return {
    cpuMillis,
    memoryBytes: less(less(memoryBytes, evictionMemoryBytes), huge),
    ...(facts.rootDiskBytes === undefined ? {} : { storageBytes: less(facts.rootDiskBytes, storageBytes) }),
    ...(facts.hugePageBytes === undefined ? {} : { hugePageBytes: facts.hugePageBytes }),
  };
}

/** What all pods together are held to by their cgroup: thresholds of eviction come before it (cri-mapping 3.2). */
export const enforcedFor = (facts: Capacity, { cpuMillis, memoryBytes }: Reserved = NOTHING) => ({
  cpuMillis: less(facts.cpuMillis, cpuMillis),
  memoryBytes: less(facts.memoryBytes, memoryBytes),
});
