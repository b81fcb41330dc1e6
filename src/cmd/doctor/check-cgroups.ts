import { readFile, stat, statfs } from "node:fs/promises";
import { bad, type Finding, good, unknown, warning } from "./finding.ts";
import type { Ground } from "./ground.ts";

/** The kernel's number for the file system of cgroup v2. */
const CGROUP2_MAGIC = 0x63677270;
const NEEDED = ["cpu", "memory", "pids"];

/** The version of cgroups, the controllers, and whether both sides mean the same driver. */
export async function checkCgroups(ground: Ground): Promise<Finding[]> {
  return [await versionFinding(ground), await driverFinding(ground)];
}

async function versionFinding({ root }: Ground): Promise<Finding> {
  const path = `${root}/sys/fs/cgroup`;
  const found = await statfs(path).catch(() => undefined);
  const listed = await readFile(`${path}/cgroup.controllers`, "utf8").catch(() => undefined);
  if (found === undefined) return bad("cgroups", `${path} is not there`, "mount the cgroup file system");
  if (found.type !== CGROUP2_MAGIC && listed === undefined) {
    return warning(
      "cgroups",
      "this host has cgroup v1",
      "boot with systemd.unified_cgroup_hierarchy=1; v1 is going away",
    );
  }
  const missing = NEEDED.filter((name) => !(listed ?? "").split(/\s+/).includes(name));
  if (missing.length === 0) return good("cgroups", "v2, with all controllers that are needed");
  return bad(
    "cgroups",
    `the controllers ${missing.join(", ")} are off`,
    "boot without cgroup_disable=, and let them pass into this machine if it is a container",
  );
}

async function driverFinding({ settings, runtime, root }: Ground): Promise<Finding> {
  const own = settings.cgroupDriver;
  if (runtime.kind !== "answers" || runtime.cgroupDriver === undefined) {
    return unknown("cgroup driver", `berthd has ${own}; the runtime did not tell its own`);
  }
  const systemd = await stat(`${root}/run/systemd/system`).then(
    () => true,
    () => false,
  );
  const theirs = runtime.cgroupDriver;
  if (own !== theirs) {
    const line = theirs === "systemd" ? "SystemdCgroup = false" : "SystemdCgroup = true";
    return bad(
      "cgroup driver",
      `the runtime has ${theirs}, berthd's configuration says ${own}`,
      `set cgroupDriver: ${theirs} in /etc/berth/config.yaml, or ${line} in the runc options of /etc/containerd/config.toml, and restart what you changed`,
    );
  }
  if (theirs === "cgroupfs" && systemd) {
    return warning(
      "cgroup driver",
      "both have cgroupfs on a host that systemd manages: two managers of one tree",
      "set SystemdCgroup = true in the runc options of /etc/containerd/config.toml and cgroupDriver: systemd in /etc/berth/config.yaml",
    );
  }
  return good("cgroup driver", `${own} on both sides`);
}
