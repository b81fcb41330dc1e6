import { type Agent, startAgent } from "../../src/agent/agent.ts";
import { GATES } from "../../src/agent/gates.ts";
import { berthRules, type Rules } from "../../src/agent/rules.ts";
import { LIST_PACE } from "../../src/agent/runtime-watch.ts";
import type { Ports } from "../../src/agent/setup.ts";
import type { Chance } from "../../src/base/clock.ts";
import { type Log, type LogFields, silentLog } from "../../src/base/log.ts";
import { compileBound } from "../../src/manifest/compile-bound.ts";
import type { KeptDocument } from "../../src/pod/document.ts";
import type { PodEvent } from "../../src/pod/event.ts";
import { type Meter, silentMeter } from "../../src/pod/metrics.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { Images, PodChange, Runtime } from "../../src/ports.ts";
import { type HandClock, handClock, seededChance } from "./clock.ts";
import { type FakeFiles, makeFakeFiles } from "./files.ts";
import { type FakeHandlers, makeFakeHandlers } from "./handlers.ts";
import { type FakeShutdown, makeFakeShutdown } from "./host-shutdown.ts";
import { type Life, mortal, newLife } from "./mortal.ts";
import { aNode, someSettings } from "./node.ts";
import { type FakeRuntime, makeFakeRuntime } from "./runtime/fake.ts";
import { type FakeDirectory, makeFakeDirectory } from "./source.ts";

/** A host in memory: everything outside the agent, decided by one seed, and the agent that may be started on it. */
export type World = {
  readonly clock: HandClock;
  readonly chance: Chance;
  readonly runtime: FakeRuntime;
  readonly disk: FakeFiles;
  readonly directory: FakeDirectory;
  readonly handlers: FakeHandlers;
  readonly shutdown: FakeShutdown;
  /** What happened, one line each, with its moment. */
  readonly trace: readonly TraceLine[];
  /** Notes something of the test's own. */
  note(kind: TraceKind, text: string): void;
  start(): Promise<Agent>;
  /** The agent leaves. */
  stop(): Promise<void>;
  /** kill -9: nothing more is heard of the agent, nothing that it has begun is taken back. */
  kill(): void;
  agent(): Agent;
  pod(name: string): v1.Pod | undefined;
};

export type TraceKind = "call" | "file" | "hook" | "probe" | "status" | "event" | "log" | "do";
export type TraceLine = { readonly atMs: number; readonly kind: TraceKind; readonly text: string };

export type WorldOptions = {
  readonly seed?: number;
  readonly events?: boolean;
  readonly rules?: Rules;
  readonly meter?: Meter;
  /** An API server binds pods to the host; the test tells them by `agent().bound`. */
  readonly bound?: true;
  readonly callMs?: Readonly<Record<string, number>>;
  /** What the agent has in place of the fake runtime itself. */
  readonly through?: (fake: FakeRuntime, clock: HandClock, log: Log) => RuntimePorts;
  /** Ports of the host beyond those that every agent has. */
  readonly more?: Partial<Ports>;
};

/** The runtime as the agent sees it. */
export type RuntimePorts = { readonly runtime: Runtime; readonly images: Images };

/** An empty host. */
export function makeWorld(options: WorldOptions = {}): World {
  const clock = handClock();
  const chance = seededChance(options.seed ?? 1);
  const trace: TraceLine[] = [];
  const note = (kind: TraceKind, text: string): void => void trace.push({ atMs: clock.now().monoMs, kind, text });
  const runtime = makeFakeRuntime({
    clock,
    chance,
    onCall: (line) => note("call", line),
    ...(options.events === undefined ? {} : { events: options.events }),
    ...(options.callMs === undefined ? {} : { callMs: options.callMs }),
  });
  const ports = options.through?.(runtime, clock, traceLog(note)) ?? runtime;
  const disk = makeFakeFiles({ clock, onWrite: (line) => note("file", line) });
  const directory = makeFakeDirectory(clock);
  const handlers = makeFakeHandlers(
    clock,
    (line) => note("hook", line),
    (line) => note("probe", line),
  );
  const shutdown = makeFakeShutdown((line) => note("call", line));
  let keptDocuments: readonly KeptDocument[] = [];
  let running: { agent: Agent; life: Life } | undefined;

  const current = (): { agent: Agent; life: Life } => {
    if (running === undefined) throw new Error("no agent runs");
    return running;
  };
  const start = async (): Promise<Agent> => {
    const life = newLife();
    const agent = await startAgent(
      {
        runtime: mortal(ports.runtime, life),
        images: mortal(ports.images, life),
        files: mortal(disk.files, life),
        source: mortal(directory.source, life),
        ...(options.bound === undefined ? {} : { bound: { compile: compileBound } }),
        handlers: mortal(handlers.handlers, life),
        documentKeeping: {
          load: async () => keptDocuments,
          put: async (documents) => {
            keptDocuments = documents;
          },
        },
        ...(shutdown.groups.length === 0 ? {} : { shutdown }),
        ...options.more,
        podSinks: [mortal({ put: async (change: PodChange) => note("status", statusLine(change)) }, life)],
        eventSinks: [mortal({ put: async (event: PodEvent) => note("event", eventLine(event)) }, life)],
      },
      {
        facts: aNode,
        settings: someSettings({ clusterDns: ["10.96.0.10"] }),
        limits: GATES,
        listPace: LIST_PACE,
        earlierEvents: [],
      },
      { clock: mortal<HandClock>(clock, life), chance, log: traceLog(note), meter: options.meter ?? silentMeter },
      options.rules ?? berthRules,
    );
    if (options.bound === true) agent.clusterShelf.setServices([]); // as a server without any has told
    running = { agent, life };
    return agent;
  };

  return {
    clock,
    chance,
    runtime,
    disk,
    directory,
    handlers,
    shutdown,
    trace,
    note,
    start,
    async stop() {
      const { agent } = current();
      running = undefined;
      await agent.stop();
    },
    kill() {
      current().life.end();
      running = undefined;
    },
    agent: () => current().agent,
    pod: (name) =>
      current()
        .agent.view.pods()
        .find(({ metadata }) => metadata?.name === `${name}-${aNode.nodeName}`),
  };
}

/** One line of a status: what a person would look for. */
export function statusLine(change: PodChange): string {
  if (change.kind === "synced") return "synced";
  if (change.kind === "gone") return `${change.key} gone`;
  const { metadata, status } = change.pod;
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True" ? " ready" : "";
  const ending = metadata?.deletionTimestamp === undefined ? "" : " terminating";
  const reason = status?.reason === undefined ? "" : `(${status.reason})`;
  const words = [`${metadata?.namespace}/${metadata?.name}`, `${status?.phase}${reason}${ready}${ending}`];
  return [...words, ...containers.map(containerWord)].join(" ");
}

function containerWord({ name, restartCount, state }: v1.ContainerStatus): string {
  const count = restartCount > 0 ? `#${restartCount}` : "";
  if (state?.running) return `${name}${count}=running`;
  if (state?.terminated) return `${name}${count}=${state.terminated.reason}:${state.terminated.exitCode}`;
  return `${name}${count}=${state?.waiting?.reason ?? "waiting"}`;
}

function eventLine({ type, reason, message, object }: PodEvent): string {
  const where =
    object.kind === "Pod" ? `${object.name}${object.fieldPath === undefined ? "" : ` ${object.fieldPath}`}` : "";
  return `${type} ${reason} ${where}: ${message}`;
}

/** Keeps only what a person has to see: faults and warnings. */
function traceLog(note: (kind: TraceKind, text: string) => void): Log {
  const line = (level: string, message: string, fields: LogFields = {}): void => {
    const error = fields.error;
    note("log", `${level} ${message}${error instanceof Error ? `: ${error.message}` : ""}`);
  };
  const log: Log = {
    ...silentLog,
    warn: (message, fields) => line("warn", message, fields),
    error: (message, fields) => line("error", message, fields),
    bind: () => log,
  };
  return log;
}
