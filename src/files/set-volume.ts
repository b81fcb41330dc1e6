import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { DesiredPod, DesiredVolume } from "../pod/desired.ts";
import type { DocumentBodies } from "../pod/document.ts";
import type { Allocatable } from "../pod/resource-field.ts";
import type * as v1 from "../pod/v1.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { type Medium, setUpEmptyDir } from "./empty-dir.ts";
import { checkHostPath } from "./host-path.ts";
import { type Places, readyMarker, type VolumePlugin } from "./layout.ts";
import { memoryVolumeBytes } from "./memory-size.ts";
import type { Mounts } from "./mounts.ts";
import { makeNestedMountPoints } from "./nested-mounts.ts";
import { giveToGroup } from "./ownership.ts";
import { payloadOf } from "./payload.ts";
import type { UserPaths } from "./user-paths.ts";
import { pluginOf, volumeSource } from "./volume-source.ts";

/** What the making of volumes needs. */
export type VolumeTools = {
  readonly places: Places;
  readonly mounts: Mounts;
  readonly userPaths: UserPaths;
  readonly allocatable: Allocatable;
  readonly log: Log;
};

/** Makes one volume stand with the present content of its documents (5.2); may be called again. Throws VolumeFailed. */
export async function setVolume(
  pod: DesiredPod,
  volume: DesiredVolume,
  bodies: DocumentBodies,
  tools: VolumeTools,
  signal: AbortSignal,
): Promise<void> {
  const { hostPath, image } = volume.spec;
  if (image) return;
  if (hostPath) return tools.userPaths(() => checkHostPath(hostPath), signal);

  const directory = volumeSource(tools.places, pod.uid, volume);
  const plugin = pluginOf(volume.spec) ?? "empty-dir";
  const marker = readyMarker(tools.places, pod.uid, plugin, volume.name);
  const group = pod.spec.securityContext?.fsGroup;
  // Content that cannot be had yet must not leave an empty volume behind.
  const payload = payloadOf(volume, { pod, bodies, allocatable: tools.allocatable });

  const medium = mediumOf(plugin, volume.spec, pod, tools.allocatable);
  const isNew = await setUpEmptyDir({ directory, marker, medium }, tools.mounts, signal);
  if (payload === undefined) {
    if (isNew && group !== undefined) await giveToGroup(directory, group, "readWrite", tools.log);
    return;
  }
  await makeNestedMountPoints(pod, volume.name, directory, payload);
  await writeAtomically(directory, payload, async () => {
    if (group !== undefined) await giveToGroup(directory, group, "readOnly", tools.log);
  });
}

/** configMaps lie on disk like a plain emptyDir; whatever may hold a secret or the pod's own facts lies in memory. */
function mediumOf(plugin: VolumePlugin, spec: v1.Volume, pod: DesiredPod, allocatable: Allocatable): Medium {
  switch (plugin) {
    case "configmap":
      return { kind: "disk" };
    case "secret":
    case "downward-api":
    case "projected":
      return { kind: "memory", bytes: memoryVolumeBytes(pod, undefined, allocatable) };
    case "empty-dir":
      return emptyDirMedium(spec.emptyDir ?? {}, pod, allocatable);
  }
}

const HUGE_PAGES = "HugePages";

function emptyDirMedium(
  { medium = "", sizeLimit }: v1.EmptyDirVolumeSource,
  pod: DesiredPod,
  allocatable: Allocatable,
): Medium {
  if (medium === "") return { kind: "disk" };
  if (medium === "Memory") return { kind: "memory", bytes: memoryVolumeBytes(pod, sizeLimit, allocatable) };
  if (medium !== HUGE_PAGES && !medium.startsWith(`${HUGE_PAGES}-`)) throw failed(`the medium "${medium}" is unknown`);

  const sizes = hugePageSizes(pod);
  if (medium === HUGE_PAGES) {
    const [pageSize] = sizes;
    if (pageSize === undefined || sizes.size > 1) {
      throw failed(`the medium HugePages needs a pod that asks for exactly one page size, not for ${sizes.size}`);
    }
    return { kind: "hugePages", pageSize };
  }
  const pageSize = medium.slice(HUGE_PAGES.length + 1);
  if (!sizes.has(pageSize))
    throw failed(`the medium "${medium}" needs a container that asks for hugepages-${pageSize}`);
  return { kind: "hugePages", pageSize };
}

function hugePageSizes(pod: DesiredPod): Set<string> {
  const asked = [pod.spec.resources, ...pod.containers.map(({ spec }) => spec.resources)];
  const names = asked.flatMap((resources) => Object.keys({ ...resources?.limits, ...resources?.requests }));
  return new Set(names.flatMap((name) => /^hugepages-(\w+)$/.exec(name)?.[1] ?? []));
}

const failed = (message: string): BerthError => new BerthError("VolumeFailed", message);
