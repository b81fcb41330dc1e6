import type { Now } from "../base/clock.ts";
import type { Action, Outcome } from "../pod/action.ts";
import type { PodEvent } from "../pod/event.ts";
import type { Hold, Picture } from "../pod/plan.ts";

/** A moment from which events come: an action begins or ends, a hold is entered. */
export type Moment =
  | { readonly kind: "begun"; readonly action: Action }
  | { readonly kind: "settled"; readonly action: Action; readonly outcome: Outcome; readonly durationMs: number }
  | { readonly kind: "held"; readonly hold: Hold };

/** The events of one moment, by the one table that there is (lifecycle.md 10). */
export function news(_picture: Picture, _moment: Moment, _now: Now): readonly PodEvent[] {
  return [];
}
