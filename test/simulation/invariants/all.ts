import { foreignIsLeft, memoryIsBounded, noStorm } from "./bounds.ts";
import { doubtsAreWaitedFor } from "./doubts.ts";
import type { Invariant } from "./invariant.ts";
import { keepsLastGood } from "./keeping.ts";
import { comesToRest } from "./liveness.ts";
import { noFault, nothingForRemoved } from "./order.ts";
import { endingBeginsNothing, groundStays, leavesNothing, sidecarsLast } from "./plans.ts";
import { recordsFollow } from "./records.ts";
import { backsOff, pullsBackOff } from "./restarts.ts";
import { failuresPause } from "./retries.ts";
import { countsGrow, initFirst, oneInstance } from "./running.ts";
import { startIsKept, statusIsTrue } from "./shown.ts";
import { graceIsGiven, stopsAreTold } from "./stops.ts";

/** Every invariant by its number. */
export const INVARIANTS: readonly Invariant[] = [
  oneInstance,
  initFirst,
  countsGrow,
  nothingForRemoved,
  noFault,
  comesToRest,
  backsOff,
  pullsBackOff,
  graceIsGiven,
  stopsAreTold,
  statusIsTrue,
  keepsLastGood,
  noStorm,
  memoryIsBounded,
  foreignIsLeft,
  groundStays,
  leavesNothing,
  endingBeginsNothing,
  sidecarsLast,
  doubtsAreWaitedFor,
  startIsKept,
  recordsFollow,
  failuresPause,
];
