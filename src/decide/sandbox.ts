import type { Action } from "../pod/action.ts";
import { isOfInit } from "../pod/desired.ts";
import { act, type Draft, failureKey, hold, isBusy, waitsAfterFailure, wake } from "./draft.ts";
import { isExitKnown } from "./exits.ts";
import type { HomeStep } from "./home.ts";
import { allNames, allStill, instancesOf, mayBegin } from "./instances.ts";
import { handlerNeed } from "./runtime-class.ts";
import { sandboxNeed } from "./sandbox-need.ts";
import { stopAll } from "./stop.ts";

const RELIST_MS = 1000;

/** How far the sandbox is; containers are made only in one that is `up`. `coming`: its call is planned or under way. */
export type SandboxStep = "up" | "coming" | "waiting";

/** Sees to it that the pod has the one sandbox that it needs (3.3, S3). */
export function carrySandbox(draft: Draft, home: HomeStep): SandboxStep {
  const need = sandboxNeed(draft.picture);
  if (need.kind === "none") return "up";
  if (need.kind === "first" && somethingMayBegin(draft)) return "waiting";
  if (need.kind === "again" && !clearAway(draft)) return "waiting";
  if (need.kind === "again" && comesTooSoon(draft)) return "waiting";
  if (draft.memory.home !== "made" || home === "held" || lacksNetwork(draft)) return "waiting";
  const attempt = (draft.picture.observed.sandboxes[0]?.attempt ?? -1) + 1;
  return run(draft, attempt);
}

/** The sandbox went while a container in it was being made or begun: what came of that is seen first. */
const somethingMayBegin = (draft: Draft): boolean => allNames(draft.picture).some((name) => mayBegin(draft, name));

/** A sandbox that dies as soon as it stands is not followed by the next faster than the kubelet would notice (0.1). */
function comesTooSoon(draft: Draft): boolean {
  const { observed, now } = draft.picture;
  const ageMs = now.wallMs - (observed.sandboxes[0]?.createdWallMs ?? 0);
  if (ageMs < 0 || ageMs >= RELIST_MS) return false;
  wake(draft, now.monoMs + RELIST_MS - ageMs);
  return true;
}

/** S3: all containers stopped, then all sandboxes, then what is left of the init containers goes. */
function clearAway(draft: Draft): boolean {
  const { desired } = draft.picture;
  if (!allStill(draft)) {
    const { graceSeconds } = desired;
    stopAll(draft, { cause: "sandboxChanged", graceSeconds, hook: graceSeconds > 0 });
    return false;
  }
  if (!stopSandboxes(draft) || !exitsAreKnown(draft) || isTornDown(draft)) return false;
  for (const { name } of desired.containers.filter(isOfInit)) purge(draft, name, undefined);
  return true;
}

/** Exits decide whether there is anything left to start (S4b). */
const exitsAreKnown = (draft: Draft): boolean =>
  draft.picture.observed.containers.every((instance) => instance.state !== "exited" || isExitKnown(draft, instance));

/** S4a: a pod that is never restarted gets no second sandbox once a container of it was made; its phase follows from the exits. */
const isTornDown = ({ picture: { desired, observed } }: Draft): boolean =>
  desired.restartPolicy === "Never" && observed.containers.length > 0;

/** Stops every sandbox of the pod, whatever its state: its network is free only then. Answers whether all are stopped. */
export function stopSandboxes(draft: Draft): boolean {
  const { sandboxes } = draft.picture.observed;
  const standing = sandboxes.filter(({ id }) => !draft.memory.stoppedSandboxes.includes(id));
  const [first] = standing;
  if (first === undefined) return !isBusy(draft, "sandbox");
  const action: Action = { subject: "sandbox", kind: "stop-sandbox", id: first.id };
  if (waitsAfterFailure(draft, action)) {
    const failed = draft.memory.failures[failureKey(action)];
    const message = failed?.failure.message ?? "";
    hold(draft, { subject: "sandbox", reason: "FailedKillPod", message, needs: "time" });
  } else act(draft, action);
  return false;
}

/** Removes what is left of an init container in other sandboxes than this one (S3). */
export function purge(draft: Draft, name: string, current: string | undefined): void {
  const oldest = instancesOf(draft.picture, name).findLast(({ sandboxId }) => sandboxId !== current);
  if (oldest === undefined) return;
  act(draft, { subject: `container/${name}`, kind: "remove-container", id: oldest.id, name, keepLog: false });
}

function lacksNetwork(draft: Draft): boolean {
  const { desired, around } = draft.picture;
  if (desired.hostNetwork || around.networkReady) return false;
  const message = around.networkMessage ?? "the runtime does not say why";
  hold(draft, { subject: "sandbox", reason: "NetworkNotReady", message, needs: "network" });
  return true;
}

function run(draft: Draft, attempt: number): SandboxStep {
  const need = handlerNeed(draft.picture);
  if (need.kind === "lacking") {
    const { message } = need;
    hold(draft, { subject: "sandbox", reason: "FailedCreatePodSandBox", message, needs: "document" });
    return "waiting";
  }
  const handler = need.handler === "" ? {} : { handler: need.handler };
  const action: Action = { subject: "sandbox", kind: "run-sandbox", attempt, ...handler };
  const failed = draft.memory.failures[failureKey(action)];
  if (failed !== undefined && waitsAfterFailure(draft, action)) {
    const { message } = failed.failure;
    hold(draft, {
      subject: "sandbox",
      reason: "FailedCreatePodSandBox",
      message,
      until: failed.retryAt,
      needs: "time",
    });
    return "waiting";
  }
  act(draft, action);
  return "coming";
}
