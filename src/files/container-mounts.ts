import { BerthError } from "../base/errors.ts";
import type { DesiredPod, DesiredVolume } from "../pod/desired.ts";
import { expand } from "../pod/expansion.ts";
import type * as v1 from "../pod/v1.ts";
import type { PreparedMount, PrepareRequest } from "../ports.ts";
import { type Places, subPathTarget } from "./layout.ts";
import type { Mounts } from "./mounts.ts";
import { checkSubPath, mountSubPath } from "./sub-path.ts";
import type { UserPaths } from "./user-paths.ts";
import { isReadOnlyByNature, volumeSource } from "./volume-source.ts";

/** What the making of a container's mounts needs. */
export type MountTools = {
  readonly places: Places;
  readonly mounts: Mounts;
  readonly userPaths: UserPaths;
  readonly recursiveReadOnly: () => boolean;
};

/** One mount for each volumeMount, in their order (cri-mapping 2.4). Throws ContainerConfigInvalid, VolumeFailed. */
export async function volumeMounts(
  request: PrepareRequest,
  tools: MountTools,
  signal: AbortSignal,
): Promise<readonly PreparedMount[]> {
  const written = request.container.spec.volumeMounts ?? [];
  return Promise.all(
    written.map(async (mount, index) => {
      const volume = volumeOf(request.pod, mount.name);
      const shape = {
        containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
        readOnly: mount.readOnly === true || isReadOnlyByNature(volume.spec),
        propagation: propagationOf(mount),
        recursiveReadOnly: isRecursiveReadOnly(mount, tools.recursiveReadOnly()),
      };
      const subPath = subPathOf(mount, request);
      const { image } = volume.spec;
      if (image) {
        const ref = image.reference ?? "";
        return { ...shape, hostPath: "", image: { ref, written: ref, subPath } };
      }
      const place = { mount, index, volume, subPath };
      return { ...shape, hostPath: await hostPathOf(place, request, tools, signal) };
    }),
  );
}

function volumeOf(pod: DesiredPod, name: string): DesiredVolume {
  const volume = pod.volumes.find((candidate) => candidate.name === name);
  if (volume === undefined) throw invalid(`there is no volume "${name}"`);
  return volume;
}

type MountPlace = {
  readonly mount: v1.VolumeMount;
  readonly index: number;
  readonly volume: DesiredVolume;
  readonly subPath: string;
};

async function hostPathOf(
  { mount, index, volume, subPath }: MountPlace,
  { pod, container }: PrepareRequest,
  tools: MountTools,
  signal: AbortSignal,
): Promise<string> {
  const source = volumeSource(tools.places, pod.uid, volume);
  if (subPath === "") return source;
  const target = subPathTarget(tools.places, pod.uid, mount.name, container.name, index);
  try {
    const work = (): Promise<void> => mountSubPath({ volume: source, subPath, target }, tools.mounts, signal);
    // Only a hostPath can hang; what lies under the root directory must not queue behind it.
    await (volume.spec.hostPath ? tools.userPaths(work, signal) : work());
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const what = `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`;
    const reason = error.code === "ContainerConfigInvalid" ? `: ${error.message}` : "";
    throw new BerthError("ContainerConfigInvalid", `${what}${reason}`, { cause: error });
  }
  return target;
}

/** The subPath as written or as its expression comes out (2.2); empty for the whole volume. */
function subPathOf(mount: v1.VolumeMount, request: PrepareRequest): string {
  const subPath = mount.subPathExpr ? expandSubPath(mount.subPathExpr, request) : (mount.subPath ?? "");
  checkSubPath(subPath);
  return subPath;
}

function expandSubPath(written: string, { environment }: PrepareRequest): string {
  const values = new Map(environment.map(({ name, value }) => [name, value]));
  const missing: string[] = [];
  const expanded = expand(written, (name) => {
    const value = values.get(name);
    if (!value) missing.push(name);
    return value;
  });
  if (missing.length > 0) throw invalid(`missing value for ${missing.map((name) => `"${name}"`).join(", ")}`);
  return expanded;
}

function propagationOf({ name, mountPropagation }: v1.VolumeMount): PreparedMount["propagation"] {
  switch (mountPropagation) {
    case undefined:
    case "":
    case "None":
      return "private";
    case "HostToContainer":
      return "hostToContainer";
    case "Bidirectional":
      return "bidirectional";
  }
  throw invalid(`the volumeMount "${name}" has the unknown mountPropagation "${mountPropagation}"`);
}

function isRecursiveReadOnly(mount: v1.VolumeMount, supported: boolean): boolean {
  const wish = mount.recursiveReadOnly ?? "";
  if (wish === "" || wish === "Disabled") return false;
  const what = `the volumeMount "${mount.name}" asks for recursiveReadOnly`;
  if (mount.readOnly !== true) throw invalid(`${what}, but is not readOnly`);
  if (propagationOf(mount) !== "private") throw invalid(`${what}, but has a mountPropagation`);
  if (wish === "IfPossible") return supported;
  if (wish !== "Enabled") throw invalid(`${what} in the unknown way "${wish}"`);
  if (!supported) throw invalid(`${what}, which the container runtime cannot do`);
  return true;
}

const invalid = (message: string): BerthError => new BerthError("ContainerConfigInvalid", message);
