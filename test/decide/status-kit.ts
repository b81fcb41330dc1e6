import type { ContainerRole, DesiredContainer, DesiredPod, RestartPolicy } from "../../src/pod/desired.ts";
import { freshMemory, type PodMemory } from "../../src/pod/memory.ts";
import type { NodeFacts } from "../../src/pod/node.ts";
import type { ObservedContainer, ObservedSandbox } from "../../src/pod/observed.ts";
import type { Around, Hold, Picture } from "../../src/pod/plan.ts";
import type * as v1 from "../../src/pod/v1.ts";

/** 2026-01-02T03:04:05Z. */
export const NOW = { wallMs: 1_767_323_045_000, monoMs: 1_000_000 };

export type ContainerSketch = {
  readonly role?: ContainerRole;
  readonly restartPolicy?: RestartPolicy;
  readonly restartRules?: readonly v1.ContainerRestartRule[];
} & Partial<v1.Container>;

export type PodSketch = {
  readonly init?: Readonly<Record<string, ContainerSketch>>;
  readonly apps?: Readonly<Record<string, ContainerSketch>>;
  readonly restartPolicy?: RestartPolicy;
  readonly spec?: Partial<v1.PodSpec>;
  readonly pod?: Partial<DesiredPod>;
};

/** A pod as the door would hand it over; one app `a` unless it says otherwise. */
export function podOf({ init = {}, apps = { a: {} }, restartPolicy = "Always", spec, pod }: PodSketch): DesiredPod {
  const of = (role: ContainerRole, name: string, sketch: ContainerSketch): DesiredContainer => {
    const { role: own = role, restartPolicy: policy = restartPolicy, restartRules = [], ...rest } = sketch;
    const image = rest.image ?? `${name}:1`;
    const ownPolicy = own === "sidecar" ? "Always" : own === "init" && policy === "Always" ? "OnFailure" : policy;
    return {
      name,
      role: own,
      image,
      imageRef: `docker.io/library/${image}`,
      pullPolicy: "IfNotPresent",
      restartPolicy: ownPolicy,
      restartRules,
      hash: "0",
      volumes: [],
      spec: { ...rest, name, image, ...(own === "sidecar" ? { restartPolicy: "Always" } : {}) },
    };
  };
  const initContainers = Object.entries(init).map(([name, sketch]) => of("init", name, sketch));
  const appContainers = Object.entries(apps).map(([name, sketch]) => of("app", name, sketch));
  return {
    uid: "u1",
    namespace: "default",
    name: "web-node",
    manifestName: "web",
    origin: { kind: "file", path: "/m/web.yaml", document: 0, line: 1 },
    labels: {},
    annotations: {},
    spec: {
      initContainers: initContainers.map((container) => container.spec),
      containers: appContainers.map((container) => container.spec),
      ...spec,
    },
    containers: [...initContainers, ...appContainers],
    volumes: [],
    documents: [],
    restartPolicy,
    graceSeconds: 30,
    hostNetwork: spec?.hostNetwork === true,
    seenWallMs: NOW.wallMs,
    ...pod,
  };
}

/** An instance `<name>-<attempt>` in sandbox `s0`, running unless it says otherwise. */
export function instanceOf(name: string, changes: Partial<ObservedContainer> = {}): ObservedContainer {
  const attempt = changes.attempt ?? 0;
  return {
    id: `${name}-${attempt}`,
    sandboxId: "s0",
    name,
    attempt,
    hash: "0",
    backOffMs: 0,
    state: "running",
    createdWallMs: NOW.wallMs - 60_000 + attempt * 1000,
    startedWallMs: NOW.wallMs - 59_000 + attempt * 1000,
    image: `docker.io/library/${name}:1`,
    imageId: `sha256:${name}`,
    detailed: true,
    ...changes,
  };
}

/** An instance that has ended with this code, as the runtime words it. */
export function exitOf(name: string, exitCode: number, changes: Partial<ObservedContainer> = {}): ObservedContainer {
  return instanceOf(name, {
    state: "exited",
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    finishedWallMs: NOW.wallMs - 5000,
    ...changes,
  });
}

export const readySandbox: ObservedSandbox = {
  id: "s0",
  attempt: 0,
  state: "ready",
  createdWallMs: NOW.wallMs - 61_000,
  ips: ["10.1.0.7"],
  hostNetwork: false,
};

export const facts: NodeFacts = {
  nodeName: "node",
  hostname: "node",
  bootId: "boot-1",
  ips: ["192.0.2.1"],
  labels: {},
  cpuMillis: 2000,
  memoryBytes: 2 ** 32,
  cgroupVersion: 2,
  arch: "amd64",
  resolvConf: { servers: [], searches: [], options: [] },
};

export type PictureSketch = PodSketch & {
  readonly containers?: readonly ObservedContainer[];
  readonly sandboxes?: readonly ObservedSandbox[];
  readonly memory?: Partial<PodMemory>;
  readonly around?: Partial<Around>;
  readonly picture?: Partial<Picture>;
};

/** A listed pod in a ready sandbox. */
export function pictureOf(sketch: PictureSketch): Picture {
  return {
    desired: podOf(sketch),
    observed: { sandboxes: sketch.sandboxes ?? [readySandbox], containers: sketch.containers ?? [], listed: true },
    verdicts: new Map(),
    memory: { ...freshMemory, startedWallMs: NOW.wallMs - 61_000, ...sketch.memory },
    inFlight: new Map(),
    around: {
      turn: true,
      asked: true,
      admission: { kind: "admitted" },
      networkReady: true,
      runtimeReady: true,
      documents: new Map(),
      restartRequests: new Map(),
      bootId: "boot-1",
      maxRestartDelayMs: 300_000,
      ...sketch.around,
    },
    now: NOW,
    ...sketch.picture,
  };
}

/** A hold on one container. */
export const holdOn = (name: string, reason: string, message = ""): Hold => ({
  subject: `container/${name}`,
  reason,
  message,
  needs: "time",
});

/** A container status as it may have been shown. */
export function shownAs(name: string, changes: Partial<v1.ContainerStatus>): Record<string, v1.ContainerStatus> {
  return {
    [name]: {
      name,
      image: `${name}:1`,
      imageID: "",
      ready: false,
      started: false,
      restartCount: 0,
      lastState: {},
      ...changes,
    },
  };
}
