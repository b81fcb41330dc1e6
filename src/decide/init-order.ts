import { type DesiredContainer, isOfInit } from "../pod/desired.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import { type Draft, instanceOf } from "./draft.ts";
import { hasSucceeded, hasSuccessor, isExitKnown } from "./exits.ts";
import { isAlive, isFitting, newestOf } from "./instances.ts";
import { type Want, wantOf, wantOfLiving } from "./wants.ts";

/** How far the init containers are. */
export type InitProgress = {
  /** App containers may be started. */
  readonly initialized: boolean;
  /** A plain init container failed and is not tried again: the pod has failed (S9). */
  readonly failed: boolean;
  /** What each init container and sidecar needs; those whose turn has not come wait. */
  readonly wants: ReadonlyMap<string, Want>;
};

/** What the init containers and sidecars need (S7 to S15). Only instances of the current sandbox count (S3). */
export function initProgress(draft: Draft): InitProgress {
  const inits = draft.picture.desired.containers.filter(isOfInit);
  if (hasBegunApps(draft)) return afterInit(draft, inits);
  const deciding = inits.findLastIndex((container) => currentOf(draft, container) !== undefined);
  if (inits.length === 0) return { initialized: true, failed: false, wants: new Map() };
  const wants = new Map<string, Want>(inits.map(({ name }) => [name, { kind: "wait" }]));
  for (const container of inits.slice(0, Math.max(deciding, 0)))
    wants.set(container.name, wantOfEarlier(draft, container));
  const step = stepOf(draft, inits[deciding]);
  const now = inits[deciding];
  if (now !== undefined) wants.set(now.name, step.want);
  const next = inits[deciding + 1];
  if (step.done && next !== undefined) wants.set(next.name, { kind: "start" });
  return { initialized: step.done && next === undefined, failed: step.failed, wants };
}

/** S7: an app container that was made or runs tells that all was initialized; one that exited does not. */
function hasBegunApps(draft: Draft): boolean {
  const { containers } = draft.picture.desired;
  return containers.some((container) => {
    const newest = container.role === "app" ? newestOf(draft.picture, container.name) : undefined;
    return newest !== undefined && (isAlive(newest) || isFitting(draft, container, newest));
  });
}

function afterInit(draft: Draft, inits: readonly DesiredContainer[]): InitProgress {
  const wants = new Map(inits.map((container) => [container.name, wantOfEarlier(draft, container)]));
  return { initialized: true, failed: false, wants };
}

/** S8, S13: an earlier plain init container is done, whatever is left of it; an earlier sidecar is kept running. */
function wantOfEarlier(draft: Draft, container: DesiredContainer): Want {
  if (container.role === "sidecar") return wantOf(draft, container);
  const newest = newestOf(draft.picture, container.name);
  return newest !== undefined && isAlive(newest) ? wantOfLiving(draft, container, newest) : { kind: "keep" };
}

type Step = { readonly done: boolean; readonly failed: boolean; readonly want: Want };

/** S9: what the last init container that has begun means for the rest. */
function stepOf(draft: Draft, container: DesiredContainer | undefined): Step {
  const instance = container && currentOf(draft, container);
  if (container === undefined || instance === undefined) return { done: true, failed: false, want: { kind: "keep" } };
  if (container.role === "sidecar") {
    const want = wantOf(draft, container);
    return { done: want.kind === "keep" && hasStarted(draft, container, instance), failed: false, want };
  }
  if (isAlive(instance)) return { done: false, failed: false, want: wantOfLiving(draft, container, instance) };
  if (instance.state === "created" && isFitting(draft, container, instance)) return starting;
  if (!isExitKnown(draft, instance)) {
    return instance.state === "created" ? starting : { done: false, failed: false, want: { kind: "wait" } };
  }
  if (hasSucceeded(container, instance)) return { done: true, failed: false, want: { kind: "keep" } };
  return hasSuccessor(draft, container, instance) ? starting : { done: false, failed: true, want: { kind: "keep" } };
}

const starting: Step = { done: false, failed: false, want: { kind: "start" } };

/** S12: only Running, postStart and startup success of a sidecar let the next one begin. */
function hasStarted(draft: Draft, container: DesiredContainer, { id, state }: ObservedContainer): boolean {
  if (state !== "running" || isInPostStart(draft, id)) return false;
  return container.spec.startupProbe === undefined || hasPassedStartup(draft, id);
}

/** What was proved of an instance before the agent was restarted counts too (D8). */
const hasPassedStartup = (draft: Draft, id: string): boolean =>
  draft.picture.verdicts.get(id)?.startup === "passed" || instanceOf(draft, id).started === true;

/** H1: its postStart is still to run or has not returned. */
export function isInPostStart(draft: Draft, id: string): boolean {
  const { postStart } = instanceOf(draft, id);
  return postStart === "due" || postStart === "running";
}

function currentOf(draft: Draft, { name }: DesiredContainer): ObservedContainer | undefined {
  const newest = newestOf(draft.picture, name);
  return newest?.sandboxId === draft.picture.observed.sandboxes[0]?.id ? newest : undefined;
}
