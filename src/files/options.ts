import type { Log } from "../base/log.ts";
import type { NodeSettings } from "../pod/node.ts";
import type { Allocatable } from "../pod/resource-field.ts";
import type { UserRanges } from "./user-ranges.ts";

/** What the agent's files need to know of the world. */
export type PodFilesOptions = {
  readonly settings: Pick<NodeSettings, "rootDir" | "podLogsDir" | "containerLogsDir" | "clusterDomain">;
  readonly log: Log;
  /** What the node offers to pods: the ceiling of memory-backed volumes, and of limits that are not set. */
  readonly allocatable: Allocatable;
  /** Whether the runtime can make a mount read-only with all that lies below it (cri-mapping 2.4). */
  readonly recursiveReadOnly: () => boolean;
  /** The node's own hosts file, for pods on the host network. */
  readonly hostsFile: string;
  /** Threads that Node.js has for files: paths that users control get half of them. */
  readonly threadPoolSize: number;
  /** Where pods with `hostUsers: false` get their ids; absent: they cannot be made. */
  readonly users?: UserRanges;
};
