import type { DesiredPod } from "./desired.ts";

/** What files take of a disk. */
export type DiskUse = { readonly bytes: number; readonly inodes: number };

/** What a pod has on the disk of the root directory, but for the writable layers of its containers. */
export type LocalUse = {
  /** emptyDir volumes on disk, ConfigMaps, by the name of the volume. */
  readonly volumes: ReadonlyMap<string, DiskUse>;
  /** Logs, rotated ones too, by the name of the container. */
  readonly logs: ReadonlyMap<string, DiskUse>;
};

/** Measures what pods have on disk. It reads every directory of them, which takes as long as there are files. */
export type LocalStorage = { use(pod: DesiredPod, signal: AbortSignal): Promise<LocalUse> };
