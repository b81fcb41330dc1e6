import type { DesiredContainer } from "../pod/desired.ts";
import type { TerminalPhase } from "../pod/memory.ts";
import type { Draft } from "./draft.ts";
import { exitCodeOf, hasSuccessor, isDead, isExitKnown } from "./exits.ts";
import { initProgress } from "./init-order.ts";
import { allStill, newestOf } from "./instances.ts";
import { isRequested } from "./requests.ts";
import { restartAllTriggers } from "./restart-all.ts";
import { sandboxNeed } from "./sandbox-need.ts";

/** T5. */
export const DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline";

/** The phase in which the pod has come to its end by itself, if it has (5.2, S4, S9, S22, T5). */
export function completion(draft: Draft): TerminalPhase | undefined {
  const { bootId } = draft.picture.around;
  if (isOverdue(draft)) return { phase: "Failed", reason: "DeadlineExceeded", message: DEADLINE_MESSAGE, bootId };
  const phase = phaseOfExits(draft);
  return phase === undefined ? undefined : { phase, bootId };
}

/** When activeDeadlineSeconds is used up, on the agent's own clock. */
export function deadlineAt({ picture, memory }: Draft): number | undefined {
  const { activeDeadlineSeconds } = picture.desired;
  if (activeDeadlineSeconds === undefined || memory.startedAt === undefined) return undefined;
  return memory.startedAt + activeDeadlineSeconds * 1000;
}

function isOverdue(draft: Draft): boolean {
  const at = deadlineAt(draft);
  return at !== undefined && at <= draft.picture.now.monoMs;
}

function phaseOfExits(draft: Draft): TerminalPhase["phase"] | undefined {
  if (restartAllTriggers(draft).length > 0) return undefined;
  const apps = draft.picture.desired.containers.filter(({ role }) => role === "app");
  if (apps.every((container) => hasEndedForGood(draft, container))) return phaseOf(draft, apps);
  if (isLostWithSandbox(draft)) return phaseOf(draft, apps);
  return sandboxNeed(draft.picture).kind === "none" && initProgress(draft).failed ? "Failed" : undefined;
}

/** S22: neither runs nor is to be started. */
function hasEndedForGood(draft: Draft, container: DesiredContainer): boolean {
  const newest = newestOf(draft.picture, container.name);
  if (newest === undefined || !isExitKnown(draft, newest) || isRequested(draft, container.name)) return false;
  return !hasSuccessor(draft, container, newest);
}

/** S4a: the sandbox of a pod that is never restarted is lost, and what ran in it has ended. */
function isLostWithSandbox(draft: Draft): boolean {
  const { desired, observed } = draft.picture;
  if (desired.restartPolicy !== "Never" || sandboxNeed(draft.picture).kind !== "again") return false;
  if (observed.containers.length === 0 || !allStill(draft)) return false;
  return observed.containers.every((instance) => !isDead(draft, instance) || isExitKnown(draft, instance));
}

/** 5.2: an app container that never came to be has not succeeded. */
function phaseOf(draft: Draft, apps: readonly DesiredContainer[]): TerminalPhase["phase"] {
  const codes = apps.map(({ name }) => newestOf(draft.picture, name)).map((newest) => newest && exitCodeOf(newest));
  return codes.every((code) => code === 0) ? "Succeeded" : "Failed";
}
