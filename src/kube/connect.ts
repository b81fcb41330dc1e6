import type { Log } from "../base/log.ts";
import type { Meter } from "../pod/metrics.ts";
import type { Cluster, NodeCertificates, Reviews } from "../ports.ts";
import { type Calls, makeCalls } from "./calls.ts";
import { makeCluster } from "./cluster.ts";
import { type CredentialSource, openCredentials } from "./credentials.ts";
import { type Identity, type IdentityPaths, openIdentity } from "./identity.ts";
import { makeReviews } from "./reviews.ts";
import { wantsKeyEncipherment } from "./server-age.ts";

/** How the API server is reached. */
export type ClusterSettings = {
  readonly kubeconfig: string;
  /** Present: the node asks for its client certificate itself, and renews it. */
  readonly identity?: Omit<IdentityPaths, "kubeconfig">;
  readonly version: string;
  readonly log: Log;
  /** Counts requests, where somebody reads the counts. */
  readonly meter?: Pick<Meter, "add">;
  /** A call may take so long; a heartbeat less than others (node.md 1.1). */
  readonly timeoutMs: number;
  readonly heartbeatTimeoutMs: number;
};

/** The API server, twice: what is slow on one connection never holds up the heartbeats on the other. */
export type ClusterDoors = {
  readonly general: Cluster;
  readonly heartbeat: Cluster;
  readonly identity?: { readonly asking: Cluster; readonly certificates: NodeCertificates };
  /** On the connection of `general`. */
  readonly reviews: Reviews;
  close(): void;
};

/** Opens both doors; nothing is dialled before the first call. Throws ConfigInvalid for an unusable kubeconfig. */
export async function openCluster(settings: ClusterSettings): Promise<ClusterDoors> {
  const { kubeconfig, version, log, meter, timeoutMs, heartbeatTimeoutMs } = settings;
  const identity =
    settings.identity === undefined ? undefined : await openIdentity({ kubeconfig, ...settings.identity }, log);
  const credentials = identity?.credentials ?? (await openCredentials(kubeconfig, log));
  const userAgent = `berthd/${version}`;
  /** @bound Three at most. */
  const opened: Calls[] = [];
  const open = (source: CredentialSource, boundMs: number): Calls => {
    const calls = makeCalls({ credentials: source, userAgent, timeoutMs: boundMs, ...(meter && { meter }) });
    opened.push(calls);
    return calls;
  };
  const identityOver = ({ asking, certificates }: Identity): ClusterDoors["identity"] => {
    const calls = open(asking, timeoutMs);
    return {
      asking: makeCluster(calls),
      certificates: { ...certificates, wantsKeyEncipherment: (signal) => wantsKeyEncipherment(calls, signal) },
    };
  };
  const own = identity === undefined ? undefined : identityOver(identity);
  const general = open(credentials, timeoutMs);
  return {
    general: makeCluster(general),
    heartbeat: makeCluster(open(credentials, heartbeatTimeoutMs)),
    reviews: makeReviews(general),
    ...(own === undefined ? {} : { identity: own }),
    close() {
      for (const calls of opened) calls.disconnect();
    },
  };
}
