import type { Now } from "../base/clock.ts";
import type { Action, Outcome } from "../pod/action.ts";
import type { PodMemory } from "../pod/memory.ts";

/** What an action's outcome leaves in the memory: errors, back-offs, doubts. What it proved of the runtime goes through join. */
export function noteOutcome(memory: PodMemory, _action: Action, _outcome: Outcome, _now: Now): PodMemory {
  return memory;
}
