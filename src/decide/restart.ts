import type { Cause } from "../pod/action.ts";
import { givenText } from "../pod/allocation.ts";
import type { DesiredContainer } from "../pod/desired.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import { type Draft, instanceOf, startOf } from "./draft.ts";
import { isDead, stopCauseOf } from "./exits.ts";
import { instancesOf } from "./instances.ts";
import { type RestartDue, type RestartFacts, restartDue } from "./restart-back-off.ts";

/** Stops that the kubelet follows with the next start in the same sync: its back-off then looks at the instance before (B9). */
const REPLACING: readonly Cause[] = ["livenessFailed", "startupFailed", "unknownState", "sandboxChanged"];

/** When a dead instance may be followed by another, and what that one carries. */
export function restartOf(draft: Draft, container: DesiredContainer, newest: ObservedContainer): RestartDue {
  const { now, around } = draft.picture;
  const cause = stopCauseOf(draft, newest);
  const endedAt = instanceOf(draft, newest.id).endedAt ?? now.monoMs;
  return restartDue({
    endedAt,
    inForceMs: newest.backOffMs,
    decidedAt: decidedAt(draft, newest),
    changed: newest.hash !== container.hash || isResized(draft, container, newest),
    ...(cause !== undefined && REPLACING.includes(cause) ? before(draft, newest) : {}),
    ceilingMs: around.maxRestartDelayMs,
    now: now.monoMs,
  });
}

/** It was made with other resources than it is to have: those belong to the key of a back-off (B2). */
const isResized = ({ picture }: Draft, container: DesiredContainer, { given }: ObservedContainer): boolean =>
  given !== undefined && given !== givenText(picture.desired, container);

/** When it was decided to make it: remembered, or read back from the wall clock and clamped (B6, D8). */
function decidedAt(draft: Draft, newest: ObservedContainer): number {
  const { now } = draft.picture;
  const { decidedAt: known, decidedWallMs } = startOf(draft, newest.name);
  return known ?? now.monoMs - Math.max(0, now.wallMs - (decidedWallMs ?? newest.createdWallMs));
}

/** The instance before it, where that is left; where there was one and is none any more, nobody can say when it ended. */
function before(draft: Draft, newest: ObservedContainer): Pick<RestartFacts, "replaced"> {
  const previous = instancesOf(draft.picture, newest.name).find(
    (other) => other.id !== newest.id && isDead(draft, other),
  );
  const endedBeforeAt = previous === undefined ? undefined : instanceOf(draft, previous.id).endedAt;
  if (endedBeforeAt !== undefined) return { replaced: { endedBeforeAt } };
  return newest.attempt > 0 ? {} : { replaced: {} };
}
