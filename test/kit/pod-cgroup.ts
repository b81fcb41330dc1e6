import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the pod's own cgroup is limited to, as the kernel says it: bytes of memory, and microseconds of 100 ms. */
export function podCgroupLimits(uid: string): { readonly memory: string; readonly cpu: string } {
  const found = execFileSync("find", ["/sys/fs/cgroup", "-type", "d", "-name", `pod${uid}`], { encoding: "utf8" });
  const folders = found.trim().split("\n");
  return {
    memory: firstOf(folders, ["memory.max", "memory.limit_in_bytes"]),
    cpu: firstOf(folders, ["cpu.max", "cpu.cfs_quota_us"]),
  };
}

function firstOf(folders: readonly string[], files: readonly string[]): string {
  const path = folders.flatMap((folder) => files.map((file) => join(folder, file))).find(existsSync);
  return path === undefined ? "none" : (readFileSync(path, "utf8").trim().split(" ")[0] ?? "");
}
