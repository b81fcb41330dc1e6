import { type DesiredContainer, isOfInit } from "../pod/desired.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import { act, type Draft, flightOf, instanceOf } from "./draft.ts";
import { isExitKnown } from "./exits.ts";
import { initProgress } from "./init-order.ts";
import { allNames, desiredOf, instancesOf, isAlive, isFitting, isToBeHeardOf, newestOf } from "./instances.ts";
import { purge } from "./sandbox.ts";

/** Instances whose message a status may show: the newest and the one before (C1, C4). */
const SHOWN_INSTANCES = 2;

/**
 * Reads what exited containers left behind, beside everything else (C4). Answers whether nothing is left to be read; how a
 * container ended decides whether its log is read instead, so that a message waits for the exit code.
 */
export function readMessages(draft: Draft): boolean {
  const unread = allNames(draft.picture).flatMap((name) => {
    const leavesOne = desiredOf(draft.picture, name)?.spec.terminationMessagePath !== undefined;
    const shown = leavesOne ? instancesOf(draft.picture, name).slice(0, SHOWN_INSTANCES) : [];
    return shown.filter((instance) => isUnread(draft, instance));
  });
  for (const instance of unread.filter((one) => isExitKnown(draft, one))) {
    const { id, name } = instance;
    act(draft, { subject: `message/${id}`, kind: "read-message", id, name });
  }
  return unread.length === 0;
}

const isUnread = (draft: Draft, { id, state, terminationMessage }: ObservedContainer): boolean =>
  state === "exited" && terminationMessage === undefined && instanceOf(draft, id).messageRead !== true;

/**
 * Removes dead instances but the newest of each name, and of containers that are asked for no more all (G8, G9). `starting`
 * names those whose start is under way: nothing holds it up.
 */
export function removeDead(draft: Draft, starting: ReadonlySet<string>): void {
  const { initialized } = initProgress(draft);
  for (const name of allNames(draft.picture)) {
    if (starting.has(name)) continue;
    const container = desiredOf(draft.picture, name);
    if (initialized && container?.role === "init" && removeUnstarted(draft, container)) continue;
    if (container !== undefined && isOfInit(container)) purge(draft, name, draft.picture.observed.sandboxes[0]?.id);
    if (container === undefined && isToBeHeardOf(draft.picture)) continue;
    if (container !== undefined && endsUnknown(draft, name)) continue;
    const useless = instancesOf(draft.picture, name).filter(
      (instance) => !isAlive(instance) && (container === undefined || !isFitting(draft, container, instance)),
    );
    const oldest = useless.slice(container === undefined ? 0 : 1).at(-1);
    if (oldest !== undefined) removeInstance(draft, oldest);
  }
}

/**
 * A create that took effect long after it was given up leaves an instance of an init container that has done its work: it will
 * never be started (S8), and would be shown as waiting. Answers whether there was one.
 */
function removeUnstarted(draft: Draft, { name }: DesiredContainer): boolean {
  const newest = newestOf(draft.picture, name);
  if (newest?.state !== "created") return false;
  removeInstance(draft, newest);
  return true;
}

/** How the newest ended is still to be read; its restart may look at the one before (B9). */
function endsUnknown(draft: Draft, name: string): boolean {
  const newest = newestOf(draft.picture, name);
  return newest?.state === "exited" && !isExitKnown(draft, newest);
}

/** Removes a dead instance with its log, once its message is not being read any more. */
export function removeInstance(draft: Draft, { id, name }: ObservedContainer): void {
  if (flightOf(draft, `message/${id}`) !== undefined) return;
  act(draft, { subject: `container/${name}`, kind: "remove-container", id, name, keepLog: false });
}

/** Removes sandboxes in which nothing is left, but the newest (G13); they are stopped before. */
export function removeOldSandboxes(draft: Draft, keepNewest: boolean): void {
  const { sandboxes, containers } = draft.picture.observed;
  for (const sandbox of sandboxes.slice(keepNewest ? 1 : 0)) {
    if (sandbox.state === "ready" && keepNewest) continue;
    if (containers.some(({ sandboxId }) => sandboxId === sandbox.id)) continue;
    const kind = draft.memory.stoppedSandboxes.includes(sandbox.id) ? "remove-sandbox" : "stop-sandbox";
    if (act(draft, { subject: "sandbox", kind, id: sandbox.id })) return;
  }
}
