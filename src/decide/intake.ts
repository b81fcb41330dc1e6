import type { Now } from "../base/clock.ts";
import type { DirectorySighting, IntakeState } from "../pod/source.ts";

/** The accepted pods after one look at the directory: keep last good (D1), names (D5), losses and changes only when settled. */
export function intake(state: IntakeState, _sighting: DirectorySighting, _now: Now): IntakeState {
  return state;
}
