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

/** A runtime that tells its driver over CRI is followed, whatever berthd's configuration says. */
async function driverFinding({ settings, runtime, root }: Ground): Promise<Finding> {
  const check = "cgroup driver";
  const own = settings.cgroupDriver;
  if (runtime.kind !== "answers" || runtime.cgroupDriver === undefined)
    return unknown(check, `berthd has ${own}; the runtime did not tell its own`);
  const { cgroupDriver: theirs, tellsDriver } = runtime;
  const hasSystemd = await stat(`${root}/run/systemd/system`).then(
    () => true,
    () => false,
  );
  if (theirs === "systemd" && !hasSystemd) {
    return bad(
      check,
      "the runtime asks systemd for cgroups, and systemd does not run this host: no pod can start",
      `${lineOf(false)}, then restart containerd`,
    );
  }
  if (own !== theirs && !tellsDriver) {
    return bad(
      check,
      `the runtime has ${theirs}, berthd's configuration says ${own}`,
      `set cgroupDriver: ${theirs} in /etc/berth/config.yaml, or ${lineOf(own === "systemd")}, and restart what you changed`,
    );
  }
  if (theirs === "cgroupfs" && hasSystemd) {
    return warning(
      check,
      "both have cgroupfs on a host that systemd manages: two managers of one tree",
      tellsDriver
        ? `${lineOf(true)}, then restart containerd: berthd does as the runtime says`
        : `${lineOf(true)} and cgroupDriver: systemd in /etc/berth/config.yaml`,
    );
  }
  return good(check, own === theirs ? `${own} on both sides` : `${theirs}: berthd does as the runtime says`);
}

const lineOf = (systemd: boolean): string =>
  `set SystemdCgroup = ${systemd} in the runc options of /etc/containerd/config.toml`;
