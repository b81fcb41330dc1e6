import type { Picture, Plan } from "../pod/plan.ts";

/** What one pod needs next. Pure: the same picture gives the same plan (lifecycle.md 3, 4, 7, 8). */
export function nextPlan(picture: Picture): Plan {
  return {
    actions: [],
    withdraw: [],
    holds: [],
    memory: picture.memory,
    finished: picture.ending !== undefined,
    cleaned: picture.ending !== undefined,
  };
}
