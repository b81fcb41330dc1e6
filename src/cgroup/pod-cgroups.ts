import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { BerthError } from "../base/errors.ts";
import { type CgroupLimits, type Cgroups, sharesOfWeight, weightOfShares } from "../pod/cgroup.ts";
import type { Hierarchy } from "./hierarchies.ts";

/** Rounds of killing before a cgroup that will not empty is given up (cri-mapping 3.2), and the pause after each. */
const KILL_ROUNDS = 5;
const AFTER_KILL_MS = 10;
/** So many rounds are waited for processes that are not to run beside their successors. */
const EMPTY_ROUNDS = 100;

/**
 * Pod cgroups for the cgroupfs driver, over all hierarchies of the host. Its calls are synchronous: this file system is the
 * kernel's own memory and no disk can hold one up, while a trip to another thread costs more than all calls of a pod.
 */
export function makeCgroups(hierarchies: readonly Hierarchy[]): Cgroups {
  return {
    async ensure(path, limits, signal) {
      assertInside(path);
      signal.throwIfAborted();
      for (const hierarchy of hierarchies) {
        await attempt(`making cgroup ${path} in ${hierarchy.folder}`, () => ensureIn(hierarchy, path, limits));
      }
    },
    async empty(path, signal) {
      assertInside(path);
      const folders = hierarchies.map(({ folder }) => join(folder, path));
      await attempt(`ending what is left in cgroup ${path}`, () => emptyTrees(folders, signal));
    },
    async remove(path, signal) {
      assertInside(path);
      for (const hierarchy of hierarchies) {
        signal.throwIfAborted();
        const folder = join(hierarchy.folder, path);
        await attempt(`removing cgroup ${path} from ${hierarchy.folder}`, () => removeTree(folder, signal));
      }
    },
    async sharesBelow(path) {
      assertInside(path);
      const hierarchy = hierarchies.find(({ controllers }) => controllers.includes("cpu"));
      if (hierarchy === undefined) return new Map();
      const isOne = hierarchy.version === 1;
      const values = valuesBelow(join(hierarchy.folder, path), isOne ? "cpu.shares" : "cpu.weight");
      return new Map(values.map(([name, value]) => [name, isOne ? value : sharesOfWeight(value)]));
    },
    async keptBelow(path, kind) {
      assertInside(path);
      const hierarchy = hierarchies.find(({ version, controllers }) => version === 2 && controllers.includes("memory"));
      return new Map(hierarchy === undefined ? [] : valuesBelow(join(hierarchy.folder, path), KEPT_FILES[kind]));
    },
  };
}

const KEPT_FILES = { memoryMin: "memory.min", memoryLow: "memory.low" } as const;

/** A number of each cgroup right below a folder. */
function valuesBelow(folder: string, file: string): readonly (readonly [string, number])[] {
  return subfolders(folder).flatMap((name) => {
    try {
      const value = Number(readFileSync(join(folder, name, file), "utf8"));
      return Number.isNaN(value) ? [] : [[name, value] as const];
    } catch {
      // It went away meanwhile, or has no such controller.
      return [];
    }
  });
}

/** Pod UIDs may be written by people: a path that could climb out of the hierarchy is refused. */
function assertInside(path: string): void {
  const names = path.split("/").slice(1);
  const safe =
    path.startsWith("/") && names.length > 0 && names.every((name) => name !== "" && name !== "." && name !== "..");
  if (!safe) throw new BerthError("FileFailed", `the cgroup path ${JSON.stringify(path)} is not a plain absolute path`);
}

async function attempt(doing: string, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BerthError("FileFailed", `${doing}: ${reason}`, { cause: error, effect: "unknown" });
  }
}

/** A version 1 hierarchy that gets no limit is left to the runtime, which makes the parents of what it runs. */
function ensureIn(hierarchy: Hierarchy, path: string, limits: CgroupLimits): void {
  const folder = join(hierarchy.folder, path);
  if (hierarchy.version === 1 && limitFiles(hierarchy, limits, "made").length === 0) return;
  const made = makeLevel(hierarchy, path);
  for (const [file, value] of limitFiles(hierarchy, limits, made)) writeFileSync(join(folder, file), value);
}

/** Makes one level and those above it; the common case, that the level above stands, costs one call. */
function makeLevel(hierarchy: Hierarchy, path: string): "made" | "stood" {
  const folder = join(hierarchy.folder, path);
  const made = mkdirOnce(folder);
  if (made === "no parent") {
    makeLevel(hierarchy, dirname(path));
    mkdirOnce(folder);
  }
  if (made === "stood") return made;
  if (hierarchy.version === 2) delegate(dirname(folder));
  if (hierarchy.controllers.includes("cpuset")) inheritCpuset(folder);
  return "made";
}

function mkdirOnce(folder: string): "made" | "stood" | "no parent" {
  try {
    mkdirSync(folder, { mode: 0o755 });
    return "made";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return "stood";
    if (code === "ENOENT") return "no parent";
    throw error;
  }
}

/** Version 2: a level may use only the controllers that the level above hands down. */
function delegate(parent: string): void {
  const offered = readFileSync(join(parent, "cgroup.controllers"), "utf8").split(/\s+/).filter(Boolean);
  // One by one: a controller that cannot be handed down must not keep the others away.
  for (const controller of offered) {
    try {
      writeFileSync(join(parent, "cgroup.subtree_control"), `+${controller}`);
    } catch {
      // Some other owner of the hierarchy keeps it; limits that need it are then not set by the pod's level.
    }
  }
}

/** Version 1: no process may enter a cpuset cgroup whose processors and memory nodes are empty. */
function inheritCpuset(folder: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const own = readFileSync(join(folder, file), "utf8").trim();
    if (own === "") writeFileSync(join(folder, file), readFileSync(join(dirname(folder), file), "utf8"));
  }
}

/** Files and values for one hierarchy; a level that was just made has the defaults already. */
function limitFiles(
  hierarchy: Hierarchy,
  limits: CgroupLimits,
  level: "made" | "stood",
): readonly (readonly [string, string])[] {
  const has = (controller: string): boolean => hierarchy.controllers.includes(controller);
  const files: [string, string][] = [];
  if (has("cpu") && limits.cpuShares !== undefined) {
    if (hierarchy.version === 1) files.push(["cpu.shares", String(limits.cpuShares)]);
    else files.push(["cpu.weight", String(weightOfShares(limits.cpuShares))]);
    if (limits.cpuQuotaUs !== undefined || level === "stood") files.push(...quotaFiles(hierarchy, limits));
  }
  if (has("memory") && limits.memoryBytes !== undefined && limits.memoryBytes > 0) {
    files.push([hierarchy.version === 1 ? "memory.limit_in_bytes" : "memory.max", String(limits.memoryBytes)]);
  }
  for (const kind of has("memory") && hierarchy.version === 2 ? (["memoryMin", "memoryLow"] as const) : []) {
    if (limits[kind] !== undefined) files.push([KEPT_FILES[kind], String(limits[kind])]);
  }
  for (const { size, bytes } of has("hugetlb") ? (limits.hugePages ?? []) : []) {
    files.push([`hugetlb.${size}.${hierarchy.version === 1 ? "limit_in_bytes" : "max"}`, String(bytes)]);
  }
  if (has("pids") && limits.pids !== undefined && limits.pids > 0) files.push(["pids.max", String(limits.pids)]);
  return files;
}

function quotaFiles({ version }: Hierarchy, { cpuQuotaUs, cpuPeriodUs }: CgroupLimits): [string, string][] {
  if (version === 2) return [["cpu.max", `${cpuQuotaUs ?? "max"} ${cpuPeriodUs}`]];
  return [
    ["cpu.cfs_period_us", String(cpuPeriodUs)],
    ["cpu.cfs_quota_us", String(cpuQuotaUs ?? -1)],
  ];
}

/** Kills what is left in a cgroup and below it, then removes both. Absent is done. */
async function removeTree(folder: string, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    if (tryRemove(folder)) return;
    killAll(folder);
    await setTimeout(AFTER_KILL_MS, undefined, { signal });
  }
  if (!tryRemove(folder)) throw new Error("processes in it do not end");
}

/** Every process is in each hierarchy, and the pod need not have a cgroup in all of them. */
async function emptyTrees(folders: readonly string[], signal: AbortSignal): Promise<void> {
  for (let round = 0; round < EMPTY_ROUNDS; round += 1) {
    signal.throwIfAborted();
    const found = folders.map(killAll).reduce((sum, some) => sum + some, 0);
    if (found === 0) return;
    await setTimeout(AFTER_KILL_MS, undefined, { signal });
  }
  throw new Error("processes in it do not end");
}

/** From the top, since what was left is usually empty; false while processes are in it. */
function tryRemove(folder: string): boolean {
  if (removeEmpty(folder)) return true;
  for (const child of subfolders(folder)) if (!tryRemove(join(folder, child))) return false;
  return removeEmpty(folder);
}

function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code === "EBUSY" || code === "ENOTEMPTY") return false;
    throw error;
  }
}

/** Answers how many processes there were. */
function killAll(folder: string): number {
  const below = subfolders(folder).reduce((sum, child) => sum + killAll(join(folder, child)), 0);
  const here = processesIn(folder);
  for (const pid of here) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself, which is what was wanted.
    }
  }
  return below + here.length;
}

function processesIn(folder: string): readonly number[] {
  try {
    const pids = readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").map(Number);
    // A process of another PID namespace is listed as 0, which kill would take for our own group.
    return pids.filter((pid) => pid > 0);
  } catch {
    // It went away meanwhile.
    return [];
  }
}

function subfolders(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    // It went away meanwhile.
    return [];
  }
}
