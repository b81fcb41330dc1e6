import type { Chance } from "../base/clock.ts";

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Pause before the next try of something outside that failed so many times in a row: doubling, with up to half more by chance. */
export function backOffMs(failures: number, chance: Chance): number {
  const delayMs = Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  return delayMs * (1 + chance.fraction() / 2);
}
