import { mergedResources } from "../pod/allocation.ts";
import { type ContainerRole, type DesiredContainer, isOfInit } from "../pod/desired.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import type { Hold, Picture } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";
import { containerUri, messageShareBytes, stateOf, unseenExit } from "./container-state.ts";
import { isOver } from "./life.ts";
import { readiness } from "./readiness.ts";
import { givenTo } from "./resize.ts";
import { causeIn, isFollowed, restartsAfter, restartsAfterStop } from "./restart-policy.ts";

/** Reasons that say only that a container has not begun. */
const NOT_BEGUN = ["ContainerCreating", "PodInitializing"];

/** Statuses of init containers and sidecars in the order of the spec, and of apps and ephemeral ones sorted by name (C6). */
export type ContainerStatuses = {
  readonly init: readonly v1.ContainerStatus[];
  readonly apps: readonly v1.ContainerStatus[];
  readonly ephemeral: readonly v1.ContainerStatus[];
};

/** What every container of the pod is shown as (lifecycle.md 5.1, 4.3). */
export function containerStatuses(picture: Picture, holds: readonly Hold[]): ContainerStatuses {
  const show = (container: DesiredContainer): v1.ContainerStatus => containerStatus(picture, holds, container);
  const { containers } = picture.desired;
  const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : 1);
  const sorted = (role: ContainerRole): readonly v1.ContainerStatus[] =>
    containers
      .filter((container) => container.role === role)
      .sort(byName)
      .map(show);
  return {
    init: containers.filter(isOfInit).map(show),
    apps: sorted("app"),
    ephemeral: sorted("ephemeral").map(withoutStarted),
  };
}

/** Nobody tells of an ephemeral container whether it has started. */
const withoutStarted = ({ started: _untold, ...status }: v1.ContainerStatus): v1.ContainerStatus => status;

function containerStatus(picture: Picture, holds: readonly Hold[], container: DesiredContainer): v1.ContainerStatus {
  const shown = picture.memory.shown[container.name];
  const all = picture.observed.containers.filter(({ name }) => name === container.name);
  const begin = all.findIndex((instance) => !isVeiled(picture, container, instance));
  const instances = begin < 0 ? [] : all.slice(begin);
  const veiled = instances.length < all.length ? all[0] : undefined;
  if (veiled && shown && (shown.state?.waiting || shown.containerID === containerUri(veiled.id))) return shown;
  const [newest, before] = instances;
  const plain = newest ? ofInstance(picture, container, newest, before) : ofNone(picture, container);
  const isGap = newest !== undefined && isBetween(picture, container, newest);
  return withStartError(picture, holds, container, newest, isGap ? betweenTwo(picture, plain) : plain);
}

/**
 * An instance that is not told yet, because the kubelet would be in the middle of a sync: a start that is under way, a
 * postStart that has not ended (H1), an exit whose code is still to be read.
 */
function isVeiled(picture: Picture, container: DesiredContainer, instance: ObservedContainer): boolean {
  if (instance.state === "exited") return instance.exitCode === undefined;
  if (isOver(picture)) return false;
  if (instance.state === "created") {
    const action = picture.inFlight.get(`container/${container.name}`)?.action;
    return action?.kind === "create-container" || action?.kind === "start-container";
  }
  const postStart = picture.memory.instances[instance.id]?.postStart;
  return instance.state === "running" && postStart !== undefined && postStart !== "done";
}

/**
 * An end that the agent itself has brought about to start another in its place, where the policy alone would start none: the
 * kubelet does both in one sync. An API server that were told of such an end would refuse all that comes after it (C9).
 */
function isBetween(
  picture: Picture,
  container: DesiredContainer,
  { id, state, exitCode = 0 }: ObservedContainer,
): boolean {
  if (state !== "exited" || isOver(picture) || restartsAfter(container, exitCode)) return false;
  return restartsAfterStop(picture.desired, container, causeIn(picture.memory.instances[id])) === true;
}

/** The next instance is on its way; the end of this one is in the past. */
const betweenTwo = (picture: Picture, status: v1.ContainerStatus): v1.ContainerStatus => ({
  ...status,
  state: { waiting: { reason: defaultReason(picture) } },
  lastState: status.state ?? {},
});

/** Rows of table 5.1 that have an instance. */
function ofInstance(
  picture: Picture,
  container: DesiredContainer,
  newest: ObservedContainer,
  before: ObservedContainer | undefined,
): v1.ContainerStatus {
  const shown = picture.memory.shown[container.name];
  const share = messageShareBytes(picture.desired);
  const uri = containerUri(newest.id);
  const lost = newest.state === "unknown" && lostWhileRunning(shown, uri);
  const bare = {
    name: container.name,
    // The runtime calls an image by whichever of its names comes first; of this definition people know the one they wrote.
    image: newest.hash === container.hash ? container.image : newest.image,
    imageID: newest.imageId,
    containerID: uri,
    restartCount: Math.max(newest.attempt, shown?.restartCount ?? 0) + (lost && shown?.state?.running ? 1 : 0),
    state: lost ? unseenExit("The container could not be located when the pod was terminated") : stateOf(newest, share),
    lastState: before ? stateOf(before, share) : {},
    ...resourcesOf(picture, container, newest),
    ...userOf(newest),
  };
  return { ...bare, ...readiness(picture, container, newest.id, bare.state) };
}

/** It was seen running, or was told as lost already. */
function lostWhileRunning(shown: v1.ContainerStatus | undefined, uri: string): boolean {
  if (shown?.state?.running) return true;
  const exit = shown?.state?.terminated ?? shown?.lastState?.terminated;
  return shown?.containerID === uri && exit?.reason === "ContainerStatusUnknown";
}

/** What it was given, and what it has; of pods whose resources may change (S26). */
function resourcesOf(
  { desired, memory }: Picture,
  { spec, role }: DesiredContainer,
  instance: ObservedContainer,
): Pick<v1.ContainerStatus, "allocatedResources" | "resources"> {
  if (desired.bound === undefined || role === "ephemeral") return {};
  const { requests } = spec.resources ?? {};
  const has = instance.state === "running" ? givenTo(instance, memory.instances[instance.id]) : undefined;
  return {
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    resources: has === undefined ? (spec.resources ?? {}) : mergedResources(spec.resources, has),
  };
}

function userOf({ user }: ObservedContainer): Pick<v1.ContainerStatus, "user"> {
  if (user === undefined) return {};
  return { user: { linux: { uid: user.uid, gid: user.gid, supplementalGroups: [...user.supplementalGroups] } } };
}

/** Rows of table 5.1 that have no instance. */
function ofNone(picture: Picture, container: DesiredContainer): v1.ContainerStatus {
  const shown = picture.memory.shown[container.name];
  if (shown?.state?.terminated) return shown;
  const status = notBegun(picture, container);
  if (wasMadeOnce(picture, container)) {
    return { ...status, state: unseenExit("The container could not be located; it is not started again") };
  }
  if (shown?.state?.running && !shown.lastState?.terminated) {
    const lastState = unseenExit(
      "The container could not be located when the pod was deleted.  The container used to be Running",
    );
    return { ...status, lastState, restartCount: status.restartCount + (picture.ending ? 0 : 1) };
  }
  if (container.role === "init" && !shown?.state?.running && hasAppInstance(picture)) {
    return { ...status, ready: true, state: { terminated: lostCompletion } };
  }
  return status;
}

function notBegun(picture: Picture, { name, image }: DesiredContainer): v1.ContainerStatus {
  const shown = picture.memory.shown[name];
  return {
    name,
    image,
    imageID: "",
    restartCount: shown?.restartCount ?? 0,
    state: { waiting: { reason: defaultReason(picture) } },
    lastState: shown?.lastState ?? {},
    ready: false,
    started: false,
  };
}

/** An ephemeral container that was made, and of which nothing is left. */
const wasMadeOnce = ({ memory }: Picture, { name, role }: DesiredContainer): boolean =>
  role === "ephemeral" && memory.starts[name]?.attempt !== undefined;

const lostCompletion: v1.ContainerStateTerminated = {
  exitCode: 0,
  reason: "Completed",
  message: "The pod has been initialized; the container's own status is lost",
};

const hasAppInstance = ({ desired, observed }: Picture): boolean => {
  const apps = new Set(desired.containers.filter(({ role }) => role === "app").map(({ name }) => name));
  return observed.containers.some(({ name }) => apps.has(name));
};

/** What waits without a reason of its own (4.3). */
const defaultReason = ({ desired }: Picture): string =>
  desired.containers.some(isOfInit) ? "PodInitializing" : "ContainerCreating";

/** C2: what would be started and cannot be is shown waiting, with the reason; an exit moves to lastState. */
function withStartError(
  picture: Picture,
  holds: readonly Hold[],
  container: DesiredContainer,
  newest: ObservedContainer | undefined,
  status: v1.ContainerStatus,
): v1.ContainerStatus {
  if (!wouldStart(picture, container, newest)) return status;
  const waiting = startError(picture, holds, container) ?? keptError(picture, container, newest);
  if (waiting === undefined) return status;
  const lastState = status.state?.terminated ? { terminated: status.state.terminated } : (status.lastState ?? {});
  const plain = newest ? status : { ...notBegun(picture, container), restartCount: status.restartCount };
  return { ...plain, state: { waiting }, lastState, ready: false, started: false };
}

function wouldStart(picture: Picture, container: DesiredContainer, newest: ObservedContainer | undefined): boolean {
  if (isOver(picture)) return false;
  if (newest === undefined) return !lostForGood(picture, container) && !wasMadeOnce(picture, container);
  if (newest.state === "running") return false;
  const { id, exitCode = 0 } = newest;
  return newest.state !== "exited" || isFollowed(picture.desired, container, picture.memory, { id, exitCode });
}

/** Its instance is gone, and the exit that was shown last is one that it is not restarted after (C9). */
function lostForGood({ desired, memory }: Picture, container: DesiredContainer): boolean {
  const exit = memory.shown[container.name]?.state?.terminated;
  return exit !== undefined && !isFollowed(desired, container, memory, { id: "", exitCode: exit.exitCode });
}

/** Why it is not started: the hold that names it or its image, else the last failure (B13). */
function startError(
  { memory }: Picture,
  holds: readonly Hold[],
  container: DesiredContainer,
): v1.ContainerStateWaiting | undefined {
  const telling = holds.filter(({ reason }) => reason !== "" && !NOT_BEGUN.includes(reason));
  const own = telling.find(({ subject }) => subject === `container/${container.name}`);
  const ofImage = telling.find(({ subject }) => subject === `image/${container.imageRef}`);
  const error = own ?? ofImage ?? memory.starts[container.name]?.error;
  return error === undefined
    ? undefined
    : { reason: error.reason, ...(error.message === "" ? {} : { message: error.message }) };
}

/** A start under way keeps the reason that was shown until it has ended: the kubelet tells no status inside a sync. */
function keptError(
  { memory }: Picture,
  container: DesiredContainer,
  newest: ObservedContainer | undefined,
): v1.ContainerStateWaiting | undefined {
  const shown = memory.shown[container.name];
  const waiting = shown?.state?.waiting;
  if (!waiting?.reason || NOT_BEGUN.includes(waiting.reason)) return undefined;
  const shownExit = shown?.lastState?.terminated?.containerID;
  return newest === undefined || newest.state !== "exited" || shownExit === containerUri(newest.id)
    ? waiting
    : undefined;
}
