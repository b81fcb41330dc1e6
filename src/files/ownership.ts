import { chmod, lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../base/log.ts";

/**
 * Gives a volume to the pod's fsGroup (cri-mapping 5.5): group, set-group-id on directories, and group bits; bits that
 * are set stay set. Children come before their directory, links are never followed. A failure is only logged: the
 * application may well run without.
 */
export async function giveToGroup(
  root: string,
  group: number,
  access: "readOnly" | "readWrite",
  log: Log,
): Promise<void> {
  const status = await lstat(root);
  if (status.isDirectory()) {
    for (const name of await readdir(root)) await giveToGroup(join(root, name), group, access, log);
  }
  try {
    await lchown(root, UNCHANGED, group);
    if (status.isSymbolicLink()) return;
    const bits = access === "readOnly" ? 0o440 : 0o660;
    await chmod(root, (status.mode & 0o7777) | bits | (status.isDirectory() ? 0o2110 : 0));
  } catch (error) {
    log.warn("cannot give a part of a volume to the pod's group", { path: root, group, error });
  }
}

/** As an owner: leave it. */
const UNCHANGED = -1;
