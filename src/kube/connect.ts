import type { Log } from "../base/log.ts";
import type { Cluster, Reviews } from "../ports.ts";
import { type Calls, makeCalls } from "./calls.ts";
import { makeCluster } from "./cluster.ts";
import { openCredentials } from "./credentials.ts";
import { makeReviews } from "./reviews.ts";

/** How the API server is reached. */
export type ClusterSettings = {
  readonly kubeconfig: string;
  readonly version: string;
  readonly log: Log;
  /** A call may take so long; a heartbeat less than others (node.md 1.1). */
  readonly timeoutMs: number;
  readonly heartbeatTimeoutMs: number;
};

/** The API server, twice: what is slow on one connection never holds up the heartbeats on the other. */
export type ClusterDoors = {
  readonly general: Cluster;
  readonly heartbeat: Cluster;
  /** On the connection of `general`. */
  readonly reviews: Reviews;
  close(): void;
};

/** Opens both doors; nothing is dialled before the first call. Throws ConfigInvalid for an unusable kubeconfig. */
export async function openCluster(settings: ClusterSettings): Promise<ClusterDoors> {
  const { kubeconfig, version, log, timeoutMs, heartbeatTimeoutMs } = settings;
  const credentials = await openCredentials(kubeconfig, log);
  const userAgent = `berthd/${version}`;
  const general = makeCalls({ credentials, userAgent, timeoutMs });
  const heartbeat = makeCalls({ credentials, userAgent, timeoutMs: heartbeatTimeoutMs });
  const close = (calls: Calls): void => calls.disconnect();
  return {
    general: makeCluster(general),
    heartbeat: makeCluster(heartbeat),
    reviews: makeReviews(general),
    close() {
      close(general);
      close(heartbeat);
    },
  };
}
