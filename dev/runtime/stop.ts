import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, say } from "../say.ts";
import { stopAgents } from "./agents.ts";
import { removeCgroups } from "./cgroups.ts";
import { startContainerd } from "./containerd.ts";
import { openCri } from "./cri-calls.ts";
import { identify, isRunning, killProcess, type ProcessId, stopProcess } from "./daemon.ts";
import { unmountBelow } from "./mounts.ts";
import { removeBridge } from "./network.ts";
import { type Places, placesOf, programsOf } from "./places.ts";
import { type RuntimeRecord, readRecord } from "./record.ts";
import { leaveHost } from "./traces.ts";

/**
 * Takes down the private runtime of a folder, alive, half started or crashed, and removes the folder. Pods are ended
 * through the runtime, since only it undoes their network; what it cannot reach any more is ended by force.
 */
export async function stopRuntime(folder: string): Promise<void> {
  const places = placesOf(folder);
  const record = await readRecord(places);
  await stopAgents(places);
  if (record) {
    await removePods(places, record).catch((thrown) => say(`clearing by force: ${messageOf(thrown)}`));
    const now = (await readRecord(places)) ?? record;
    if (now.containerd) await stopProcess(now.containerd, 10_000);
    const sockets = await shimSockets(places);
    await killShims(places);
    for (const socket of sockets) await rm(socket, { force: true });
    for (const id of now.processes) await stopProcess(id, 5_000);
    if (now.bridge) await removeBridge(now.bridge);
  }
  await removeCgroups(`berth-dev-${places.key}`);
  if (existsSync(folder)) await unmountBelow(folder); // before rm, which would else reach into what is mounted
  await leaveHost(places, `berth-dev-${places.key}`);
  await rm(folder, { recursive: true, force: true });
}

/** Ends and removes all pods through the runtime, which is started again for this when it is down. */
async function removePods(places: Places, record: RuntimeRecord): Promise<void> {
  const alive = record.containerd !== undefined && (await isRunning(record.containerd));
  if (!alive) {
    if (!record.containerd || !existsSync(places.state) || !existsSync(places.short)) return;
    await startContainerd(places, programsOf(record.version ?? "distro"));
  }
  const cri = openCri(places.socket);
  try {
    const waiting = await cri.listSandboxes();
    const work = async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        await cri.stopSandbox(id);
        await cri.removeSandbox(id);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
  } finally {
    cri.close();
  }
}

/** The shims' sockets, which containerd puts below /run/containerd/s wherever its state is. */
async function shimSockets(places: Places): Promise<string[]> {
  const tasks = join(places.state, "io.containerd.runtime.v2.task/k8s.io");
  const ids = await readdir(tasks).catch(() => []);
  const texts = ids.flatMap((id) =>
    ["address", "bootstrap.json"].map((name) => readFile(join(tasks, id, name), "utf8").catch(() => "")),
  );
  return (await Promise.all(texts)).flatMap((text) => /\/run\/containerd\/s\/[0-9a-f]{64}/.exec(text) ?? []);
}

/** Ends the shims of this runtime, told by the socket on their command line, and all that runs below them. */
async function killShims(places: Places): Promise<void> {
  const processes = await listProcesses();
  const isShim = ({ words }: HostProcess) =>
    /containerd-shim-runc-v\d$/.test(words[0] ?? "") && words.includes(places.socket);
  const doomed = new Set(processes.filter(isShim).map(({ id }) => id.pid));
  for (let size = 0; size !== doomed.size; ) {
    size = doomed.size;
    for (const { id, parent } of processes) if (doomed.has(parent)) doomed.add(id.pid);
  }
  await Promise.all(processes.filter(({ id }) => doomed.has(id.pid)).map(({ id }) => killProcess(id)));
}

type HostProcess = { id: ProcessId; parent: number; words: string[] };

async function listProcesses(): Promise<HostProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(readProcess));
  return found.flatMap((process) => process ?? []);
}

async function readProcess(pid: number): Promise<HostProcess | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const id = await identify(pid);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    return id && { id, parent, words };
  } catch {
    return undefined; // it ended while it was looked at
  }
}
