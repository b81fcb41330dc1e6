import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { PodName } from "../ports.ts";
import { ifThere } from "./failure.ts";
import { removeLinks } from "./instance-files.ts";
import { type Places, podDir, podLogDir } from "./layout.ts";
import { mountsWithin, readMountTable } from "./mount-table.ts";
import type { Mounts } from "./mounts.ts";
import { sweep } from "./sweep.ts";

/** What goes when only the volumes do (T8): a finished pod that is still asked for keeps logs, messages and record. */
const VOLUME_PARTS = ["volumes", "volume-subpaths", "volumeDevices", "plugins"];

/**
 * Takes a pod's files away (T8, T9): everything mounted below its directory is unmounted, newest first, and only when
 * the kernel shows no mount any more are files removed. Throws VolumeFailed when a mount remains; may be called again.
 */
export async function clearHome(
  places: Places,
  pod: PodName,
  keep: "logs" | "nothing",
  mounts: Mounts,
  signal: AbortSignal,
): Promise<void> {
  const home = podDir(places, pod.uid);
  await unmountAll(home, pod, mounts, signal);
  for (const part of VOLUME_PARTS) await sweep(join(home, part), signal);
  if (keep === "logs") return;

  for (const named of await namesOf(places, pod)) {
    await removeLinks(places, named);
    await sweep(podLogDir(places, named), signal);
  }
  // The record goes with the rest of the home, last: killed before this, the agent still knows whose the rest is.
  await sweepKeepingLast(home, "berth.json", signal);
}

/** What the pod is called; of a home without a record only the folders of its logs tell that. */
async function namesOf(places: Places, pod: PodName): Promise<readonly PodName[]> {
  if (pod.namespace !== "") return [pod];
  const folders = (await ifThere(readdir(places.podLogsDir))) ?? [];
  return folders.flatMap((folder) => {
    const [namespace, name, uid, ...more] = folder.split("_");
    return namespace && name && uid === pod.uid && more.length === 0 ? [{ uid, namespace, name }] : [];
  });
}

async function unmountAll(home: string, pod: PodName, mounts: Mounts, signal: AbortSignal): Promise<void> {
  const mounted = mountsWithin(await readMountTable(), home);
  if (mounted.length === 0) return;
  const paths = mounted.map(({ path }) => path).reverse();
  let reason = "";
  try {
    await mounts.unmount(paths, signal);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    reason = ` (${error.message})`;
  }
  const left = mountsWithin(await readMountTable(), home).map(({ path }) => path);
  if (left.length === 0) return;
  const shown = left.slice(0, 3).join(", ");
  throw new BerthError(
    "VolumeFailed",
    `${left.length} mounts of pod ${pod.namespace}/${pod.name} remain: ${shown}${reason}`,
  );
}

async function sweepKeepingLast(home: string, last: string, signal: AbortSignal): Promise<void> {
  const entries = (await ifThere(readdir(home, { withFileTypes: true }))) ?? [];
  for (const entry of entries) {
    if (entry.isDirectory() && entry.name !== last) await sweep(join(home, entry.name), signal);
  }
  await sweep(home, signal);
}
