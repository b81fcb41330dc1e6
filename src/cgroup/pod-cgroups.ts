import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BerthError } from "../base/errors.ts";
import { type CgroupLimits, weightOfShares } from "../pod/cgroup.ts";
import type { Cgroups } from "../ports.ts";
import type { Hierarchy } from "./hierarchies.ts";

/** Rounds of killing before a cgroup that will not empty is given up (cri-mapping 3.2). */
const KILL_ROUNDS = 5;

/** Pod cgroups for the cgroupfs driver, over all hierarchies of the host. */
export function makeCgroups(hierarchies: readonly Hierarchy[]): Cgroups {
  return {
    async ensure(path, limits, signal) {
      assertInside(path);
      signal.throwIfAborted();
      await Promise.all(
        hierarchies.map((hierarchy) =>
          attempt(`making cgroup ${path} in ${hierarchy.folder}`, () => ensureIn(hierarchy, path, limits)),
        ),
      );
    },
    async remove(path, signal) {
      assertInside(path);
      for (const hierarchy of hierarchies) {
        signal.throwIfAborted();
        await attempt(`removing cgroup ${path} from ${hierarchy.folder}`, () =>
          removeTree(join(hierarchy.folder, path)),
        );
      }
    },
  };
}

/** Pod UIDs may be written by people: a path that could climb out of the hierarchy is refused. */
function assertInside(path: string): void {
  const names = path.split("/").slice(1);
  const safe =
    path.startsWith("/") && names.length > 0 && names.every((name) => name !== "" && name !== "." && name !== "..");
  if (!safe) throw new BerthError("FileFailed", `the cgroup path ${JSON.stringify(path)} is not a plain absolute path`);
}

async function attempt(doing: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BerthError("FileFailed", `${doing}: ${reason}`, { cause: error, effect: "unknown" });
  }
}

/** A version 1 hierarchy that gets no limit is left to the runtime, which makes the parents of what it runs. */
async function ensureIn(hierarchy: Hierarchy, path: string, limits: CgroupLimits): Promise<void> {
  const folder = join(hierarchy.folder, path);
  if (hierarchy.version === 1 && limitFiles(hierarchy, limits, "made").length === 0) return;
  const made = await makeLevel(hierarchy, path);
  for (const [file, value] of limitFiles(hierarchy, limits, made)) await writeFile(join(folder, file), value);
}

/** Makes one level and those above it; the common case, that the level above stands, costs one call. */
async function makeLevel(hierarchy: Hierarchy, path: string): Promise<"made" | "stood"> {
  const folder = join(hierarchy.folder, path);
  const made = await mkdirOnce(folder);
  if (made === "no parent") {
    await makeLevel(hierarchy, dirname(path));
    await mkdirOnce(folder);
  }
  if (made === "stood") return made;
  if (hierarchy.version === 2) await delegate(dirname(folder));
  if (hierarchy.controllers.includes("cpuset")) await inheritCpuset(folder);
  return "made";
}

async function mkdirOnce(folder: string): Promise<"made" | "stood" | "no parent"> {
  try {
    await mkdir(folder, { mode: 0o755 });
    return "made";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return "stood";
    if (code === "ENOENT") return "no parent";
    throw error;
  }
}

/** Version 2: a level may use only the controllers that the level above hands down. */
async function delegate(parent: string): Promise<void> {
  const offered = (await readFile(join(parent, "cgroup.controllers"), "utf8")).split(/\s+/).filter(Boolean);
  // One by one: a controller that cannot be handed down must not keep the others away.
  for (const controller of offered) {
    await writeFile(join(parent, "cgroup.subtree_control"), `+${controller}`).catch(() => undefined);
  }
}

/** Version 1: no process may enter a cpuset cgroup whose processors and memory nodes are empty. */
async function inheritCpuset(folder: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const own = (await readFile(join(folder, file), "utf8")).trim();
    if (own === "") await writeFile(join(folder, file), await readFile(join(dirname(folder), file), "utf8"));
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
  if (has("cpu")) {
    if (hierarchy.version === 1) files.push(["cpu.shares", String(limits.cpuShares)]);
    else files.push(["cpu.weight", String(weightOfShares(limits.cpuShares))]);
    if (limits.cpuQuotaUs !== undefined || level === "stood") files.push(...quotaFiles(hierarchy, limits));
  }
  if (has("memory") && limits.memoryBytes !== undefined && limits.memoryBytes > 0) {
    files.push([hierarchy.version === 1 ? "memory.limit_in_bytes" : "memory.max", String(limits.memoryBytes)]);
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
async function removeTree(folder: string): Promise<void> {
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    if (await tryRemove(folder)) return;
    await killAll(folder);
  }
  if (!(await tryRemove(folder))) throw new Error("processes in it do not end");
}

async function tryRemove(folder: string): Promise<boolean> {
  for (const child of await subfolders(folder)) if (!(await tryRemove(join(folder, child)))) return false;
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code === "EBUSY") return false;
    throw error;
  }
}

async function killAll(folder: string): Promise<void> {
  for (const child of await subfolders(folder)) await killAll(join(folder, child));
  const pids = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
  for (const pid of pids.split("\n").filter(Boolean)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself, which is what was wanted.
    }
  }
}

async function subfolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
