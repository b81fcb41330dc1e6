import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject } from "vitest";
import { type Berthd, logEnd, startBerthd } from "../../dev/agent/berthd.ts";
import { runBerth } from "../../dev/agent/cli.ts";
import { freePort } from "../../dev/agent/free-port.ts";
import { type AgentPlaces, agentPlacesOf } from "../../dev/agent/places.ts";
import type { Finished } from "../../dev/run-command.ts";
import { isRunning } from "../../dev/runtime/daemon.ts";
import { unmountBelow } from "../../dev/runtime/mounts.ts";
import type { Problem } from "../../src/pod/problem.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { openView, type RuntimeView, type SeenContainer } from "./cri.ts";
import { eventually, type Patience, steadily } from "./eventually.ts";
import { type ManifestFolder, makeManifestFolder } from "./manifest-folder.ts";
import { type Metrics, readMetrics } from "./metrics.ts";
import type { SharedRuntime } from "./shared-runtime.ts";
import { getOverSocket } from "./socket-api.ts";

/** What differs from the usual berthd of a test. */
export type HostOptions = {
  /** Name of the node; by itself every host has its own. */
  readonly node?: string;
  /** Further fields of KubeletConfiguration and AgentConfiguration. */
  readonly kubelet?: Readonly<Record<string, unknown>>;
  readonly agent?: Readonly<Record<string, unknown>>;
  readonly flags?: readonly string[];
  /** Further variables in berthd's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A runtime of the test's own, which may be restarted; by itself the one that all files share. */
  readonly runtime?: SharedRuntime;
  /** False leaves berthd to be started by the test. */
  readonly started?: boolean;
};

/** A machine of its own, as far as berthd can tell: root directory, manifests, logs, sockets and port; the runtime is shared. */
export type Host = {
  readonly runtime: SharedRuntime;
  readonly node: string;
  readonly places: AgentPlaces;
  readonly manifests: ManifestFolder;
  readonly cri: RuntimeView;
  /** Of /readyz and /metrics on loopback. */
  readonly port: number;

  /** Starts berthd; with `ready: false` it is not waited for. */
  start(options?: { readonly ready?: boolean }): Promise<Berthd>;
  /** kill -9. */
  crash(): Promise<void>;
  /** SIGTERM: the agent leaves, its pods stay. */
  leave(): Promise<void>;
  /** The process id of the berthd that runs. */
  pid(): number;

  /** One command of the CLI, to its end. */
  berth(...args: string[]): Promise<Finished>;
  berthWith(input: string, ...args: string[]): Promise<Finished>;
  /** All pods, asked over the socket, which costs less than a command. */
  pods(): Promise<v1.Pod[]>;
  /** One of them, by `name` or `namespace/name`, without the node's suffix. Throws when it is not there. */
  pod(key: string): Promise<v1.Pod>;
  problems(): Promise<Problem[]>;
  metrics(): Promise<Metrics>;
  /** What all lives of berthd have logged. */
  log(): Promise<string>;

  /** Waits until a container of the pod runs, and until berthd, if there is one, shows so. */
  running(pod: string, container?: string, patience?: Patience): Promise<SeenContainer>;
  /** Waits until the runtime has nothing of the pod any more. */
  gone(pod: string, patience?: Patience): Promise<void>;
  /** Ids of the containers that run, sorted. */
  runningIds(): Promise<string[]>;
  eventually<T>(what: string, look: () => Promise<T> | T, patience?: Patience): Promise<T>;
  steadily(forMs: number, look: () => Promise<void> | void): Promise<void>;
  /** Ends berthd and its pods and removes all that they left. */
  close(): Promise<void>;
};

/** Makes a host beside the shared runtime and starts its berthd. */
export async function openHost(options: HostOptions = {}): Promise<Host> {
  const runtime = options.runtime ?? inject("runtime");
  const name = `n${randomBytes(3).toString("hex")}`;
  const node = options.node ?? name;
  const places = agentPlacesOf(runtime.places, name);
  await mkdir(places.folder, { recursive: true });
  const manifests = await makeManifestFolder(places.manifests, join(places.folder, "beside"));
  const cri = openView(runtime.endpoint, node);
  const port = await freePort();
  const settings = {
    places,
    endpoint: runtime.endpoint,
    cgroupRoot: `${runtime.cgroupRoot}/${name}`,
    nodeName: node,
    port,
    // The runtime is shared: what one host does not use, another one may need in a moment.
    kubelet: { fileCheckFrequency: "1s", imageGCHighThresholdPercent: 100, evictionHard: {}, ...options.kubelet },
    agent: { allowKubelet: true, ...options.agent },
  };
  let berthd: Berthd | undefined;

  const more = async () => (berthd ? `\nThe log of berthd ends:\n${await logEnd(berthd.log)}` : "");
  const wait: Host["eventually"] = (what, look, patience) => eventually(what, look, patience, more);

  async function start({ ready = true } = {}): Promise<Berthd> {
    berthd = await startBerthd(settings, options.flags, options.environment);
    if (ready) await berthd.ready();
    return berthd;
  }

  async function items<T>(path: string): Promise<T[]> {
    return (await getOverSocket<{ items: T[] }>(places.socket, path)).items;
  }

  /** Throws until berthd, too, shows a container that runs as running. */
  async function shows({ name, id }: SeenContainer): Promise<void> {
    const statuses = (await items<v1.Pod>("/v1/pods")).flatMap(({ status }) => [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ]);
    const status = statuses.find(({ containerID }) => containerID?.endsWith(id));
    if (!status?.state?.running) throw new Error(`berthd shows ${JSON.stringify(status?.state)} of ${name}, ${id}`);
  }

  const host: Host = {
    runtime,
    node,
    places,
    manifests,
    cri,
    port,
    start,
    crash: async () => berthd?.kill(),
    leave: async () => berthd?.stop(),
    pid: () => berthd?.id.pid ?? 0,
    berth: (...args) => runBerth(places.socket, args),
    berthWith: (input, ...args) => runBerth(places.socket, args, input),
    pods: () => items<v1.Pod>("/v1/pods"),
    async pod(key) {
      const [name, namespace = "default"] = key.split("/").reverse();
      const found = (await host.pods()).find(
        ({ metadata }) =>
          metadata?.namespace === namespace && [name, `${name}-${node}`].includes(String(metadata?.name)),
      );
      if (!found) throw new Error(`berth get pods does not show ${key}`);
      return found;
    },
    problems: () => items<Problem>("/v1/problems"),
    metrics: () => readMetrics(port),
    async log() {
      const names = (await readdir(places.folder)).filter((file) => file.endsWith(".log")).sort();
      return (await Promise.all(names.map((file) => readFile(join(places.folder, file), "utf8")))).join("");
    },
    running: (name, container, patience) =>
      wait(
        `a container of ${name} runs`,
        async () => {
          const seen = (await cri.containers()).filter((it) => it.pod === name);
          const found = seen.find((it) => it.state === "running" && (container ?? it.name) === it.name);
          if (!found) throw new Error(`the runtime has ${describe(seen)}`);
          if (berthd !== undefined && (await isRunning(berthd.id))) await shows(found);
          return found;
        },
        patience,
      ),
    gone: (name, patience) =>
      wait(
        `nothing is left of ${name}`,
        async () => {
          const seen = (await cri.containers()).filter((it) => it.pod === name);
          expect(describe(seen)).toBe("nothing");
          expect((await cri.sandboxes()).filter((it) => it.pod === name)).toEqual([]);
        },
        patience,
      ),
    async runningIds() {
      const seen = await cri.containers();
      return seen.flatMap((it) => (it.state === "running" ? it.id : [])).sort();
    },
    eventually: wait,
    steadily: (forMs, look) => steadily(forMs, look, more),
    async close() {
      await berthd?.stop();
      await cri.removeAll();
      cri.close();
      await unmountBelow(places.folder);
      if (process.env.BERTH_E2E_KEEP !== "1") await rm(places.folder, { recursive: true, force: true });
    },
  };
  if (options.started !== false) await startOrClose(host);
  return host;
}

async function startOrClose(host: Host): Promise<void> {
  try {
    await host.start();
  } catch (thrown) {
    await host.close();
    throw thrown;
  }
}

/** Containers in a few words, for messages. */
function describe(containers: readonly SeenContainer[]): string {
  return containers.map((it) => `${it.name}/${it.attempt} ${it.state}`).join(", ") || "nothing";
}
