import type { Action, Subject } from "../../src/pod/action.ts";
import type { DesiredContainer, DesiredPod, DesiredVolume, Ending } from "../../src/pod/desired.ts";
import { freshMemory, type PodMemory } from "../../src/pod/memory.ts";
import type { ObservedContainer, ObservedPod, ObservedSandbox } from "../../src/pod/observed.ts";
import type { Around, Flight, Picture } from "../../src/pod/plan.ts";
import type * as v1 from "../../src/pod/v1.ts";

/** The moment of all pictures, far from zero so that earlier moments exist. */
export const NOW = { wallMs: 1_800_000_000_000, monoMs: 5_000_000 };

/** A container as a manifest would give it; `spec` adds to the v1 container. */
export type ContainerWish = Partial<Omit<DesiredContainer, "spec" | "name">> & {
  readonly spec?: Partial<v1.Container>;
};

/** An app container with an image of its own name. */
export function app(name: string, wish: ContainerWish = {}): DesiredContainer {
  const image = wish.image ?? `${name}:1`;
  const { spec, ...rest } = wish;
  return {
    name,
    role: "app",
    image,
    imageRef: image,
    pullPolicy: "IfNotPresent",
    restartPolicy: "Always",
    restartRules: [],
    hash: `hash-${image}`,
    volumes: [],
    ...rest,
    spec: { name, image, terminationMessagePath: "/dev/termination-log", ...spec },
  };
}

/** A plain init container. */
export const init = (name: string, wish: ContainerWish = {}): DesiredContainer =>
  app(name, { role: "init", restartPolicy: "OnFailure", ...wish });

/** An init container that goes on beside the apps. */
export const sidecar = (name: string, wish: ContainerWish = {}): DesiredContainer =>
  app(name, { role: "sidecar", restartPolicy: "Always", ...wish });

/** A volume without documents. */
export const volume = (name: string, wish: Partial<DesiredVolume> = {}): DesiredVolume => ({
  name,
  spec: { name, emptyDir: {} },
  documents: [],
  ...wish,
});

/** A pod with one app container `web` unless the wish says otherwise; policies of its containers follow the pod's. */
export function pod(wish: Partial<DesiredPod> = {}): DesiredPod {
  const containers = wish.containers ?? [app("web", wish.restartPolicy ? { restartPolicy: wish.restartPolicy } : {})];
  return {
    uid: "uid-1",
    namespace: "default",
    name: "site-host1",
    manifestName: "site",
    origin: { kind: "file", path: "/etc/berth/manifests/site.yaml", document: 0, line: 1 },
    labels: {},
    annotations: {},
    spec: { containers: containers.filter(({ role }) => role === "app").map(({ spec }) => spec) },
    volumes: [],
    documents: [],
    restartPolicy: "Always",
    graceSeconds: 30,
    hostNetwork: false,
    seenWallMs: NOW.wallMs,
    ...wish,
    containers,
  };
}

/** A ready sandbox with an address; its id tells its attempt. */
export function sandbox(wish: Partial<ObservedSandbox> = {}): ObservedSandbox {
  const attempt = wish.attempt ?? 0;
  return {
    id: `box-${attempt}`,
    attempt,
    state: "ready",
    createdWallMs: NOW.wallMs - 100_000 + attempt,
    ips: ["10.88.0.7"],
    hostNetwork: false,
    ...wish,
  };
}

/** A running instance of a container in the first sandbox; its id tells name and attempt. */
export function instance(name: string, wish: Partial<ObservedContainer> = {}): ObservedContainer {
  const attempt = wish.attempt ?? 0;
  const image = `${name}:1`;
  return {
    id: `${name}-${attempt}`,
    sandboxId: "box-0",
    name,
    attempt,
    hash: `hash-${image}`,
    backOffMs: 0,
    state: "running",
    createdWallMs: NOW.wallMs - 90_000 + attempt,
    startedWallMs: NOW.wallMs - 90_000 + attempt,
    image,
    imageId: `sha-${image}`,
    detailed: true,
    ...wish,
  };
}

/** A dead instance that ended so many milliseconds ago. */
export function exited(
  name: string,
  code: number,
  agoMs = 0,
  wish: Partial<ObservedContainer> = {},
): ObservedContainer {
  return instance(name, {
    state: "exited",
    exitCode: code,
    reason: code === 0 ? "Completed" : "Error",
    finishedWallMs: NOW.wallMs - agoMs,
    terminationMessage: "",
    ...wish,
  });
}

/** A node that lets the pod do all that it wants. */
export const allowing: Around = {
  turn: true,
  asked: true,
  admission: { kind: "admitted" },
  networkReady: true,
  runtimeReady: true,
  documents: new Map(),
  restartRequests: new Map(),
  bootId: "boot-1",
  maxRestartDelayMs: 300_000,
};

/** What a picture differs from the base in. */
export type PictureWish = Partial<Omit<Picture, "observed" | "memory" | "around" | "inFlight">> & {
  readonly sandboxes?: readonly ObservedSandbox[];
  readonly containers?: readonly ObservedContainer[];
  readonly listed?: boolean;
  readonly memory?: Partial<PodMemory>;
  readonly around?: Partial<Around>;
  readonly inFlight?: readonly (Action | Flight)[];
};

/** Memory of a pod whose home and volumes stand. */
export const settled = (desired: DesiredPod, changes: Partial<PodMemory> = {}): PodMemory => ({
  ...freshMemory,
  home: "made",
  volumes: Object.fromEntries(desired.volumes.map(({ name }) => [name, "plain"])),
  startedWallMs: NOW.wallMs - 100_000,
  startedAt: NOW.monoMs - 100_000,
  ...changes,
});

/** The base picture: home made, first sandbox up, nothing started, nothing in flight; then the wishes. */
export function picture(wish: PictureWish = {}): Picture {
  const { sandboxes = [sandbox()], containers = [], listed = true, memory, around, inFlight = [], ...rest } = wish;
  const desired = wish.desired ?? pod();
  return {
    desired,
    observed: observedOf(sandboxes, containers, listed),
    verdicts: new Map(),
    now: NOW,
    ...rest,
    memory: settled(desired, memory),
    around: { ...allowing, ...around },
    inFlight: new Map(inFlight.map((one): [Subject, Flight] => flightOf("action" in one ? one : flying(one)))),
  };
}

const flightOf = (flight: Flight): [Subject, Flight] => [flight.action.subject, flight];

/** An action that left its gate just now. */
export const flying = (action: Action, changes: Partial<Flight> = {}): Flight => ({
  action,
  sinceMonoMs: NOW.monoMs,
  begun: true,
  withdrawn: false,
  ...changes,
});

/** In the order that join keeps. */
export function observedOf(
  sandboxes: readonly ObservedSandbox[],
  containers: readonly ObservedContainer[],
  listed = true,
): ObservedPod {
  return {
    sandboxes: [...sandboxes].sort((one, other) => other.attempt - one.attempt),
    containers: [...containers].sort((one, other) => other.createdWallMs - one.createdWallMs),
    listed,
  };
}

/** A pod that was told to end just now. */
export const ending = (wish: Partial<Ending> = {}): Ending => ({
  cause: "removed",
  graceSeconds: 30,
  sinceMonoMs: NOW.monoMs,
  ...wish,
});

/** An action in one line: kind, then what tells it from others of its kind. */
export function say(action: Action): string {
  switch (action.kind) {
    case "set-volume":
      return `set-volume ${action.volume} ${action.version}`;
    case "clear-home":
      return `clear-home ${action.keep}`;
    case "find-image":
    case "pull-image":
      return `${action.kind} ${action.ref}`;
    case "run-sandbox":
      return `run-sandbox ${action.attempt}${action.handler === undefined ? "" : ` by ${action.handler}`}`;
    case "stop-sandbox":
    case "remove-sandbox":
      return `${action.kind} ${action.id}`;
    case "create-container":
      return `create ${action.name}#${action.attempt}${action.backOffMs > 0 ? ` after ${action.backOffMs / 1000}s` : ""}`;
    case "start-container":
    case "update-container":
      return `${action.kind.split("-")[0]} ${action.id}`;
    case "limit-pod":
      return `limit-pod ${JSON.stringify(action.bounds)}${action.sandbox === undefined ? "" : " and tell"}`;
    case "remove-container":
      return `remove ${action.id}${action.keepLog ? " keep log" : ""}`;
    case "run-hook":
      return `${action.hook} ${action.id}`;
    case "stop-container":
      return `stop ${action.id} ${action.graceSeconds}s ${action.cause}`;
    case "read-message":
      return `read-message ${action.id}`;
    case "look":
    case "make-home":
      return action.kind;
  }
}
