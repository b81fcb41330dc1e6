import { existsSync } from "node:fs";
import { join } from "node:path";
import { daemonFolders, workFolder } from "./paths.ts";
import type { RuntimeVersion } from "./runtime/places.ts";

/** Folder of the private runtime and the berthd of `make run`. */
export const sampleFolder = join(workFolder, "run/sample");

/** Holds the path of the socket of that berthd; dev/berth reads it. */
export const sampleSocketFile = join(sampleFolder, "socket");

/** The newest containerd that set-up could fetch. */
export function newestVersion(): RuntimeVersion {
  return existsSync(join(daemonFolders.newer, "daemon.json")) ? "2" : "distro";
}
