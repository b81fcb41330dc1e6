import type { DesiredContainer } from "../pod/desired.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import type { Picture } from "../pod/plan.ts";
import { type Draft, flightOf, instanceOf } from "./draft.ts";
import { newestFirst } from "./join.ts";

/** All instances of a container, newest first. */
export const instancesOf = ({ observed }: Picture, name: string): readonly ObservedContainer[] =>
  observed.containers.filter((container) => container.name === name).sort(newestFirst);

/** The instance that the container's status is about, over all sandboxes. */
export const newestOf = (picture: Picture, name: string): ObservedContainer | undefined =>
  instancesOf(picture, name)[0];

/** Something of it runs, or may: it has to be stopped before anything is started in its place. */
export const isAlive = ({ state }: ObservedContainer): boolean => state === "running" || state === "unknown";

/** A created container that can be started as it is: of the current sandbox and definition, and not tried in vain (S9). */
export function isFitting(draft: Draft, container: DesiredContainer, instance: ObservedContainer): boolean {
  return (
    instance.state === "created" &&
    instance.sandboxId === draft.picture.observed.sandboxes[0]?.id &&
    instance.hash === container.hash &&
    instanceOf(draft, instance.id).startFailed !== true
  );
}

/** Calls that make or begin a container of this name are under way or in doubt: something may come to run. */
export function mayBegin(draft: Draft, name: string): boolean {
  const kind = flightOf(draft, `container/${name}`)?.action.kind;
  return (
    kind === "create-container" ||
    kind === "start-container" ||
    kind === "stop-container" ||
    draft.memory.inDoubt[`container/${name}`] !== undefined
  );
}

/** Names of all containers, asked for or only found in the runtime. */
export function allNames({ desired, observed }: Picture): readonly string[] {
  return [...new Set([...desired.containers.map(({ name }) => name), ...observed.containers.map(({ name }) => name)])];
}

/** Nothing of the pod's containers runs or may come to run. */
export const allStill = (draft: Draft): boolean =>
  !draft.picture.observed.containers.some(isAlive) && !allNames(draft.picture).some((name) => mayBegin(draft, name));

/**
 * No container leaves a pod of an API server: one that its definition lacks is an ephemeral one that came to it later than what
 * is known here, as after a crash.
 */
export const isToBeHeardOf = ({ desired }: Picture): boolean => desired.origin.kind === "api";

/** The defaulted container by name. */
export const desiredOf = ({ desired }: Picture, name: string): DesiredContainer | undefined =>
  desired.containers.find((container) => container.name === name);
