import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBerthd } from "../agent/berthd.ts";
import { runBerth } from "../agent/cli.ts";
import { freePort } from "../agent/free-port.ts";
import { agentPlacesOf } from "../agent/places.ts";
import { AGENT_FILE } from "../runtime/agents.ts";
import { identify, stopProcess } from "../runtime/daemon.ts";
import type { Runtime } from "../runtime/start.ts";
import type { FloorAnswer, FloorCommand, ProbeWay } from "./floor.ts";
import { manifestOf } from "./pods.ts";

/** Somebody who can start pods: the floor, Berth, or any other agent. */
export type Contender = { readonly name: string; readonly open: () => Promise<Opened> };

/** A contender that runs. Pods are told by their names; each has one container that sleeps. */
export type Opened = {
  readonly pid: number;
  /** Has these pods started; answers with the moment, in ms since the epoch, from which their time counts. */
  start(pods: readonly string[], probe?: ProbeWay): Promise<number>;
  /** Has them ended and removed; does not wait for it. */
  remove(pods: readonly string[]): Promise<void>;
  /** SIGKILL, and started again; answers with the moment of the start. Absent for who keeps no pods. */
  restart?(): Promise<number>;
  /** Waits until an agent that was started again has found all its pods; absent where it cannot be asked. */
  adopted?(count: number): Promise<void>;
  /** Runs the command that lists the pods to its end; absent for who has none. */
  list?(): Promise<void>;
  close(): Promise<void>;
};

/** The name of the node that Berth is. */
export const BENCH_NODE = "bench";

/** The bare client: 8 pods at a time, no rules, no memory. With `keep` it replaces containers that stop. */
export function floorOf(runtime: Runtime, keep = false): Contender {
  return {
    name: "floor",
    async open() {
      const cgroup = `${runtime.cgroupRoot}/floor`;
      await makeCgroup(cgroup);
      const logs = join(runtime.places.folder, "floor-logs");
      const child = fork(join(import.meta.dirname, "floor.ts"), [runtime.endpoint, logs, cgroup]);
      const ask = askOf(child);
      if (keep) await ask({ kind: "keep" });
      return {
        pid: child.pid ?? 0,
        async start(pods, probe) {
          const { beganAtMs = Number.NaN } = await ask({ kind: "start", pods, probed: probe !== undefined });
          if (probe !== undefined) await ask({ kind: "probe", how: probe });
          return beganAtMs;
        },
        remove: async (pods) => void (await ask({ kind: "remove", pods })),
        close: async () => void child.disconnect(),
      };
    },
  };
}

type Wish<C> = C extends unknown ? Omit<C, "number"> : never;

function askOf(child: ChildProcess): (wish: Wish<FloorCommand>) => Promise<FloorAnswer> {
  let asked = 0;
  return (wish) => {
    asked += 1;
    const number = asked;
    const { promise, resolve, reject } = Promise.withResolvers<FloorAnswer>();
    const onAnswer = (answer: FloorAnswer): void => {
      if (answer.number !== number) return;
      child.off("message", onAnswer);
      if (answer.complaint === undefined) resolve(answer);
      else reject(new Error(`floor: ${answer.complaint}`));
    };
    child.on("message", onAnswer);
    child.send({ ...wish, number });
    return promise;
  };
}

/** Makes a cgroup in every hierarchy of the host: with cgroup v1 the parent of a container must exist in each. */
async function makeCgroup(path: string): Promise<void> {
  const top = "/sys/fs/cgroup";
  const unified = existsSync(join(top, "cgroup.controllers"));
  const hierarchies = unified ? [top] : readdirSync(top).map((name) => join(top, name));
  for (const hierarchy of hierarchies) await mkdir(join(hierarchy, path), { recursive: true }).catch(() => undefined);
}

/** Berth as it is built in dist/; with flags as a node of a cluster, whose own API is on a port that nobody else has. */
export function berthOf(runtime: Runtime, flags: readonly string[] = []): Contender {
  return {
    name: "berth",
    async open() {
      const places = agentPlacesOf(runtime.places, "bench");
      await rm(places.folder, { recursive: true, force: true });
      await mkdir(places.manifests, { recursive: true });
      const port = await freePort();
      const cgroupRoot = `${runtime.cgroupRoot}/bench`;
      const kubelet = flags.length === 0 ? {} : { port: await freePort() };
      const settings = { places, endpoint: runtime.endpoint, cgroupRoot, nodeName: BENCH_NODE, port, kubelet };
      let berthd = await startBerthd(settings, flags);
      await berthd.ready();
      return {
        get pid() {
          return berthd.id.pid;
        },
        ...dropper(places.manifests, join(places.folder, "beside")),
        async restart() {
          await berthd.kill();
          const beganAtMs = Date.now();
          berthd = await startBerthd(settings, flags);
          return beganAtMs;
        },
        async adopted(count) {
          await berthd.ready();
          await untilRunning(port, count);
        },
        async list() {
          const { code, stderr } = await runBerth(places.socket, ["get", "pods"]);
          if (code !== 0) throw new Error(`berth get pods: exit ${code}: ${stderr}`);
        },
        close: () => berthd.stop(),
      };
    },
  };
}

/** Waits until /metrics counts so many running pods. */
async function untilRunning(port: number, count: number): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    if (Number(/^kubelet_running_pods (\d+)/m.exec(text)?.[1]) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`berthd does not count ${count} running pods after 60 s`);
}

/** Another agent, by a command line in which {manifests}, {endpoint} and {root} stand for what it is to use. */
export function agentOf(runtime: Runtime, line: string): Contender {
  return {
    name: "agent",
    async open() {
      const folder = join(runtime.places.folder, "agents", "other");
      const manifests = join(folder, "manifests");
      const root = join(folder, "root");
      for (const path of [manifests, root]) await mkdir(path, { recursive: true });
      const filled = line.replace(/\{(manifests|endpoint|root)\}/g, (_, word: string) => {
        return { manifests, endpoint: runtime.endpoint, root }[word] ?? "";
      });
      const log = await open(join(folder, "agent.log"), "a");
      const child = spawn("sh", ["-c", `exec ${filled}`], { stdio: ["ignore", log.fd, log.fd], detached: true });
      await log.close();
      const id = await identify(child.pid ?? -1);
      if (!id) throw new Error(`the agent ended at once, see ${join(folder, "agent.log")}`);
      await writeFile(join(folder, AGENT_FILE), JSON.stringify(id));
      await new Promise((resolve) => setTimeout(resolve, 10_000)); // it cannot be asked whether it is ready
      return { pid: id.pid, ...dropper(manifests, join(folder, "beside")), close: () => stopProcess(id, 10_000) };
    },
  };
}

/** Drops manifests all at once: they are written aside, and the time counts from the first rename. */
function dropper(manifests: string, beside: string): Pick<Opened, "start" | "remove"> {
  return {
    async start(pods, probe) {
      await mkdir(beside, { recursive: true });
      for (const pod of pods) await writeFile(join(beside, `${pod}.yaml`), manifestOf(pod, probe));
      const beganAtMs = Date.now();
      await Promise.all(pods.map((pod) => rename(join(beside, `${pod}.yaml`), join(manifests, `${pod}.yaml`))));
      return beganAtMs;
    },
    async remove(pods) {
      await Promise.all(pods.map((pod) => rm(join(manifests, `${pod}.yaml`))));
    },
  };
}
