import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Which of the pods have a living process, by the cgroups of everything that runs: no runtime has to be asked. */
export async function findPodProcesses(uids: readonly string[], procDir = "/proc"): Promise<readonly string[]> {
  const alive = new Set<string>();
  // The systemd driver writes a UID with underscores, since a hyphen stands for a level there.
  const marks = uids.map((uid) => ({ uid, marks: [`pod${uid}`, `pod${uid.replaceAll("-", "_")}`] }));
  for (const entry of await readdir(procDir)) {
    if (!/^\d+$/.test(entry)) continue;
    const cgroups = await readFile(join(procDir, entry, "cgroup"), "utf8").catch(() => "");
    for (const { uid, marks: of } of marks) if (of.some((mark) => cgroups.includes(mark))) alive.add(uid);
  }
  return [...alive];
}
