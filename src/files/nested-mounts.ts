import { join, posix } from "node:path";
import type { DesiredPod } from "../pod/desired.ts";
import { makeDirs } from "./exact.ts";
import type { Payload } from "./payload.ts";

/**
 * Makes directories in a content volume for the mounts that containers nest inside it: such a volume is read-only to
 * the runtime, which could not make them itself (cri-mapping 2.4).
 */
export async function makeNestedMountPoints(
  pod: DesiredPod,
  volume: string,
  directory: string,
  payload: Payload,
): Promise<void> {
  const shown = new Set([...payload.keys()].map((path) => path.split("/", 1)[0]));
  for (const nested of nestedPaths(pod, volume)) {
    // A name of the payload is a link into a version that goes with the next update.
    if (!shown.has(nested.split("/", 1)[0])) await makeDirs(join(directory, nested), 0o755);
  }
}

/** Paths relative to the volume, over all containers. */
function nestedPaths(pod: DesiredPod, volume: string): Set<string> {
  const paths = pod.containers.flatMap(({ spec }) => {
    const mounts = (spec.volumeMounts ?? []).map((mount) => ({
      ...mount,
      at: posix.normalize(`/${mount.mountPath}/`),
    }));
    const outer = mounts.filter(({ name, subPath, subPathExpr }) => name === volume && !subPath && !subPathExpr);
    return outer.flatMap(({ at: above }) =>
      mounts.filter(({ at }) => at !== above && at.startsWith(above)).map(({ at }) => at.slice(above.length, -1)),
    );
  });
  return new Set(paths);
}
