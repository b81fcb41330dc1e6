import type { Log } from "../base/log.ts";
import type { Meter } from "../pod/metrics.ts";
import type { Cluster, NodeCertificates, Reviews } from "../ports.ts";
import { type Call, type Calls, makeCalls } from "./calls.ts";
import { openCertificateStore } from "./certificate-store.ts";
import { makeCluster } from "./cluster.ts";
import { byWayOf, type CredentialSource, openCredentials } from "./credentials.ts";
import { type Environment, environmentProxies } from "./environment-proxy.ts";
import { type Identity, type IdentityPaths, openIdentity } from "./identity.ts";
import { makeReviews } from "./reviews.ts";
import { wantsKeyEncipherment } from "./server-age.ts";
import { certificatesOf, type StoredCertificates } from "./stored-certificates.ts";
import { makeTurns, type RequestRate } from "./turns.ts";

/** How the API server is reached. */
export type ClusterSettings = {
  readonly kubeconfig: string;
  /** Present: the node asks for its client certificate itself, and renews it. */
  readonly identity?: Omit<IdentityPaths, "kubeconfig">;
  /** Present: the certificate of the node's own API is asked for, and kept here. */
  readonly servingDirectory?: string;
  /** Of the process: it may name a proxy. */
  readonly environment: Environment;
  readonly version: string;
  readonly log: Log;
  readonly meter: Meter;
  /** A call may take so long; a heartbeat less than others (node.md 1.1). */
  readonly timeoutMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Of all but heartbeats and events, which have a pace of their own (node.md 1.1); absent: no bound. */
  readonly rate?: RequestRate;
};

/** The API server, twice: what is slow on one connection never holds up the heartbeats on the other. */
export type ClusterDoors = {
  readonly general: Cluster;
  readonly heartbeat: Cluster;
  readonly identity?: { readonly asking: Cluster; readonly certificates: NodeCertificates };
  /** Asked for over `general`: only the node itself may. */
  readonly serving?: NodeCertificates;
  /** On the connection of `general`. */
  readonly reviews: Reviews;
  close(): void;
};

/** Opens both doors; nothing is dialled before the first call. Throws ConfigInvalid for an unusable kubeconfig or proxy. */
export async function openCluster(settings: ClusterSettings): Promise<ClusterDoors> {
  const { kubeconfig, version, log, meter, timeoutMs, heartbeatTimeoutMs } = settings;
  const identity =
    settings.identity === undefined ? undefined : await openIdentity({ kubeconfig, ...settings.identity }, log);
  const serving =
    settings.servingDirectory === undefined
      ? undefined
      : await openCertificateStore(settings.servingDirectory, log, "serving");
  const credentials = identity?.credentials ?? (await openCredentials(kubeconfig, log));
  const proxyFor = environmentProxies(settings.environment);
  // A proxy that cannot be used is told at the start.
  await byWayOf(proxyFor, credentials).place(new AbortController().signal);
  const userAgent = `berthd/${version}`;
  /** @bound Three at most. */
  const opened: Calls[] = [];
  const open = (source: CredentialSource, boundMs: number, rate?: RequestRate): Calls => {
    const turns = rate && makeTurns(rate);
    const turn = async (call: Call, signal: AbortSignal): Promise<void> => {
      if (!isEvent(call)) await turns?.take(signal);
    };
    const calls = makeCalls({ credentials: byWayOf(proxyFor, source), userAgent, timeoutMs: boundMs, meter, turn });
    opened.push(calls);
    return calls;
  };
  const asked = (certificates: StoredCertificates, calls: Calls): NodeCertificates => ({
    ...certificates,
    wantsKeyEncipherment: (signal) => wantsKeyEncipherment(calls, signal),
  });
  const identityOver = ({ asking, certificates }: Identity): ClusterDoors["identity"] => {
    const calls = open(asking, timeoutMs);
    return { asking: makeCluster(calls), certificates: asked(certificates, calls) };
  };
  const own = identity === undefined ? undefined : identityOver(identity);
  const general = open(credentials, timeoutMs, settings.rate);
  return {
    general: makeCluster(general),
    heartbeat: makeCluster(open(credentials, heartbeatTimeoutMs)),
    reviews: makeReviews(general),
    ...(own === undefined ? {} : { identity: own }),
    ...(serving === undefined ? {} : { serving: asked(certificatesOf(serving), general) }),
    close() {
      for (const calls of opened) calls.disconnect();
    },
  };
}

const isEvent = ({ path }: Call): boolean => /^\/api\/v1\/namespaces\/[^/]+\/events(?:[/?]|$)/.test(path);
