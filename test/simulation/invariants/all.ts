import type { Invariant } from "./invariant.ts";
import { comesToRest } from "./liveness.ts";
import { noFault, nothingForRemoved } from "./order.ts";
import { countsGrow, initFirst, oneInstance } from "./running.ts";

/** Every invariant by its number. */
export const INVARIANTS: readonly Invariant[] = [
  oneInstance,
  initFirst,
  countsGrow,
  nothingForRemoved,
  noFault,
  comesToRest,
];
