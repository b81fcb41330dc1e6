import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { daemonFolders } from "../paths.ts";

/** Which containerd: the one of the machine's own suite, or 2.x from a newer one. */
export type RuntimeVersion = "distro" | "2";

/** Symlinks with short names stand here, one for each private runtime: a unix socket's path has room for 107 bytes. */
export const shortFolder = "/run/berth-dev";

/** Where all that belongs to one private runtime lies. */
export type Places = {
  /** All of it is below this folder. */
  folder: string;
  /** Eight hexadecimal digits, made of the folder; the bridge and the network bear them too. */
  key: string;
  /** A short way into `folder`, for sockets. */
  short: string;
  root: string;
  state: string;
  socket: string;
  config: string;
  log: string;
  record: string;
  certs: string;
  cniConfig: string;
  cniState: string;
  registry: string;
  runc: string;
};

/** Names all places of the runtime that lives in a folder. Touches nothing. */
export function placesOf(folder: string): Places {
  const key = createHash("sha256").update(folder).digest("hex").slice(0, 8);
  const short = join(shortFolder, key);
  return {
    folder,
    key,
    short,
    root: join(folder, "root"),
    state: join(folder, "state"),
    socket: join(short, "containerd.sock"),
    config: join(folder, "containerd.toml"),
    log: join(folder, "containerd.log"),
    record: join(folder, "runtime.json"),
    certs: join(folder, "certs.d"),
    cniConfig: join(folder, "cni/net.d"),
    cniState: join(folder, "cni/networks"),
    registry: join(folder, "registry"),
    runc: join(folder, "runc"),
  };
}

/** The programs of a runtime. */
export type Programs = { containerd: string; ctr: string; runc: string; cni: string; registry: string };

/** Finds the programs of a containerd version; runc and all else come from the machine's own suite. Throws what is missing. */
export function programsOf(version: RuntimeVersion): Programs {
  const own = daemonFolders.distro;
  const containerdHome = version === "2" ? daemonFolders.newer : own;
  const programs = {
    containerd: join(containerdHome, "usr/bin/containerd"),
    ctr: join(containerdHome, "usr/bin/ctr"),
    runc: existsSync(join(own, "usr/sbin/runc")) ? join(own, "usr/sbin/runc") : join(own, "usr/bin/runc"),
    cni: join(own, "usr/lib/cni"),
    registry: join(own, "usr/bin/docker-registry"),
  };
  for (const path of Object.values(programs)) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run dev/bootstrap.sh`);
  }
  return programs;
}
