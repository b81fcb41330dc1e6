import type { MonoMs, Now } from "../base/clock.ts";
import type { Action, Cause, Subject } from "../pod/action.ts";
import type { DesiredContainer } from "../pod/desired.ts";
import type { InstanceMemory } from "../pod/memory.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import {
  act,
  type Draft,
  failureKey,
  flightOf,
  hold,
  instanceOf,
  isBusy,
  noteInstance,
  waitsAfterFailure,
  wake,
  withdraw,
} from "./draft.ts";
import { allNames, desiredOf, instancesOf, isAlive, mayBegin } from "./instances.ts";

/** Smallest timeout that a StopContainer is ever sent, in seconds (H9). */
const SHORTEST_STOP_SECONDS = 2;
/** A stop under way is only followed by a shorter one when this much is won (T4). */
const WORTH_MS = 1000;
/** Moments are sums of floating-point numbers: this much is no second. */
const NOISE_SECONDS = 1e-6;

/** How one container is to be stopped. */
export type StopOrder = {
  readonly cause: Cause;
  /** From the moment of this order: preStop and stop share it. Only the smallest of several counts. */
  readonly graceSeconds: number;
  /** Its preStop runs first (H7). */
  readonly hook: boolean;
  /** It may be signalled now; a sidecar waits for its turn, though not for its preStop (H10, H11). */
  readonly turn: boolean;
};

/** Takes the next step in the stopping of a container that is alive: preStop, then stop, under one deadline (H7 to H9). */
export function carryStop(draft: Draft, instance: ObservedContainer, order: StopOrder): void {
  if (isTaken(draft, instance)) return;
  const by = deadlineOf(draft, instance, order);
  const container = desiredOf(draft.picture, instance.name);
  if (order.hook && container !== undefined && carryPreStop(draft, instance, container, by)) return;
  if (order.turn || by <= draft.picture.now.monoMs) carrySignal(draft, instance, by, order.cause);
  else waitForTurn(draft, instance, by);
}

/**
 * Its start, or what is done to an instance before it, has not been answered: no signal can be sent yet, and none of the grace
 * is used up by waiting for that (H9).
 */
function isTaken(draft: Draft, { id, name }: ObservedContainer): boolean {
  if (instanceOf(draft, id).stop !== undefined) return false;
  const subject: Subject = `container/${name}`;
  const action = flightOf(draft, subject)?.action;
  if (action === undefined) return draft.memory.inDoubt[subject] !== undefined;
  if (action.kind === "start-container") withdraw(draft, subject);
  return action.kind !== "stop-container" || action.id !== id;
}

/** Stops every container side by side; sidecars are signalled after the apps, in reverse order (H10, H11). */
export function stopAll(draft: Draft, order: Omit<StopOrder, "turn">): void {
  const alive = allNames(draft.picture).flatMap((name) => instancesOf(draft.picture, name).filter(isAlive));
  for (const instance of alive) carryStop(draft, instance, { ...order, turn: hasTurn(draft, instance) });
  dropQueuedBegins(draft);
}

/** Creates and starts that still wait at a gate are no longer wanted. */
function dropQueuedBegins(draft: Draft): void {
  for (const { action } of draft.picture.inFlight.values()) {
    if (action.kind === "create-container" || action.kind === "start-container") withdraw(draft, action.subject);
  }
}

/** The moment at which the grace is used up; fixed by the first order, moved only to the front by later ones (T2). */
function deadlineOf(draft: Draft, instance: ObservedContainer, { cause, graceSeconds }: StopOrder): MonoMs {
  const { now } = draft.picture;
  const { stop } = instanceOf(draft, instance.id);
  const by = Math.min(
    now.monoMs + graceSeconds * 1000,
    stop === undefined ? Number.POSITIVE_INFINITY : fixedBy(stop, now),
  );
  if (stop?.by === by) return by;
  const byWallMs = now.wallMs + (by - now.monoMs);
  noteInstance(draft, instance.id, { stop: { cause: stop?.cause ?? cause, by, byWallMs } });
  return by;
}

/** What an earlier agent fixed stands on the wall clock only: a jump of that one makes it at most the order's own grace. */
function fixedBy({ by, byWallMs }: NonNullable<InstanceMemory["stop"]>, now: Now): MonoMs {
  if (Number.isFinite(by) || byWallMs === undefined) return by;
  return now.monoMs + Math.max(0, byWallMs - now.wallMs);
}

/** Runs preStop where there is one and time for it. Answers whether it still has to be waited for. */
function carryPreStop(draft: Draft, instance: ObservedContainer, container: DesiredContainer, by: MonoMs): boolean {
  const subject: Subject = `hook/${instance.name}`;
  const hasHook = container.spec.lifecycle?.preStop !== undefined && instance.state === "running";
  const { preStop } = instanceOf(draft, instance.id);
  const isOver = preStop !== undefined && preStop !== "running";
  if (!hasHook || isOver) return endPostStart(draft, subject);
  const flight = flightOf(draft, subject);
  if (flight?.action.kind === "run-hook" && flight.action.hook === "preStop" && flight.action.id === instance.id) {
    if ((flight.action.until ?? by) - by > WORTH_MS) withdraw(draft, subject);
    return true;
  }
  if (by <= draft.picture.now.monoMs) return false;
  if (endPostStart(draft, subject)) return true;
  const { id, name } = instance;
  if (act(draft, { subject, kind: "run-hook", hook: "preStop", id, name, until: by })) {
    noteInstance(draft, id, { preStop: "running" });
    return true;
  }
  return isBusy(draft, subject);
}

/** A postStart of a container that stops is given up. Answers whether it still runs. */
function endPostStart(draft: Draft, subject: Subject): boolean {
  const action = flightOf(draft, subject)?.action;
  if (action?.kind !== "run-hook" || action.hook !== "postStart") return false;
  withdraw(draft, subject);
  return true;
}

function carrySignal(draft: Draft, instance: ObservedContainer, by: MonoMs, ordered: Cause): void {
  const { id, name } = instance;
  const subject: Subject = `container/${name}`;
  const { now } = draft.picture;
  const flight = flightOf(draft, subject);
  if (flight !== undefined) {
    if (flight.action.kind !== "stop-container") withdraw(draft, subject);
    else if (endOf(flight.action, flight.sinceMonoMs) - laterOf(by, now.monoMs) > WORTH_MS) withdraw(draft, subject);
    return;
  }
  const left = Math.ceil((by - now.monoMs) / 1000 - NOISE_SECONDS);
  const graceSeconds = Math.max(SHORTEST_STOP_SECONDS, left);
  const cause = instanceOf(draft, id).stop?.cause ?? ordered;
  const action: Action = { subject, kind: "stop-container", id, name, graceSeconds, cause };
  if (waitsAfterFailure(draft, action)) holdFailedStop(draft, action);
  else act(draft, action);
}

const laterOf = (by: MonoMs, now: MonoMs): MonoMs => Math.max(by, now + SHORTEST_STOP_SECONDS * 1000);
const endOf = ({ graceSeconds }: { graceSeconds: number }, since: MonoMs): MonoMs => since + graceSeconds * 1000;

/** T6. */
function holdFailedStop(draft: Draft, action: Action): void {
  const failure = draft.memory.failures[failureKey(action)];
  if (failure === undefined) return;
  const { message } = failure.failure;
  hold(draft, { subject: action.subject, reason: "FailedKillPod", message, until: failure.retryAt, needs: "time" });
}

function waitForTurn(draft: Draft, { name }: ObservedContainer, by: MonoMs): void {
  const message = "stops after the containers that it serves";
  hold(draft, { subject: `container/${name}`, reason: "", message, until: by, needs: "sibling" });
  wake(draft, by);
}

/** H11: apps and plain init containers at once, a sidecar after all apps and all later sidecars. */
function hasTurn(draft: Draft, instance: ObservedContainer): boolean {
  const { containers } = draft.picture.desired;
  const index = containers.findIndex(({ name }) => name === instance.name);
  if (containers[index]?.role !== "sidecar") return true;
  const first = containers.filter(({ role }, at) => role === "app" || (role === "sidecar" && at > index));
  return !first.some(({ name }) => mayRun(draft, name));
}

const mayRun = (draft: Draft, name: string): boolean =>
  mayBegin(draft, name) || draft.picture.observed.containers.some((other) => other.name === name && isAlive(other));
