import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** One mounted cgroup hierarchy: with version 1 one for each controller, with version 2 a single one. */
export type Hierarchy = { readonly folder: string; readonly version: 1 | 2; readonly controllers: readonly string[] };

/** The hierarchies that this host has mounted, from the text of /proc/self/mountinfo. The first mount of each wins. */
export function hierarchiesOf(mountinfo: string): readonly Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  for (const line of mountinfo.split("\n")) {
    const [left, right] = line.split(" - ");
    const [type, , options] = right?.split(" ") ?? [];
    const [, , device, , folder] = left?.split(" ") ?? [];
    if (device === undefined || folder === undefined || found.has(device)) continue;
    if (type === "cgroup2") found.set(device, { folder, version: 2, controllers: [] });
    if (type === "cgroup") found.set(device, { folder, version: 1, controllers: controllersOf(options ?? "") });
  }
  return [...found.values()];
}

/** Mount options of a version 1 hierarchy are the names of its controllers, among words that are not. */
function controllersOf(options: string): readonly string[] {
  return options.split(",").filter((word) => !["rw", "ro", "relatime", "noprefix", "xattr"].includes(word));
}

/** The host's hierarchies as they are now; what version 2 offers at its root is filled in. */
export async function readHierarchies(): Promise<readonly Hierarchy[]> {
  return Promise.all(hierarchiesOf(await readFile("/proc/self/mountinfo", "utf8")).map(withControllers));
}

async function withControllers(hierarchy: Hierarchy): Promise<Hierarchy> {
  if (hierarchy.version === 1) return hierarchy;
  const text = await readFile(join(hierarchy.folder, "cgroup.controllers"), "utf8").catch(() => "");
  return { ...hierarchy, controllers: text.split(/\s+/).filter(Boolean) };
}
