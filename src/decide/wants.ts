import type { Cause } from "../pod/action.ts";
import type { DesiredContainer } from "../pod/desired.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import { type Draft, instanceOf } from "./draft.ts";
import { hasSuccessor, isDead, isExitKnown, stopCauseOf } from "./exits.ts";
import { isAlive, isFitting, newestOf } from "./instances.ts";
import { isRequested } from "./requests.ts";
import { resizeNeed } from "./resize.ts";

/** What one container needs next. */
export type Want =
  /** Nothing: it runs as it should, or has ended for good. */
  | { readonly kind: "keep" }
  | { readonly kind: "start" }
  | { readonly kind: "stop"; readonly instance: ObservedContainer; readonly cause: Cause }
  /** Its turn has not come, or how it ended is not known yet. */
  | { readonly kind: "wait" };

/** What an app container or sidecar needs by itself, without regard to its siblings (S13, S17). */
export function wantOf(draft: Draft, container: DesiredContainer): Want {
  const newest = newestOf(draft.picture, container.name);
  if (newest === undefined || isFitting(draft, container, newest)) return { kind: "start" };
  if (isAlive(newest)) return wantOfLiving(draft, container, newest);
  if (newest.state === "created" && !isDead(draft, newest)) return { kind: "start" };
  if (isRequested(draft, container.name)) return { kind: "start" };
  if (!isExitKnown(draft, newest)) return { kind: "wait" };
  return hasSuccessor(draft, container, newest) ? { kind: "start" } : { kind: "keep" };
}

/** A container that is alive is kept unless something says that it has to stop. */
export function wantOfLiving(draft: Draft, container: DesiredContainer, instance: ObservedContainer): Want {
  const cause = causeToStop(draft, container, instance);
  return cause === undefined ? { kind: "keep" } : { kind: "stop", instance, cause };
}

/** Why this instance must not go on. A stop that was decided once is carried through. */
function causeToStop(draft: Draft, container: DesiredContainer, instance: ObservedContainer): Cause | undefined {
  const decided = stopCauseOf(draft, instance);
  if (decided !== undefined) return decided;
  if (instance.state === "unknown") return "unknownState";
  if (instance.sandboxId !== draft.picture.observed.sandboxes[0]?.id) return "sandboxChanged";
  if (instanceOf(draft, instance.id).postStart === "failed") return "postStartFailed";
  if (container.role !== "init" && instance.hash !== container.hash) return "definitionChanged";
  if (container.role === "init") return undefined;
  if (isRequested(draft, container.name)) return "restartRequested";
  return (
    verdictOf(draft, instance) ?? (resizeNeed(draft.picture, container, instance) === "restart" ? "resize" : undefined)
  );
}

function verdictOf(draft: Draft, { id }: ObservedContainer): Cause | undefined {
  const verdicts = draft.picture.verdicts.get(id);
  if (verdicts?.liveness === "failed") return "livenessFailed";
  return verdicts?.startup === "failed" ? "startupFailed" : undefined;
}

/** Grace of a stop inside the life of a pod, in seconds (T1): a probe's own counts only for kills by that probe. */
export function graceOf(draft: Draft, container: DesiredContainer, cause: Cause): number {
  const { graceSeconds } = draft.picture.desired;
  const { livenessProbe, startupProbe } = container.spec;
  if (cause === "livenessFailed") return livenessProbe?.terminationGracePeriodSeconds ?? graceSeconds;
  if (cause === "startupFailed") return startupProbe?.terminationGracePeriodSeconds ?? graceSeconds;
  return graceSeconds;
}
