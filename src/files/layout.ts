import { createHash } from "node:crypto";
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import { logFolder } from "../pod/log-folder.ts";
import type { NodeSettings } from "../pod/node.ts";
import type { PodName } from "../ports.ts";

/** The three directories that everything lies below; absolute, without symlinks. */
export type Places = Pick<NodeSettings, "rootDir" | "podLogsDir" | "containerLogsDir">;

/** Volume plugins that have a directory of their own (cri-mapping 5.1). */
export type VolumePlugin = "empty-dir" | "configmap" | "secret" | "downward-api" | "projected";

/** `pods`, the parent of all pods' directories. */
export const podsDir = (places: Places): string => join(places.rootDir, "pods");

/** A pod's own directory. */
export const podDir = (places: Places, uid: string): string => join(podsDir(places), name("pod UID", uid));

/** The hosts file that the pod's containers share (4.1). */
export const hostsFile = (places: Places, uid: string): string => join(podDir(places, uid), "etc-hosts");

/** The pod's record (D1, D8). */
export const recordFile = (places: Places, uid: string): string => join(podDir(places, uid), "berth.json");

/** Where a volume's content lies (5.1). */
export const volumeDir = (places: Places, uid: string, plugin: VolumePlugin, volume: string): string =>
  join(podDir(places, uid), "volumes", `kubernetes.io~${plugin}`, name("volume", volume));

/** The file that says that a volume's directory was set up; content volumes stand on a wrapped one (5.1). */
export function readyMarker(places: Places, uid: string, plugin: VolumePlugin, volume: string): string {
  const prefix = plugin === "empty-dir" ? "" : "wrapped_";
  return join(podDir(places, uid), "plugins", "kubernetes.io~empty-dir", `${prefix}${name("volume", volume)}`, "ready");
}

/** Where a subPath is mounted for one volumeMount (2.4). */
export const subPathTarget = (places: Places, uid: string, volume: string, container: string, index: number): string =>
  join(podDir(places, uid), "volume-subpaths", name("volume", volume), name("container", container), `${index}`);

/** The directory of a container's termination logs. */
export const containerDir = (places: Places, uid: string, container: string): string =>
  join(podDir(places, uid), "containers", name("container", container));

/** One instance's termination log (S31): its name follows from container and attempt, so that no state is needed. */
export function terminationLog(places: Places, uid: string, container: string, attempt: number): string {
  const digits = createHash("sha256").update(`${container}/${attempt}`).digest("hex").slice(0, 8);
  return join(containerDir(places, uid, container), digits);
}

/** The directory of all of a pod's logs (S30). */
export const podLogDir = (places: Places, pod: PodName): string => join(places.podLogsDir, name("pod", logFolder(pod)));

/** The directory of one container's logs (S30). */
export const containerLogDir = (places: Places, pod: PodName, container: string): string =>
  join(podLogDir(places, pod), name("container", container));

/** One instance's log (2.1). */
export const logFile = (places: Places, pod: PodName, container: string, attempt: number): string =>
  join(containerLogDir(places, pod, container), `${attempt}.log`);

/** The link by which log collectors find an instance's log; a name that is too long loses its end (S30). */
export function logLink(places: Places, pod: PodName, container: string, id: string): string {
  const whole = name("log link", `${pod.name}_${pod.namespace}_${container}-${id}`, Number.POSITIVE_INFINITY);
  return join(places.containerLogsDir, `${whole.slice(0, LONGEST_NAME - ".log".length)}.log`);
}

const LONGEST_NAME = 255;

/** Guards every name that becomes one path component: a manifest or a runtime may have written anything. */
function name(what: string, value: string, longest = LONGEST_NAME): string {
  const bad = value === "" || value === "." || value === ".." || value.includes("/") || value.includes("\0");
  if (bad) throw new BerthError("FileFailed", `${what} ${JSON.stringify(value)} cannot be a file's name`);
  if (Buffer.byteLength(value) > longest) {
    throw new BerthError("FileFailed", `${what} ${JSON.stringify(value)} is longer than ${longest} bytes`);
  }
  return value;
}
