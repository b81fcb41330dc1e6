import type { Ending } from "../pod/desired.ts";

/**
 * An ending that was told again: its moment and its result stay, the grace only shrinks, and the later cause counts, since
 * a pod that ended by itself may still be removed (T2, T9).
 */
export function shrinkEnding(ending: Ending | undefined, told: Ending): Ending {
  if (ending === undefined) return told;
  const result = ending.result ?? told.result;
  return {
    cause: told.cause,
    graceSeconds: Math.min(ending.graceSeconds, told.graceSeconds),
    sinceMonoMs: ending.sinceMonoMs,
    ...(result === undefined ? {} : { result }),
  };
}
