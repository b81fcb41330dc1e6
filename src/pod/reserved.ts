import type { NodeFacts, Reserved } from "./node.ts";
import type { Allocatable } from "./resource-field.ts";

/** What the node has for pods: its capacity without what is kept back, and never less than nothing. */
export function allocatableFor(
  { cpuMillis, memoryBytes }: Pick<NodeFacts, "cpuMillis" | "memoryBytes">,
  reserved: Reserved = { cpuMillis: 0, memoryBytes: 0 },
): Allocatable {
  return {
    cpuMillis: Math.max(0, cpuMillis - reserved.cpuMillis),
    memoryBytes: Math.max(0, memoryBytes - reserved.memoryBytes),
  };
}
