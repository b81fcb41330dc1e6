import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { endContainerd, reviveContainerd } from "../../kit/containerd-ends.ts";
import type { SeenContainer } from "../../kit/cri.ts";
import type { Fault, Scene } from "../fault.ts";
import { plain } from "../kinds.ts";

/** By then the runtime has noticed that something died, or will not. */
const NOTICED_MS = 30_000;

const downAndUp =
  (signal: "TERM" | "KILL"): Fault["strike"] =>
  async ({ stage, chance, pause }) => {
    const { places } = stage.runtime;
    await pause(chance.below(1_500));
    await endContainerd(places, signal);
    try {
      await pause(chance.below(4_000));
    } finally {
      await reviveContainerd(places, stage.version);
    }
  };

/** A pod that is well, with its sandbox and a running container; undefined when there is none. */
async function victim({ stage, garden, chance }: Scene) {
  const running = (await stage.view.containers()).filter(
    ({ pod, state }) => state === "running" && garden.plants.has(pod),
  );
  return running.length === 0 ? undefined : chance.pick(running);
}

/** Containerd, its shims and what runs below them. */
export const RUNTIME_FAULTS: readonly Fault[] = [
  { name: "containerd killed", field: "runtime", strike: downAndUp("KILL") },
  { name: "containerd restarted", field: "runtime", strike: downAndUp("TERM") },
  {
    name: "shim killed",
    field: "runtime",
    async strike(scene) {
      const found = await victim(scene);
      if (found === undefined) return;
      scene.garden.hurt(found.pod);
      const sandbox = await scene.stage.view.sandboxPid(found.sandboxId);
      process.kill(await parentOf(sandbox), "SIGKILL");
      await noticed(scene, found);
    },
  },
  {
    name: "container's first process killed",
    field: "runtime",
    async strike(scene) {
      const found = await victim(scene);
      if (found === undefined) return;
      scene.garden.hurt(found.pod);
      process.kill((await scene.stage.view.status(found.id)).pid, "SIGKILL");
      await noticed(scene, found);
    },
  },
  {
    name: "sandbox's process killed",
    field: "runtime",
    async strike(scene) {
      const found = await victim(scene);
      if (found === undefined) return;
      scene.garden.hurt(found.pod);
      process.kill(await scene.stage.view.sandboxPid(found.sandboxId), "SIGKILL");
      await noticed(scene, found);
    },
  },
  {
    name: "unkillable process (frozen)",
    field: "runtime",
    async strike(scene) {
      const { stage, garden, chance, pause } = scene;
      const name = `frozen-${garden.planted}`;
      await garden.put(plain(name), { manifest: plain, runs: ["main"] });
      const found = await appears(scene, name);
      if (found === undefined) return garden.pull(name);
      const thaw = await freeze((await stage.view.status(found)).pid);
      try {
        await garden.pull(name);
        await pause(6_000 + chance.below(4_000));
      } finally {
        await thaw();
      }
    },
  },
];

/** Waits a while for a container of the pod to run. */
export async function appears({ stage, pause }: Scene, pod: string): Promise<string | undefined> {
  for (let looks = 0; looks < 40; looks += 1) {
    const seen = await stage.view.containers().catch(() => []);
    const found = seen.find((one) => one.pod === pod && one.state === "running");
    if (found !== undefined) return found.id;
    await pause(250);
  }
  return undefined;
}

/** Waits until the runtime says that a container or its sandbox is no more as it was: until then all would look well. */
async function noticed({ stage, pause, signal }: Scene, { id, sandboxId }: SeenContainer): Promise<void> {
  for (const end = performance.now() + NOTICED_MS; performance.now() < end && !signal.aborted; await pause(250)) {
    const boxes = await stage.view.sandboxes().catch(() => undefined);
    const containers = await stage.view.containers().catch(() => undefined);
    if (boxes === undefined || containers === undefined) continue;
    const isReady = boxes.some((box) => box.id === sandboxId && box.ready);
    const runs = containers.some((one) => one.id === id && one.state === "running");
    if (!isReady || !runs) return;
  }
  throw new Error(`the runtime has not noticed the death of something in ${sandboxId.slice(0, 12)}`);
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1");
  const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  const words = await readFile(`/proc/${parent}/cmdline`, "latin1");
  if (!/containerd-shim/.test(words)) throw new Error(`process ${parent} is no shim`);
  return parent;
}

/** Stops all processes of a process's cgroup so that not even SIGKILL reaches them. Hands back the way to thaw them. */
async function freeze(pid: number): Promise<() => Promise<void>> {
  const groups = await readFile(`/proc/${pid}/cgroup`, "utf8");
  const own = /^\d+:freezer:(.+)$/m.exec(groups)?.[1];
  const unified = /^0::(.+)$/m.exec(groups)?.[1];
  const [file, on, off] =
    own === undefined
      ? [join("/sys/fs/cgroup", unified ?? "", "cgroup.freeze"), "1", "0"]
      : [join("/sys/fs/cgroup/freezer", own, "freezer.state"), "FROZEN", "THAWED"];
  await writeFile(file, on);
  // A runtime that thaws by itself in order to kill has removed the group.
  return () => writeFile(file, off).catch(() => undefined);
}

/** The highest number of processes that any pod's cgroup permits and holds. */
export async function pidsOf(cgroupRoot: string): Promise<{ most: number; unlimited: string[] }> {
  const base = (await readdir("/sys/fs/cgroup")).includes("pids") ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
  const folder = join(base, cgroupRoot, "kubepods");
  const pods = (await readdir(folder, { recursive: true }).catch(() => [])).filter((path) =>
    /(^|\/)pod[^/]+$/.test(path),
  );
  const reads = await Promise.all(
    pods.map(async (pod) => {
      const read = (name: string) => readFile(join(folder, pod, name), "utf8").catch(() => "");
      return { pod, max: (await read("pids.max")).trim(), now: Number(await read("pids.current")) };
    }),
  );
  return {
    most: Math.max(0, ...reads.map(({ now }) => now)),
    unlimited: reads.filter(({ max }) => max === "max").map(({ pod }) => pod),
  };
}
