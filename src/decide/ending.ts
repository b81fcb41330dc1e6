import type { Action } from "../pod/action.ts";
import type { EndCause, Ending } from "../pod/desired.ts";
import { act, type Draft, failureKey, hold, isBusy, waitsAfterFailure, wake, withdraw } from "./draft.ts";
import { readMessages, removeInstance, removeOldSandboxes } from "./garbage.ts";
import { allNames, allStill, instancesOf } from "./instances.ts";
import { stopSandboxes } from "./sandbox.ts";
import { stopAll } from "./stop.ts";

/** How far an ending is (8.3). `free`: nothing can run and volumes are unmounted; `clean`: nothing is left to do. */
export type EndStage = "stopping" | "free" | "clean";

/** Causes after which the pod is in no source any more, so that nothing of it is kept (T9). */
const LEFT: readonly EndCause[] = ["removed", "replaced", "orphaned", "deleted"];
/** Shortest grace of a pod, in seconds (T2). */
const SHORTEST_GRACE_SECONDS = 1;
/** Causes for which the node ends a pod that would have gone on (T11). */
const KILLED: readonly EndCause[] = ["evicted", "preempted", "shutdown"];
/** How many times its grace such a pod has before the runtime is said to be slow, and the least it has (T11). */
const PATIENCE = 1.5;
const SHORTEST_PATIENCE_MS = 10_000;

/** The ending that the pod was told, or the one that it has come to by itself (T5, T18). */
export function endingOf({ picture, memory }: Draft): Pick<Ending, "cause" | "graceSeconds"> | undefined {
  if (picture.ending !== undefined) return picture.ending;
  if (memory.terminal === undefined) return undefined;
  const cause = memory.terminal.reason === "DeadlineExceeded" ? "deadline" : "finished";
  return { cause, graceSeconds: picture.desired.graceSeconds };
}

/** Takes the next steps of an ending: containers, sandboxes, volumes, then what is left of them (8.3, T8, T9). */
export function carryEnding(draft: Draft, ending: Pick<Ending, "cause" | "graceSeconds">): EndStage {
  dropUnwanted(draft);
  if (!draft.picture.observed.listed) return "stopping";
  if (!allStill(draft)) {
    const graceSeconds = Math.max(SHORTEST_GRACE_SECONDS, ending.graceSeconds);
    stopAll(draft, { cause: "podEnding", graceSeconds, hook: ending.cause !== "orphaned" });
    return "stopping";
  }
  if (!stopSandboxes(draft) || isStillStarting(draft)) return "stopping";
  const leaves = LEFT.includes(ending.cause) && !draft.picture.around.asked;
  const isRead = (leaves && ending.cause !== "deleted") || readMessages(draft);
  if (!hasClearedVolumes(draft)) return "stopping";
  if (!isRead) return "free";
  return !leaves || removeRest(draft) ? "clean" : "free";
}

/** T11: that the runtime did not end in time what the node had to end is said once; the ending itself goes on as before. */
export function watchGrace(draft: Draft): void {
  const { ending, observed, now } = draft.picture;
  if (ending === undefined || !KILLED.includes(ending.cause)) return;
  const stands = observed.sandboxes.some(({ id }) => !draft.memory.stoppedSandboxes.includes(id));
  if (!stands && allStill(draft)) return;
  const patienceMs = Math.max(SHORTEST_PATIENCE_MS, PATIENCE * ending.graceSeconds * 1000);
  const dueAt = ending.sinceMonoMs + patienceMs;
  if (now.monoMs < dueAt) {
    wake(draft, dueAt);
    return;
  }
  const message = `the runtime has not ended it within ${patienceMs / 1000} s`;
  hold(draft, { subject: "pod", reason: "ExceededGracePeriod", message, needs: "time" });
}

/** What was begun for a life that goes on is given up; what would make something run is waited for (T7). */
export function dropUnwanted(draft: Draft): void {
  for (const { action } of draft.picture.inFlight.values()) {
    if (isForLife(action)) withdraw(draft, action.subject);
  }
}

function isForLife(action: Action): boolean {
  switch (action.kind) {
    case "find-image":
    case "pull-image":
    case "run-sandbox":
    case "create-container":
    case "start-container":
    case "update-container":
    case "make-home":
    case "set-volume":
      return true;
    case "run-hook":
      return action.hook === "postStart";
    default:
      return false;
  }
}

/** Files are still being made: they are cleared only afterwards. */
const isStillStarting = (draft: Draft): boolean =>
  [...draft.picture.inFlight.values()].some(({ action }) => isForLife(action));

/** A pod that never got a home has none to clear (T7, T14). */
function hasClearedVolumes(draft: Draft): boolean {
  const { home, startedWallMs } = draft.memory;
  if (home === "cleared" || home === "gone") return true;
  if (home === "absent" && startedWallMs === undefined) return true;
  clear(draft, "logs");
  return false;
}

/** T9: containers, sandboxes, then the directories; nobody waits for them. */
function removeRest(draft: Draft): boolean {
  const { observed } = draft.picture;
  for (const name of allNames(draft.picture)) {
    const oldest = instancesOf(draft.picture, name).at(-1);
    if (oldest !== undefined) removeInstance(draft, oldest);
  }
  removeOldSandboxes(draft, false);
  if (observed.containers.length > 0 || observed.sandboxes.length > 0) return false;
  const { home, startedWallMs } = draft.memory;
  if (home === "gone" || (home === "absent" && startedWallMs === undefined)) return !isBusy(draft, "pod");
  clear(draft, "nothing");
  return false;
}

function clear(draft: Draft, keep: "logs" | "nothing"): void {
  const action: Action = { subject: "pod", kind: "clear-home", keep };
  const failed = draft.memory.failures[failureKey(action)];
  if (failed !== undefined && waitsAfterFailure(draft, action)) {
    const { message } = failed.failure;
    hold(draft, { subject: "pod", reason: "FailedKillPod", message, until: failed.retryAt, needs: "volume" });
    return;
  }
  act(draft, action);
}
