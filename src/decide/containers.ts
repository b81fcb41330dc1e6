import type { Subject } from "../pod/action.ts";
import { type DesiredContainer, isOfInit } from "../pod/desired.ts";
import { carryApps, defaultReason } from "./app-order.ts";
import { act, type Draft, flightOf, hold, instanceOf, isBusy, noteInstance, withdraw } from "./draft.ts";
import { carryEphemeral } from "./ephemeral.ts";
import { type InitProgress, initProgress } from "./init-order.ts";
import { allNames, desiredOf, instancesOf, isAlive, isToBeHeardOf, newestOf } from "./instances.ts";
import { carryResizes } from "./resize-steps.ts";
import { resetAll, restartAllTriggers } from "./restart-all.ts";
import { carryStart } from "./start.ts";
import { carryStop } from "./stop.ts";
import { graceOf, type Want } from "./wants.ts";

/** What all containers of a pod need in a sandbox that is up (3.4 to 3.6). Without mayMake none is made or started. */
export function carryContainers(draft: Draft, mayMake: boolean): void {
  stopStrays(draft);
  runPostStarts(draft);
  const triggers = restartAllTriggers(draft);
  if (triggers.length > 0) {
    resetAll(draft, triggers);
    return;
  }
  carryEphemeral(draft, mayMake);
  const progress = initProgress(draft);
  const { containers } = draft.picture.desired;
  const apps = containers.filter(({ role }) => role === "app");
  for (const container of containers.filter(isOfInit)) {
    carryInit(draft, container, progress.wants.get(container.name), mayMake);
  }
  if (progress.initialized) carryApps(draft, apps, mayMake);
  else for (const container of apps) awaitInit(draft, container, progress);
  carryResizes(draft);
}

/** Before a sandbox is up, or while a volume is not: the images of what starts first are looked for and pulled (D7). */
export function fetchFirstImages(draft: Draft): void {
  const progress = initProgress(draft);
  for (const container of draft.picture.desired.containers) {
    const isFirst =
      container.role === "app" ? progress.initialized : progress.wants.get(container.name)?.kind === "start";
    if (isFirst && newestOf(draft.picture, container.name) === undefined) carryStart(draft, container, false);
  }
}

function carryInit(draft: Draft, container: DesiredContainer, want: Want = { kind: "wait" }, mayMake: boolean): void {
  if (want.kind === "wait" && newestOf(draft.picture, container.name) === undefined) {
    holdForInit(draft, container, "starts after the init containers before it");
  }
  if (want.kind === "start") carryStart(draft, container, mayMake);
  if (want.kind !== "stop") return;
  const graceSeconds = graceOf(draft, container, want.cause);
  carryStop(draft, want.instance, { cause: want.cause, graceSeconds, hook: graceSeconds > 0, turn: true });
}

function awaitInit(draft: Draft, container: DesiredContainer, { wants }: InitProgress): void {
  const newest = newestOf(draft.picture, container.name);
  if (newest !== undefined && isAlive(newest)) return;
  const pending = [...wants].filter(([, { kind }]) => kind !== "keep").map(([name]) => name);
  holdForInit(draft, container, pending.length === 0 ? "" : `waits for init containers ${pending.join(", ")}`);
}

function holdForInit(draft: Draft, { name }: DesiredContainer, message: string): void {
  hold(draft, { subject: `container/${name}`, reason: defaultReason(draft), message, needs: "sibling" });
}

/** Runs each postStart that is due; one whose container does not run any more is given up (H1). */
function runPostStarts(draft: Draft): void {
  for (const { name } of draft.picture.desired.containers) {
    const subject: Subject = `hook/${name}`;
    const newest = newestOf(draft.picture, name);
    const flight = flightOf(draft, subject)?.action;
    if (flight?.kind === "run-hook" && (flight.id !== newest?.id || newest.state === "exited"))
      withdraw(draft, subject);
    if (newest?.state !== "running" || isBusy(draft, `container/${name}`)) continue;
    const { postStart, stop } = instanceOf(draft, newest.id);
    if (stop !== undefined || (postStart !== "due" && postStart !== "running")) continue;
    const planned = act(draft, { subject, kind: "run-hook", hook: "postStart", id: newest.id, name });
    if (planned) noteInstance(draft, newest.id, { postStart: "running" });
  }
}

/** What nobody asks for does not run: containers that left the pod's definition, second instances of one name. */
function stopStrays(draft: Draft): void {
  for (const name of allNames(draft.picture)) {
    const container = desiredOf(draft.picture, name);
    const alive = instancesOf(draft.picture, name).filter(isAlive);
    if (container === undefined && isToBeHeardOf(draft.picture)) continue;
    const strays = container === undefined ? alive : alive.slice(1);
    const cause = container === undefined ? "definitionChanged" : "unknownState";
    const { graceSeconds } = draft.picture.desired;
    for (const stray of strays) carryStop(draft, stray, { cause, graceSeconds, hook: false, turn: true });
  }
}
