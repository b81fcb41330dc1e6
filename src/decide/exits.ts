import type { Cause } from "../pod/action.ts";
import type { DesiredContainer } from "../pod/desired.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import { type Draft, instanceOf, startOf } from "./draft.ts";
import { causeIn, restartsAfter, restartsAfterStop, startsOver } from "./restart-policy.ts";

/** Code of an exit that nobody can tell. */
const UNKNOWN_EXIT = 255;
/** Code of a container that never ran, as containerd has it (4.3). */
const START_ERROR = 128;

/** A dead instance: it exited, or could not be started and never will be. */
export const isDead = (draft: Draft, instance: ObservedContainer): boolean =>
  instance.state === "exited" || (instance.state === "created" && instanceOf(draft, instance.id).startFailed === true);

/** How it ended is known as well as it ever will be: a status was read, or a look that began after its end found no more. */
export function isExitKnown(draft: Draft, instance: ObservedContainer): boolean {
  if (!isDead(draft, instance)) return false;
  if (instance.state === "created" || instance.detailed || instance.exitCode !== undefined) return true;
  const { endedAt } = instanceOf(draft, instance.id);
  return endedAt !== undefined && (draft.memory.lookedAt ?? Number.NEGATIVE_INFINITY) > endedAt;
}

/** Exit code of a dead instance. */
export const exitCodeOf = ({ state, exitCode }: ObservedContainer): number =>
  exitCode ?? (state === "created" ? START_ERROR : UNKNOWN_EXIT);

/** S10: an init container that was killed for memory failed, whatever its exit code. */
export const hasSucceeded = (container: DesiredContainer, instance: ObservedContainer): boolean =>
  exitCodeOf(instance) === 0 && !(container.role === "init" && instance.reason === "OOMKilled");

/** Why this agent, or the one before it, stopped the instance. */
export const stopCauseOf = (draft: Draft, instance: ObservedContainer): Cause | undefined =>
  causeIn(instanceOf(draft, instance.id));

/**
 * Whether a dead instance gets a successor: by the cause of its stop, else by its exit (S5, S17, S18, S20). One that was made
 * and never began has no exit: it is always followed.
 */
export function hasSuccessor(draft: Draft, container: DesiredContainer, instance: ObservedContainer): boolean {
  if (instance.state === "created") return true;
  const { desired } = draft.picture;
  const decided = restartsAfterStop(desired, container, stopCauseOf(draft, instance));
  if (decided !== undefined) return decided;
  if (startOf(draft, container.name).anew && !(container.role === "init" && hasSucceeded(container, instance)))
    return true;
  if (isFromOtherSandbox(draft, instance) && startsOver(desired, container)) return !ranOnce(container, instance);
  const code = hasSucceeded(container, instance) ? 0 : exitCodeOf(instance) || 1;
  return restartsAfter(container, code);
}

const isFromOtherSandbox = (draft: Draft, { sandboxId }: ObservedContainer): boolean =>
  draft.picture.observed.sandboxes[0]?.id !== sandboxId;

const ranOnce = ({ restartPolicy }: DesiredContainer, instance: ObservedContainer): boolean =>
  restartPolicy === "OnFailure" && exitCodeOf(instance) === 0;
