import type { DesiredPod } from "../pod/desired.ts";
import type { PodMemory } from "../pod/memory.ts";

/** What the API server shows as over is over, whatever is known of it here and whatever runs of it (P1, node.md 3.4). */
export function noteOver(memory: PodMemory, { bound }: DesiredPod): PodMemory {
  if (bound?.over === undefined || memory.terminal !== undefined) return memory;
  return { ...memory, terminal: { ...bound.over, bootId: "" } };
}
