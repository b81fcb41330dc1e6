import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { type LogFields, silentLog } from "../../src/base/log.ts";
import type { Draft } from "../../src/base/protobuf.ts";
import { type CriOptions, connectCri } from "../../src/cri/connect.ts";
import type {
  Container,
  ContainerEventResponse,
  ContainerStatus,
  PodSandbox,
  PodSandboxStatus,
  VersionResponse,
} from "../../src/cri/generated/types.ts";
import type { DesiredPod } from "../../src/pod/desired.ts";
import type { Meter } from "../../src/pod/metrics.ts";
import type { ObservedSandbox } from "../../src/pod/observed.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { ContainerRequest, Runtime } from "../../src/ports.ts";
import { handClock } from "../kit/clock.ts";
import { type AnswerStream, CriFault, type CriHandlers, serveCri } from "../kit/cri-server.ts";
import { FACTS, podOf, SETTINGS } from "./pod-of.ts";

const LIVE = new AbortController().signal;
const POD = podOf({});
const SANDBOX: ObservedSandbox = { id: "s1", attempt: 2, state: "ready", createdWallMs: 1_000, ips: ["10.0.0.5"] };

const LABELS = {
  "io.kubernetes.pod.uid": "1a-2b",
  "io.kubernetes.pod.name": "web-node",
  "io.kubernetes.pod.namespace": "default",
  "berth.dev/owner": "owner-1",
};
const CONTAINER_LABELS = { ...LABELS, "io.kubernetes.container.name": "app" };
const ANNOTATIONS = {
  "io.kubernetes.container.hash": "abc123",
  "io.kubernetes.container.restartCount": "3",
  "berth.dev/back-off": "40000",
};
const METADATA = { name: "web-node", namespace: "default", uid: "1a-2b", attempt: 2 };
const SANDBOX_ITEM: Draft<PodSandbox> = {
  id: "s1",
  metadata: METADATA,
  state: 0,
  created_at: 1_000_999_999n,
  labels: LABELS,
};
const SANDBOX_STATUS: Draft<PodSandboxStatus> = {
  ...SANDBOX_ITEM,
  network: { ip: "10.0.0.5", additional_ips: [{ ip: "fd00::5" }] },
  linux: { namespaces: { options: { network: 0, pid: 1 } } },
};
const CONTAINER_ITEM: Draft<Container> = {
  id: "c1",
  pod_sandbox_id: "s1",
  metadata: { name: "app", attempt: 3 },
  image: { image: "sha256:1111", user_specified_image: "app:1" },
  image_ref: "app@sha256:2222",
  state: 2,
  created_at: 2_000_000_000n,
  labels: CONTAINER_LABELS,
  annotations: ANNOTATIONS,
};
const { pod_sandbox_id: _sandbox, ...ITEM_WITHOUT_SANDBOX } = CONTAINER_ITEM;
const CONTAINER_STATUS: Draft<ContainerStatus> = {
  ...ITEM_WITHOUT_SANDBOX,
  started_at: 2_001_000_000n,
  finished_at: 2_002_000_000n,
  exit_code: 137,
  reason: "OOMKilled",
  message: "too much",
  user: { linux: { uid: 7n, gid: 8n, supplemental_groups: [9n] } },
};
const LISTED_CONTAINER = {
  id: "c1",
  sandboxId: "s1",
  name: "app",
  attempt: 3,
  hash: "abc123",
  backOffMs: 40_000,
  state: "exited",
  createdWallMs: 2_000,
  image: "app:1",
  imageId: "app@sha256:2222",
  detailed: false,
};
const DETAILED_CONTAINER = {
  ...LISTED_CONTAINER,
  startedWallMs: 2_001,
  finishedWallMs: 2_002,
  exitCode: 137,
  reason: "OOMKilled",
  message: "too much",
  user: { uid: 7, gid: 8, supplementalGroups: [9] },
  detailed: true,
};
const LISTED_SANDBOX = { id: "s1", attempt: 2, state: "ready", createdWallMs: 1_000 };
const DETAILED_SANDBOX = { ...LISTED_SANDBOX, hostNetwork: false, ips: ["10.0.0.5", "fd00::5"] };
const NAME = { namespace: "default", name: "web-node" };

const TOLD = {
  status: {
    conditions: [
      { type: "RuntimeReady", status: true },
      { type: "NetworkReady", status: false, reason: "NetworkPluginNotReady", message: "no network config" },
    ],
  },
};
const WELL: CriHandlers = {
  Version: () => ({
    version: "0.1.0",
    runtime_name: "containerd",
    runtime_version: "v2.1.9",
    runtime_api_version: "v1",
  }),
  Status: () => TOLD,
};

/** Both ports on a runtime; `calls` and `warnings` are what was called and complained of, the session's own calls left out. */
async function connected(handlers: CriHandlers, clock: Clock = systemClock, more: Partial<CriOptions> = {}) {
  const cri = await opened(handlers, clock, more);
  await new Promise<void>((resolve) => cri.runtime.onReconnect(resolve));
  return cri;
}

/** The same before the runtime has told who it is. */
async function opened(handlers: CriHandlers, clock: Clock = systemClock, more: Partial<CriOptions> = {}) {
  const calls: string[] = [];
  const warnings: (LogFields | undefined)[] = [];
  const counted: Record<string, number> = {};
  const server = await serveCri({ ...WELL, ...noted(handlers, calls) });
  const meter: Meter = {
    add: (name, labels) => {
      const key = `${name} ${Object.values(labels).join(" ")}`;
      counted[key] = (counted[key] ?? 0) + 1;
    },
    set: () => {},
    observe: () => {},
    drop: () => {},
  };
  const log = { ...silentLog, warn: (_message: string, fields?: LogFields) => void warnings.push(fields) };
  const cri = connectCri({
    runtimeEndpoint: server.endpoint,
    imageEndpoint: server.endpoint,
    requestTimeoutMs: 5_000,
    settings: SETTINGS,
    facts: FACTS,
    clock,
    log,
    meter,
    ...more,
  });
  onTestFinished(async () => {
    cri.close();
    await server[Symbol.asyncDispose]();
  });
  return { ...cri, calls, warnings, counted };
}

function noted(handlers: CriHandlers, calls: string[]): CriHandlers {
  const wrapped = Object.entries(handlers).map(([rpc, handler]) => {
    if (rpc === "GetContainerEvents" || rpc === "Status") return [rpc, handler];
    const noting = (...args: unknown[]): unknown => {
      calls.push(rpc);
      return (handler as (...all: unknown[]) => unknown)(...args);
    };
    return [rpc, noting];
  });
  return Object.fromEntries(wrapped) as CriHandlers;
}

const fault = (code: number, details: string) => (): never => {
  throw new CriFault(code, details);
};

/** A clock on which only the test lets time pass: sleepers wake when told. */
function stoppedClock() {
  const sleepers: (() => void)[] = [];
  const clock: Clock = {
    now: () => ({ wallMs: 5_000, monoMs: 100 }),
    after: () => () => {},
    sleep: (_delayMs, signal) =>
      new Promise((resolve) => {
        sleepers.push(() => resolve("elapsed"));
        signal.addEventListener("abort", () => resolve("aborted"));
      }),
  };
  return { clock, sleepers };
}

const request = (changes: Partial<ContainerRequest> = {}): ContainerRequest => {
  const [container] = POD.containers;
  if (container === undefined) throw new Error("a pod has a container");
  const image = { id: "sha256:1111" };
  const common = { attempt: 3, backOffMs: 40_000, environment: [], mounts: [] };
  return { pod: POD, container, sandbox: SANDBOX, image, ...common, ...changes };
};

describe("what the runtime has", () => {
  it("is listed by owner, one sighting for each pod", async () => {
    const { clock } = stoppedClock();
    const filters: unknown[] = [];
    const other = { ...LABELS, "io.kubernetes.pod.uid": "other" };
    const { runtime } = await connected(
      {
        ListPodSandbox: ({ filter }) => {
          filters.push(filter?.label_selector);
          return { items: [SANDBOX_ITEM, { ...SANDBOX_ITEM, id: "s2", state: 1, labels: other }] };
        },
        ListContainers: ({ filter }) => {
          filters.push(filter?.label_selector);
          return { containers: [CONTAINER_ITEM] };
        },
      },
      clock,
    );
    expect(await runtime.list(LIVE)).toEqual([
      {
        podUid: "1a-2b",
        pod: NAME,
        sandboxes: [LISTED_SANDBOX],
        containers: [LISTED_CONTAINER],
        gone: [],
        whole: { begunMonoMs: 100 },
      },
      {
        podUid: "other",
        pod: NAME,
        sandboxes: [{ ...LISTED_SANDBOX, id: "s2", state: "notReady" }],
        containers: [],
        gone: [],
        whole: { begunMonoMs: 100 },
      },
    ]);
    expect(filters).toEqual([{ "berth.dev/owner": "owner-1" }, { "berth.dev/owner": "owner-1" }]);
  });

  it("is looked at in full, without what went meanwhile", async () => {
    const { clock } = stoppedClock();
    const { runtime, calls } = await connected(
      {
        ListPodSandbox: () => ({ items: [SANDBOX_ITEM, { ...SANDBOX_ITEM, id: "s0", state: 1 }] }),
        ListContainers: () => ({ containers: [CONTAINER_ITEM, { ...CONTAINER_ITEM, id: "c2" }] }),
        PodSandboxStatus: () => ({ status: SANDBOX_STATUS }),
        ContainerStatus: ({ container_id: id }) => {
          if (id === "c2") throw new CriFault(5, "no such container");
          return { status: CONTAINER_STATUS };
        },
      },
      clock,
    );
    expect(await runtime.look("1a-2b", LIVE)).toEqual({
      podUid: "1a-2b",
      pod: NAME,
      sandboxes: [DETAILED_SANDBOX, { ...LISTED_SANDBOX, id: "s0", state: "notReady" }],
      containers: [DETAILED_CONTAINER],
      gone: [],
      whole: { begunMonoMs: 100 },
    });
    // A sandbox that is not ready has no addresses worth a call.
    expect(calls.filter((rpc) => rpc === "PodSandboxStatus")).toHaveLength(1);
  });

  it("may be nothing, which is an answer", async () => {
    const { clock } = stoppedClock();
    const { runtime } = await connected({ ListPodSandbox: () => ({}), ListContainers: () => ({}) }, clock);
    const nothing = { sandboxes: [], containers: [], gone: [], whole: { begunMonoMs: 100 } };
    expect(await runtime.look("1a-2b", LIVE)).toEqual({ podUid: "1a-2b", ...nothing });
    expect(await runtime.list(LIVE)).toEqual([]);
  });

  it("fails as a whole when one answer fails", async () => {
    const { runtime } = await connected({ ListPodSandbox: () => ({}), ListContainers: fault(14, "going down") });
    await expect(runtime.list(LIVE)).rejects.toMatchObject({ code: "RuntimeUnavailable", effect: "none" });
  });

  it("is one container in full, or nothing", async () => {
    let there = true;
    const { runtime } = await connected({
      ListContainers: ({ filter }) => ({ containers: there && filter?.id === "c1" ? [CONTAINER_ITEM] : [] }),
      ContainerStatus: () => {
        if (!there) throw new CriFault(5, "no such container");
        return { status: CONTAINER_STATUS };
      },
    });
    expect(await runtime.container("c1", LIVE)).toEqual(DETAILED_CONTAINER);
    there = false;
    expect(await runtime.container("c1", LIVE)).toBeUndefined();
  });

  it("rejects a status that lacks what it must have", async () => {
    const { runtime } = await connected({
      ListContainers: () => ({ containers: [CONTAINER_ITEM] }),
      ContainerStatus: () => ({ status: { ...CONTAINER_STATUS, image_ref: "" } }),
    });
    await expect(runtime.container("c1", LIVE)).rejects.toMatchObject({ code: "RuntimeBadAnswer" });
  });

  it("has no objects without an id, and no attempts that CRI cannot count on from", async () => {
    const annotations = { ...ANNOTATIONS, "io.kubernetes.container.restartCount": "999999999999999" };
    const { runtime } = await connected({
      ListPodSandbox: () => ({
        items: [
          { ...SANDBOX_ITEM, id: "" },
          { ...SANDBOX_ITEM, metadata: { attempt: 2 ** 32 - 1 } },
        ],
      }),
      ListContainers: () => ({
        containers: [
          { ...CONTAINER_ITEM, id: "" },
          { ...CONTAINER_ITEM, annotations },
        ],
      }),
    });
    const [sighting] = await runtime.list(LIVE);
    expect(sighting?.sandboxes.map(({ id, attempt }) => [id, attempt])).toEqual([["s1", 0]]);
    expect(sighting?.containers.map(({ id, attempt }) => [id, attempt])).toEqual([["c1", 3]]);
  });

  it("reads malformed annotations as nothing and complains once", async () => {
    const annotations = { "io.kubernetes.container.restartCount": "-1", "berth.dev/back-off": "soon" };
    const { runtime, warnings } = await connected({
      ListPodSandbox: () => ({}),
      ListContainers: () => ({ containers: [{ ...CONTAINER_ITEM, annotations }] }),
    });
    await runtime.list(LIVE);
    const [sighting] = await runtime.list(LIVE);
    expect(sighting?.containers).toEqual([{ ...LISTED_CONTAINER, backOffMs: 0, hash: "", attempt: 3 }]);
    expect(warnings).toEqual([
      { id: "c1", annotation: "io.kubernetes.container.restartCount", value: "-1" },
      { id: "c1", annotation: "berth.dev/back-off", value: "soon" },
    ]);
  });

  it("counts pods of others only where they are a kubelet's", async () => {
    const { "berth.dev/owner": _owner, ...kubelets } = LABELS;
    const { runtime } = await connected({
      ListPodSandbox: ({ filter }) => ({
        items: [
          { ...SANDBOX_ITEM, labels: kubelets },
          { ...SANDBOX_ITEM, labels: { ...LABELS, "berth.dev/owner": "another" } },
          { ...SANDBOX_ITEM, labels: {} },
          ...(filter === undefined ? [] : [SANDBOX_ITEM]),
        ],
      }),
    });
    expect(await runtime.foreignPods(LIVE)).toBe(1);
  });
});

describe("the runtime itself", () => {
  it("tells its conditions", async () => {
    const { runtime } = await connected({});
    expect(await runtime.health(LIVE)).toEqual({
      ready: true,
      networkReady: false,
      message: "NetworkPluginNotReady: no network config",
    });
  });

  it("is not ready before it has told what it can do, whatever its conditions say", async () => {
    const { promise: told, resolve: tell } = Promise.withResolvers<VersionResponse>();
    const { runtime } = await opened({ Version: () => told });
    expect(await runtime.health(LIVE)).toMatchObject({
      ready: false,
      message: expect.stringContaining("not told yet"),
    });
    const known = new Promise<void>((resolve) => void runtime.onReconnect(resolve));
    tell({ version: "0.1.0", runtime_name: "containerd", runtime_version: "v2.1.9", runtime_api_version: "v1" });
    await known;
    expect(await runtime.health(LIVE)).toMatchObject({ ready: true });
  });

  it("tells what it can do", async () => {
    const { runtime } = await connected({
      RuntimeConfig: () => ({ linux: { cgroup_driver: 1 } }),
      GetContainerEvents: () => {},
    });
    expect(runtime.capabilities()).toEqual({
      name: "containerd",
      version: "v2.1.9",
      events: true,
      sharedEvents: false,
      cgroupDriver: "cgroupfs",
      userNamespaces: false,
      recursiveReadOnly: false,
      supplementalGroupsPolicy: false,
      imageVolumes: true,
    });
  });
});

/** A runtime whose events the test sends, and someone who reads them. */
async function withEvents(handlers: CriHandlers, clock?: Clock) {
  const opened = Promise.withResolvers<AnswerStream<ContainerEventResponse>>();
  const made = await connected(
    { GetContainerEvents: (_request, stream) => opened.resolve(stream), ...handlers },
    clock,
  );
  const stream = await opened.promise;
  const events = made.runtime.events(LIVE)?.[Symbol.asyncIterator]();
  if (events === undefined) throw new Error("the runtime has events");
  const next = async () => (await events.next()).value;
  return { ...made, stream, next };
}

describe("events", () => {
  it("show a pod of this owner under the ids of its objects", async () => {
    const { stream, next } = await withEvents({});
    stream.send({
      container_id: "c1",
      container_event_type: 2,
      pod_sandbox_status: SANDBOX_STATUS,
      containers_statuses: [CONTAINER_STATUS],
    });
    expect(await next()).toEqual({
      podUid: "1a-2b",
      pod: NAME,
      sandboxes: [DETAILED_SANDBOX],
      containers: [DETAILED_CONTAINER],
      gone: [],
    });
  });

  it("are passed over when they are of others or tell no pod", async () => {
    const { stream, next } = await withEvents({});
    const others = { ...SANDBOX_STATUS, labels: { ...LABELS, "berth.dev/owner": "another" } };
    stream.send({ container_id: "x", pod_sandbox_status: others });
    stream.send({ container_id: "y", container_event_type: 3 });
    stream.send({ container_id: "s1", container_event_type: 1, pod_sandbox_status: SANDBOX_STATUS });
    expect(await next()).toMatchObject({ sandboxes: [{ id: "s1" }], containers: [] });
  });

  it("tell what is gone, which then is not shown", async () => {
    const { stream, next } = await withEvents({});
    const common = { pod_sandbox_status: SANDBOX_STATUS, containers_statuses: [CONTAINER_STATUS] };
    stream.send({ ...common, container_id: "c1", container_event_type: 3 });
    stream.send({ ...common, container_id: "s1", container_event_type: 3 });
    expect(await next()).toMatchObject({ gone: ["c1"], containers: [], sandboxes: [{ id: "s1" }] });
    expect(await next()).toMatchObject({ gone: ["s1"], containers: [{ id: "c1" }], sandboxes: [] });
  });

  it("tell when they were made, by the runtime's own stamp", async () => {
    const clock = handClock();
    const { stream, next } = await withEvents({}, clock);
    const { wallMs, monoMs } = clock.now();
    const event = { container_id: "s1", pod_sandbox_status: SANDBOX_STATUS };
    stream.send({ ...event, created_at: BigInt(wallMs - 48_000) * 1_000_000n });
    stream.send({ ...event, created_at: BigInt(wallMs + 60_000) * 1_000_000n });
    expect(await next()).toMatchObject({ madeMonoMs: monoMs - 48_000 });
    expect(await next()).toMatchObject({ madeMonoMs: monoMs });
  });

  it("do not say that a sandbox has no address while it is being made", async () => {
    const { stream, next } = await withEvents({});
    const young = { ...SANDBOX_STATUS, network: {} };
    stream.send({ container_id: "s1", pod_sandbox_status: young });
    expect((await next())?.sandboxes).toEqual([{ ...LISTED_SANDBOX, hostNetwork: false }]);
  });

  it("are missing where the runtime has none", async () => {
    const { runtime } = await connected({});
    expect(runtime.events(LIVE)).toBeUndefined();
    expect(runtime.capabilities()?.events).toBe(false);
  });
});

const run = (runtime: Runtime) => runtime.runSandbox({ pod: POD, attempt: 2 }, LIVE);

describe("a sandbox", () => {
  it("is known from the event that came before the answer, without a read", async () => {
    const { clock } = stoppedClock();
    const { runtime, calls, stream, next } = await withEvents(
      { RunPodSandbox: () => ({ pod_sandbox_id: "s1" }) },
      clock,
    );
    stream.send({ container_id: "s1", container_event_type: 1, pod_sandbox_status: SANDBOX_STATUS });
    await next();
    expect(await run(runtime)).toEqual(DETAILED_SANDBOX);
    expect(calls).toEqual(["RunPodSandbox"]);
  });

  it("is known from the event that comes just after the answer", async () => {
    const { clock, sleepers } = stoppedClock();
    const { runtime, calls, stream, next } = await withEvents(
      { RunPodSandbox: () => ({ pod_sandbox_id: "s1" }) },
      clock,
    );
    stream.send({
      container_id: "s1",
      container_event_type: 0,
      pod_sandbox_status: { ...SANDBOX_STATUS, network: {} },
    });
    await next();
    const running = run(runtime);
    while (sleepers.length === 0) await new Promise(setImmediate);
    stream.send({ container_id: "s1", container_event_type: 1, pod_sandbox_status: SANDBOX_STATUS });
    void next();
    expect(await running).toEqual(DETAILED_SANDBOX);
    expect(calls).toEqual(["RunPodSandbox"]);
  });

  it("is read when no event tells in time", async () => {
    const { clock, sleepers } = stoppedClock();
    const { runtime, calls, next } = await withEvents(
      { RunPodSandbox: () => ({ pod_sandbox_id: "s1" }), PodSandboxStatus: () => ({ status: SANDBOX_STATUS }) },
      clock,
    );
    void next();
    const running = run(runtime);
    while (sleepers.length === 0) await new Promise(setImmediate);
    expect(calls).toEqual(["RunPodSandbox"]);
    for (const wake of sleepers) wake();
    expect(await running).toEqual(DETAILED_SANDBOX);
    expect(calls).toEqual(["RunPodSandbox", "PodSandboxStatus"]);
  });

  it("is read at once where nobody follows events", async () => {
    const { clock } = stoppedClock();
    const { runtime } = await connected(
      { RunPodSandbox: () => ({ pod_sandbox_id: "s1" }), PodSandboxStatus: () => ({ status: SANDBOX_STATUS }) },
      clock,
    );
    expect(await run(runtime)).toEqual(DETAILED_SANDBOX);
  });

  it("has no addresses on the host's network, which is known", async () => {
    const onHost = { ...SANDBOX_STATUS, network: undefined, linux: { namespaces: { options: { network: 2 } } } };
    const { runtime } = await connected({
      RunPodSandbox: () => ({ pod_sandbox_id: "s1" }),
      PodSandboxStatus: () => ({ status: onHost }),
    });
    expect(await run(runtime)).toEqual({ ...LISTED_SANDBOX, hostNetwork: true, ips: [] });
  });

  it("was made although it cannot be read: the effect is not none", async () => {
    const { runtime } = await connected({
      RunPodSandbox: () => ({ pod_sandbox_id: "s1" }),
      PodSandboxStatus: fault(14, "going down"),
    });
    await expect(run(runtime)).rejects.toMatchObject({
      code: "SandboxUnread",
      cause: expect.objectContaining({ code: "RuntimeUnavailable" }),
      effect: "unknown",
      message: expect.stringContaining("sandbox s1"),
    });
  });

  it("without an id is no sandbox", async () => {
    const { runtime } = await connected({ RunPodSandbox: () => ({}) });
    await expect(run(runtime)).rejects.toMatchObject({ code: "RuntimeBadAnswer", effect: "unknown" });
  });

  it("is made by the handler of its runtime class, and by what that can do", async () => {
    const asked: unknown[] = [];
    const handlers = [{ name: "" }, { name: "vm", features: { user_namespaces: true } }];
    const { runtime } = await connected({
      Status: () => ({ ...TOLD, runtime_handlers: handlers }),
      RunPodSandbox: (request) => {
        asked.push(request);
        return { pod_sandbox_id: "s1" };
      },
      PodSandboxStatus: () => ({ status: { ...SANDBOX_STATUS, runtime_handler: "vm" } }),
    });
    const classed = (spec: Partial<v1.PodSpec> = {}) =>
      podOf({ origin: { kind: "api" }, spec: { runtimeClassName: "gvisor", ...spec } });
    const made = (pod: DesiredPod, handler?: string) =>
      runtime.runSandbox({ pod, attempt: 0, ...(handler === undefined ? {} : { handler }) }, LIVE);
    expect(await made(classed(), "vm")).toMatchObject({ handler: "vm" });
    expect(asked).toMatchObject([{ runtime_handler: "vm" }]);
    const apart = classed({ hostUsers: false });
    await expect(made(apart)).rejects.toThrow("no user namespaces");
    await expect(made(apart, "vm")).rejects.toThrow("no user ids of the host");
  });

  it("has the resolver file of the host as it is then", async () => {
    const asked: unknown[] = [];
    let servers = ["192.0.2.1"];
    const { runtime } = await connected(
      {
        RunPodSandbox: ({ config }) => {
          asked.push(config?.dns_config?.servers);
          return { pod_sandbox_id: "s1" };
        },
        PodSandboxStatus: () => ({ status: SANDBOX_STATUS }),
      },
      systemClock,
      { resolver: { now: () => ({ servers, searches: [], options: [] }) } },
    );
    const pod = podOf({ spec: { dnsPolicy: "Default" } });
    await runtime.runSandbox({ pod, attempt: 0 }, LIVE);
    servers = ["192.0.2.2"];
    await runtime.runSandbox({ pod, attempt: 1 }, LIVE);
    expect(asked).toEqual([["192.0.2.1"], ["192.0.2.2"]]);
  });

  it("has containers whose resources change while they run, and tells what they were made with", async () => {
    const asked: unknown[] = [];
    const given = '{"limits":{"memory":"64Mi"},"requests":{}}';
    const { runtime } = await connected({
      UpdateContainerResources: (request) => {
        asked.push(request);
        return {};
      },
      ListContainers: () => ({ containers: [{ id: "c1", pod_sandbox_id: "s1" }] }),
      ContainerStatus: () => ({
        status: { ...CONTAINER_STATUS, annotations: { ...CONTAINER_STATUS.annotations, "berth.dev/resources": given } },
      }),
    });
    const sized = { name: "app", image: "app:1", resources: { limits: { memory: "96Mi" } } };
    const pod = podOf({ origin: { kind: "api" }, spec: { containers: [sized] } });
    const [container] = pod.containers;
    if (container === undefined) throw new Error("the pod has a container");
    await runtime.updateContainer({ pod, container, id: "c1" }, LIVE);
    expect(asked).toMatchObject([{ container_id: "c1", linux: { memory_limit_in_bytes: 96n * 2n ** 20n } }]);
    expect(await runtime.container("c1", LIVE)).toMatchObject({ given });
  });

  it("is told what the whole pod has, where the runtime listens", async () => {
    const asked: unknown[] = [];
    const sized = { name: "app", image: "app:1", resources: { limits: { memory: "96Mi" } } };
    const pod = podOf({ origin: { kind: "api" }, spec: { containers: [sized], overhead: { memory: "8Mi" } } });
    const { runtime } = await connected({
      UpdatePodSandboxResources: (request) => {
        asked.push(request);
        return {};
      },
    });
    await runtime.updateSandbox("s1", pod, LIVE);
    expect(asked).toMatchObject([
      {
        pod_sandbox_id: "s1",
        resources: { memory_limit_in_bytes: 96n * 2n ** 20n },
        overhead: { memory_limit_in_bytes: 8n * 2n ** 20n },
      },
    ]);
    const old = await connected({});
    await expect(old.runtime.updateSandbox("s1", pod, LIVE)).resolves.toBeUndefined();
    const empty = await connected({ UpdatePodSandboxResources: fault(2, "not implemented yet") });
    await expect(empty.runtime.updateSandbox("s1", pod, LIVE)).resolves.toBeUndefined();
    const broken = await connected({ UpdatePodSandboxResources: fault(2, "the shim is gone") });
    await expect(broken.runtime.updateSandbox("s1", pod, LIVE)).rejects.toThrow("the shim is gone");
  });

  it("that cannot be translated is never asked for", async () => {
    const { runtime, calls } = await connected({ RunPodSandbox: () => ({}) });
    const pod = podOf({ spec: { hostUsers: false } });
    await expect(runtime.runSandbox({ pod, attempt: 0 }, LIVE)).rejects.toMatchObject({
      code: "ContainerConfigInvalid",
      effect: "none",
    });
    expect(calls).toEqual([]);
  });
});

describe("a container", () => {
  it("is made in its sandbox, with the sandbox's own config, and needs no read", async () => {
    const { clock } = stoppedClock();
    let asked: unknown;
    const { runtime, calls } = await connected(
      {
        CreateContainer: (call) => {
          asked = call;
          return { container_id: "c9" };
        },
      },
      clock,
    );
    expect(await runtime.createContainer(request(), LIVE)).toEqual({
      id: "c9",
      sandboxId: "s1",
      name: "app",
      attempt: 3,
      hash: "abc123",
      backOffMs: 40_000,
      state: "created",
      createdWallMs: 5_000,
      image: "app:1",
      imageId: "sha256:1111",
      detailed: false,
    });
    expect(asked).toMatchObject({
      pod_sandbox_id: "s1",
      config: { metadata: { name: "app", attempt: 3 } },
      sandbox_config: { metadata: { uid: "1a-2b", attempt: 2 } },
    });
    expect(calls).toEqual(["CreateContainer"]);
  });

  it("may be gone when it is to be stopped or removed, which is success", async () => {
    const gone = fault(5, "an error occurred when try to find container: not found");
    const { runtime } = await connected({
      StopContainer: gone,
      RemoveContainer: gone,
      StopPodSandbox: gone,
      RemovePodSandbox: gone,
      StartContainer: gone,
    });
    await runtime.stopContainer("c1", 2, LIVE);
    await runtime.removeContainer("c1", LIVE);
    await runtime.stopSandbox("s1", LIVE);
    await runtime.removeSandbox("s1", LIVE);
    await expect(runtime.startContainer("c1", LIVE)).rejects.toMatchObject({ code: "RuntimeNotFound" });
  });

  it("is stopped with whole seconds; other failures are told with its id", async () => {
    let timeout: bigint | undefined;
    const { runtime } = await connected({
      StopContainer: (call) => {
        timeout = call.timeout;
        throw new CriFault(2, "stuck");
      },
    });
    await expect(runtime.stopContainer("c1", 7.9, LIVE)).rejects.toMatchObject({
      code: "RuntimeRefused",
      effect: "unknown",
      message: "StopContainer of container c1: stuck",
    });
    expect(timeout).toBe(7n);
  });

  it("runs commands", async () => {
    const { runtime } = await connected({
      ExecSync: ({ cmd, timeout }) => {
        if (timeout === 1n) throw new CriFault(4, "timed out");
        return { stdout: Buffer.from(cmd.join(" ")), stderr: Buffer.from("e"), exit_code: 3 };
      },
      Exec: ({ tty, stdin, cmd }) => ({ url: `http://x/${cmd.join()}?${tty}${stdin}` }),
    });
    const { stdout, exitCode } = await runtime.execSync("c1", ["a", "b"], 0, LIVE);
    expect([Buffer.from(stdout).toString(), exitCode]).toEqual(["a b", 3]);
    await expect(runtime.execSync("c1", ["a"], 1, LIVE)).rejects.toMatchObject({ code: "RuntimeTimeout" });
    const streams = { stdin: true, stdout: true, stderr: false, tty: true };
    expect(await runtime.exec("c1", ["sh"], streams, LIVE)).toBe("http://x/sh?truetrue");
  });
});

describe("images", () => {
  const IMAGE = { id: "sha256:1111", size: 5n, username: "nginx" };

  it("are found, or are not there", async () => {
    const { images } = await connected({
      ImageStatus: ({ image }) => (image?.image === "app:1" ? { image: { ...IMAGE, uid: { value: 0n } } } : {}),
    });
    expect(await images.find("app:1", LIVE)).toEqual({ id: "sha256:1111", size: 5, uid: 0, username: "nginx" });
    expect(await images.find("none:1", LIVE)).toBeUndefined();
  });

  it("without id or size are no images", async () => {
    const { images } = await connected({ ImageStatus: () => ({ image: { id: "sha256:1111" } }) });
    await expect(images.find("app:1", LIVE)).rejects.toMatchObject({ code: "RuntimeBadAnswer" });
  });

  it("are pulled with the sandbox's config and a credential, then read once for their user", async () => {
    let asked: unknown;
    const { images, calls } = await connected({
      PullImage: (call) => {
        asked = call;
        return { image_ref: "sha256:1111" };
      },
      ImageStatus: () => ({ image: IMAGE }),
    });
    const credential = { username: "u", password: "secret" };
    const pull = { ref: "app:1", pod: POD, attempt: 2, credential };
    expect(await images.pull(pull, LIVE)).toEqual({ id: "sha256:1111", size: 5, username: "nginx" });
    expect(asked).toMatchObject({
      image: { image: "app:1", annotations: {}, runtime_handler: "" },
      auth: { username: "u", password: "secret", server_address: "" },
      sandbox_config: { metadata: { uid: "1a-2b", attempt: 2 } },
    });
    expect(calls).toEqual(["PullImage", "ImageStatus"]);
  });

  it("that cannot be pulled say why, without the credential", async () => {
    const { images } = await connected({ PullImage: fault(2, "RegistryUnavailable: no route") });
    const credential = { username: "u", password: "secret" };
    const failure = await images.pull({ ref: "app:1", pod: POD, attempt: 0, credential }, LIVE).catch((error) => error);
    expect(failure).toMatchObject({
      code: "RegistryUnavailable",
      message: "PullImage of image app:1: RegistryUnavailable: no route",
    });
    expect(inspect(failure, { depth: 9 })).not.toContain("secret");
  });

  it("are asked for anonymously without a credential", async () => {
    let auth: unknown = "unset";
    const { images } = await connected({
      PullImage: (call) => {
        auth = call.auth;
        return { image_ref: "sha256:1111" };
      },
      ImageStatus: () => ({ image: IMAGE }),
    });
    await images.pull({ ref: "app:1", pod: POD, attempt: 0 }, LIVE);
    expect(auth).toBeUndefined();
  });
});

describe("the disk of the images", () => {
  const keptIn = (mountpoint: string): CriHandlers => ({
    ImageFsInfo: () => ({ image_filesystems: [{ fs_id: { mountpoint } }] }),
  });

  it("is as large as the file system that the runtime names", async () => {
    const { imageStore } = await connected(keptIn("/"));
    const disk = await imageStore.disk(LIVE);
    expect(disk?.capacityBytes).toBeGreaterThan(disk?.availableBytes ?? Number.NaN);
  });

  it("is a failure with a name where Berth cannot see it, as with a runtime of another mount namespace", async () => {
    const { imageStore } = await connected(keptIn("/nowhere/at/all"));
    await expect(imageStore.disk(LIVE)).rejects.toMatchObject({
      code: "FileFailed",
      message: "cannot look at /nowhere/at/all, where the runtime keeps its images",
    });
  });
});

describe("calls", () => {
  it("are counted by the kubelet's names", async () => {
    const { runtime, counted } = await connected({
      StartContainer: () => ({}),
      ReopenContainerLog: fault(2, "broken"),
    });
    await runtime.startContainer("c1", LIVE);
    await expect(runtime.reopenLog("c1", LIVE)).rejects.toThrow("ReopenContainerLog of container c1: broken");
    expect(counted).toMatchObject({
      "kubelet_runtime_operations_total version": 1,
      "kubelet_runtime_operations_total start_container": 1,
      "kubelet_runtime_operations_total reopen_container_log": 1,
      "kubelet_runtime_operations_errors_total reopen_container_log": 1,
    });
    expect(counted).not.toHaveProperty(["kubelet_runtime_operations_errors_total start_container"]);
  });
});
