import type { Log } from "../base/log.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { NodeSettings } from "../pod/node.ts";
import type * as v1 from "../pod/v1.ts";

/** What the agent's files need to know of the world. */
export type PodFilesOptions = {
  readonly settings: Pick<NodeSettings, "rootDir" | "podLogsDir" | "containerLogsDir" | "clusterDomain">;
  readonly log: Log;
  readonly numbers: PodNumbers;
  /** Whether the runtime can make a mount read-only with all that lies below it (cri-mapping 2.4). */
  readonly recursiveReadOnly: () => boolean;
  /** The node's own hosts file, for pods on the host network. */
  readonly hostsFile: string;
  /** Threads that Node.js has for files: paths that users control get half of them. */
  readonly threadPoolSize: number;
};

/** Numbers that follow from a pod's resources and the node's. Pure. */
export type PodNumbers = {
  /** Decimal text of a resourceFieldRef (2.3); throws ContainerConfigInvalid when there is no such container. */
  resourceField(pod: DesiredPod, ref: v1.ResourceFieldSelector): string;
  /** Size of a memory-backed volume in bytes: the least of node, pod and sizeLimit (5.2); undefined when none is known. */
  memoryVolumeBytes(pod: DesiredPod, sizeLimit: v1.Quantity | undefined): number | undefined;
};
