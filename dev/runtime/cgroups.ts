import { existsSync } from "node:fs";
import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { identify, killProcess } from "./daemon.ts";

const cgroups = "/sys/fs/cgroup";

/** Removes a cgroup and all below it in every hierarchy of the host; processes left in them are killed first. */
export async function removeCgroups(name: string): Promise<void> {
  const hierarchies = existsSync(join(cgroups, "cgroup.controllers"))
    ? [cgroups]
    : (await readdir(cgroups).catch(() => [])).map((hierarchy) => join(cgroups, hierarchy));
  for (const hierarchy of hierarchies) await removeTree(join(hierarchy, name));
}

async function removeTree(folder: string): Promise<void> {
  const children = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!children) return;
  for (const child of children) if (child.isDirectory()) await removeTree(join(folder, child.name));
  for (const pid of (await readFile(join(folder, "cgroup.procs"), "utf8")).split("\n").filter(Boolean)) {
    const id = await identify(Number(pid));
    if (id) await killProcess(id);
  }
  await rmdir(folder).catch(() => undefined); // a dying process may hold it for a moment longer
}
