import type { DiskUse, LocalStorage } from "../pod/local-storage.ts";
import type { NodeSettings } from "../pod/node.ts";
import { diskUse } from "./disk-use.ts";
import { doing } from "./failure.ts";
import { containerLogDir } from "./layout.ts";
import { makeUserPaths } from "./user-paths.ts";
import { pluginOf, volumeSource } from "./volume-source.ts";

/**
 * Measures pods below these places, one directory at a time, so that it never takes more than one of the threads for files.
 * Throws FileFailed.
 */
export function makeLocalStorage(
  places: Pick<NodeSettings, "rootDir" | "podLogsDir" | "containerLogsDir">,
): LocalStorage {
  const oneAtATime = makeUserPaths(1);
  return {
    use: (pod, signal) =>
      doing(`measure the files of pod ${pod.namespace}/${pod.name}`, "FileFailed", signal, () =>
        oneAtATime(async () => {
          const volumes: [string, DiskUse][] = [];
          for (const volume of pod.volumes) {
            if (!liesOnDisk(volume)) continue;
            volumes.push([volume.name, await diskUse(volumeSource(places, pod.uid, volume), signal)]);
          }
          const logs: [string, DiskUse][] = [];
          for (const { name } of pod.containers) {
            logs.push([name, await diskUse(containerLogDir(places, pod, name), signal)]);
          }
          return { volumes: new Map(volumes), logs: new Map(logs) };
        }, signal),
      ),
  };
}

/** Volumes of the host are not the pod's, and what lies in memory is on no disk. */
const liesOnDisk = ({ spec }: Parameters<typeof volumeSource>[2]): boolean =>
  pluginOf(spec) === "configmap" || (spec.emptyDir !== undefined && (spec.emptyDir?.medium ?? "") === "");
