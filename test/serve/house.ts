import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { makeBell } from "../../src/base/bell.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Terminal } from "../../src/cmd/berth/terminal.ts";
import type { ClusterContact } from "../../src/pod/cluster.ts";
import type { DocumentSummary } from "../../src/pod/document.ts";
import type { PodEvent } from "../../src/pod/event.ts";
import type { ImageGarbage } from "../../src/pod/image-store.ts";
import type { LogOptions } from "../../src/pod/log-options.ts";
import type { NodeFacts } from "../../src/pod/node.ts";
import type { Hold } from "../../src/pod/plan.ts";
import type { Problem } from "../../src/pod/problem.ts";
import type { ContainerUsage, HostUsage } from "../../src/pod/usage.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { InstanceView, ProbeView } from "../../src/pod/view.ts";
import type { PodChange, View } from "../../src/ports.ts";
import { makeMetrics } from "../../src/serve/metrics.ts";
import { type ServedDoor, startServing } from "../../src/serve/server.ts";

/** A served agent that is nothing but what a test puts into it. */
export type House = Awaited<ReturnType<typeof openHouse>>;

const FACTS: NodeFacts = {
  nodeName: "node1",
  hostname: "node1",
  bootId: "b",
  ips: ["10.0.0.9"],
  labels: { env: "test" },
  cpuMillis: 2000,
  memoryBytes: 8 * 2 ** 30,
  cgroupVersion: 2,
  arch: "amd64",
  resolvConf: { servers: [], searches: [], options: [] },
};

/** A pod of one running container, `name` being its manifest's. */
export function makePod(name: string, more: { namespace?: string; containers?: string[] } = {}): v1.Pod {
  const containers = more.containers ?? ["main"];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${name}-node1`,
      namespace: more.namespace ?? "default",
      uid: `uid-${name}`,
      creationTimestamp: "2026-01-02T03:04:05Z",
    },
    spec: {
      nodeName: "node1",
      containers: containers.map((each) => ({
        name: each,
        image: "busybox",
        env: [{ name: "PASSWORD", value: "hunter2" }],
      })),
    },
    status: {
      phase: "Running",
      podIP: "10.1.0.1",
      podIPs: [{ ip: "10.1.0.1" }],
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: containers.map((each) => ({
        name: each,
        ready: true,
        restartCount: 0,
        image: "busybox",
        imageID: "sha256:1",
        state: { running: { startedAt: "2026-01-02T03:04:06Z" } },
      })),
    },
  };
}

/** Opens both sockets and a port of health in a directory of their own. */
export async function openHouse() {
  const dir = mkdtempSync(join(tmpdir(), "berth-"));
  const pods = new Map<string, v1.Pod>();
  const changed = new Set<() => void>();
  const state = {
    problems: [] as Problem[],
    documents: [] as DocumentSummary[],
    events: [] as PodEvent[],
    instances: new Map<string, InstanceView>(),
    restarts: [] as string[],
    logReads: [] as { path: string; options: LogOptions }[],
    log: async function* (_signal: AbortSignal): AsyncGenerator<Uint8Array> {},
    execUrl: "http://127.0.0.1:1/",
    execs: [] as unknown[],
    health: { live: true, ready: true, reasons: [] as string[] },
    watchers: 0,
    /** Watches of events and problems stay open. */
    goOn: false,
    cluster: undefined as ClusterContact | undefined,
    drained: false,
    garbage: [] as ImageGarbage["images"],
    hostUsage: (): HostUsage => ({ atWallMs: 1000, cpuCoreNanoSeconds: 0, memoryBytes: 2 ** 30 }),
    containerUsage: (): ContainerUsage[] => [],
    holds: [] as Hold[],
    probes: [] as ProbeView[],
  };
  const keyOf = (pod: v1.Pod): string => `${pod.metadata?.namespace}/${pod.metadata?.name}`;

  async function* watchPods(signal: AbortSignal): AsyncGenerator<PodChange> {
    const bell = makeBell(systemClock);
    const ring = (): void => bell.ring();
    changed.add(ring);
    state.watchers += 1;
    const told = new Map<string, v1.Pod>();
    try {
      for (let first = true; !signal.aborted; first = false) {
        for (const [key, pod] of pods) {
          if (told.get(key) === pod) continue;
          told.set(key, pod);
          yield { kind: "put", pod };
        }
        for (const key of [...told.keys()].filter((each) => !pods.has(each))) {
          told.delete(key);
          yield { kind: "gone", key: key as `${string}/${string}` };
        }
        if (first) yield { kind: "synced" };
        await bell.wait(undefined, signal);
      }
    } finally {
      changed.delete(ring);
      state.watchers -= 1;
    }
  }

  const events = () =>
    state.events.map((event, place) => ({
      ...event,
      name: `event-${place}`,
      count: 1,
      firstWallMs: event.atWallMs,
    }));
  const view: View = {
    pods: () => [...pods.values()],
    watchPods,
    problems: () => state.problems,
    documents: () => state.documents,
    async *watchProblems(signal) {
      yield state.problems;
      state.watchers += 1;
      if (state.goOn && !signal.aborted) await once(signal, "abort").finally(() => (state.watchers -= 1));
      else state.watchers -= 1;
    },
    events,
    async *watchEvents(signal) {
      yield* events();
      if (state.goOn && !signal.aborted) await once(signal, "abort");
    },
    holds: () => state.holds,
    probes: () => state.probes,
    instance: (key, container, which) => state.instances.get(`${key}/${container}/${which}`),
    restart: (key, container) => {
      state.restarts.push(`${key}/${container}`);
      return container !== "fixed";
    },
    exec: async (...args) => {
      state.execs.push(args.slice(0, 3));
      return state.execUrl;
    },
    attach: async (...args) => {
      state.execs.push(args.slice(0, 2));
      return state.execUrl;
    },
    portForward: async (...args) => {
      state.execs.push(args.slice(0, 2));
      return state.execUrl;
    },
    health: () => state.health,
  };
  const metrics = makeMetrics("1.2.3");
  const socket = join(dir, "o.sock");
  const viewSocket = join(dir, "v.sock");
  const doors: ServedDoor[] = [
    { door: { kind: "socket", path: socket, group: "" }, serves: "operator" },
    { door: { kind: "socket", path: viewSocket, group: "" }, serves: "reader" },
    { door: { kind: "socket", path: join(dir, "h.sock"), group: "" }, serves: "health" },
  ];
  const sources = {
    view,
    logs: {
      read: (path: string, options: LogOptions, signal: AbortSignal) => {
        state.logReads.push({ path, options });
        return state.log(signal);
      },
    },
    facts: FACTS,
    usage: { host: async () => state.hostUsage(), containers: async () => state.containerUsage() },
    metrics,
    log: silentLog,
  };
  const serve = () =>
    startServing({
      ...sources,
      maxPods: 250,
      version: "1.2.3",
      about: {
        staticPodPath: join(dir, "manifests"),
        rootDir: join(dir, "root"),
        containerRuntimeEndpoint: "unix:///nowhere.sock",
        imageServiceEndpoint: "unix:///nowhere.sock",
        unknownFields: "error",
        cgroupDriver: "cgroupfs",
      },
      cluster: () => state.cluster,
      collectImages: async (dryRun) => ({ dryRun, images: state.garbage }),
      drain: {
        isOn: () => state.drained,
        set: async (on) => {
          state.drained = on;
        },
      },
      doors,
      maxConnections: 16,
      execIdleTimeoutMs: 0,
    });
  let serving = await serve();

  return {
    dir,
    socket,
    viewSocket,
    healthSocket: join(dir, "h.sock"),
    state,
    metrics,
    sources,
    put(pod: v1.Pod, { instances = true } = {}) {
      pods.set(keyOf(pod), pod);
      for (const container of instances ? (pod.spec?.containers ?? []) : []) {
        state.instances.set(`${keyOf(pod)}/${container.name}/newest`, {
          id: `id-${container.name}`,
          running: true,
          ended: false,
          last: false,
          attempt: 0,
          logPath: `/logs/${container.name}/0.log`,
        });
      }
      for (const ring of changed) ring();
    },
    remove(pod: v1.Pod) {
      pods.delete(keyOf(pod));
      for (const ring of changed) ring();
    },
    /** As when berthd leaves, and another one comes. */
    leave: () => serving.close(),
    async comeBack() {
      serving = await serve();
    },
    async close() {
      await serving.close();
      metrics.close();
      rmSync(dir, { recursive: true });
    },
  };
}

/** A terminal that keeps what is written. `interrupt` is Ctrl-C. */
export function makeTerminal(socket: string, input = "") {
  const chunks = { out: [] as Buffer[], err: [] as Buffer[] };
  const leaving = new AbortController();
  const heard = new Set<() => void>();
  const output = (which: "out" | "err") => ({
    write: async (chunk: string | Uint8Array) => {
      chunks[which].push(Buffer.from(chunk));
      for (const listener of heard) listener();
    },
    isTerminal: false,
    columns: undefined,
    rows: undefined,
    onResize: () => {},
  });
  const stdin = new PassThrough();
  stdin.end(input);
  const terminal: Terminal = {
    out: output("out"),
    err: output("err"),
    in: stdin,
    environment: { BERTH_SOCKET: socket },
    signal: leaving.signal,
    now: () => Date.parse("2026-01-02T03:05:05Z"),
  };
  const text = (which: "out" | "err"): string => Buffer.concat(chunks[which]).toString();
  return {
    terminal,
    out: () => text("out"),
    err: () => text("err"),
    interrupt: () => leaving.abort(),
    /** Resolves when the output holds these words. */
    async until(words: string) {
      if (text("out").includes(words)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const listener = (): void => {
        if (text("out").includes(words)) resolve();
      };
      heard.add(listener);
      await promise;
      heard.delete(listener);
    },
  };
}
