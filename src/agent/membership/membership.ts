import type { Chance, Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { nodeSubject, servingSubject } from "../../decide/certificate.ts";
import { addressesOf, type NodeIdentity } from "../../decide/cluster-node.ts";
import { isMirror, type MirrorOwner } from "../../decide/mirror-pod.ts";
import type { CertificateSubject, ClusterContact, ClusterNode } from "../../pod/cluster.ts";
import type { CountedEvent, PodEvent } from "../../pod/event.ts";
import type { Meter } from "../../pod/metrics.ts";
import type { Standing } from "../../pod/standing.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Cluster, NodeCertificates, View } from "../../ports.ts";
import type { BoundAgent } from "../bound-pods.ts";
import type { ClusterShelf } from "../cluster-shelf.ts";
import { type Loop, type Round, startLoop } from "../loop.ts";
import { makeCertificateBeat } from "./certificate-beat.ts";
import { makeContact } from "./contact.ts";
import { makeDocumentWatches } from "./document-watches.ts";
import { makeEventFeed } from "./event-feed.ts";
import { makeFitting } from "./fitting.ts";
import { type Follower, makeFollow } from "./follow.ts";
import { makeLeaseBeat } from "./lease-beat.ts";
import { makeMirrors } from "./mirrors.ts";
import { makeNodeBeat, type StatusPace } from "./node-beat.ts";
import { type Beginnings, makeNodeStartup } from "./node-startup.ts";
import type { Rate } from "./pace.ts";
import { makeReports } from "./reports.ts";
import { serviceFollower } from "./service-watch.ts";
import { makeTokens } from "./tokens.ts";

/** What a node needs to be one of a cluster's. */
export type MembershipSetup = {
  readonly identity: NodeIdentity;
  readonly pace: StatusPace;
  readonly register: boolean;
  readonly leaseSeconds: number;
  readonly eventRate: Rate;
  readonly began: Beginnings;
  /** Hears which addresses the cluster has given to the node's pods, in CIDR notation with commas; again and again the same. */
  onPodRange?(range: string): void;
};

/** The ways to the API server; no connection of one is another's, so that what is slow on one holds up nothing else. */
export type MembershipDoors = {
  readonly general: Cluster;
  readonly heartbeat: Cluster;
  /** Present: the node looks after its own certificate, and asks for it here. */
  readonly identity?: { readonly asking: Cluster; readonly certificates: NodeCertificates };
  /** Present: the certificate of the node's own API is asked for as well, over `general`. */
  readonly serving?: NodeCertificates;
};

/** A node that is one of a cluster's, as far as the cluster can be reached; nothing local depends on it. */
export type Membership = {
  contact(): ClusterContact;
  /** Ends its loops; the node, its lease and its pods stay as they are. */
  stop(): Promise<void>;
};

/** Joins a cluster (node.md 1, 2). */
export function joinCluster(
  doors: MembershipDoors,
  agent: {
    standing(): Standing;
    onStanding(listener: () => void): void;
    tell(events: readonly PodEvent[]): void;
    /** Absent: events stay on the host. */
    onEvent?(listener: (event: CountedEvent) => void): void;
    /** Absent: no pod uses documents of the cluster. */
    readonly clusterShelf?: ClusterShelf;
    /** Absent: the pods of the host are not shown to the cluster. */
    readonly view?: Pick<View, "watchPods" | "health">;
    /** Absent: pods of the cluster do not run here. */
    readonly bound?: BoundAgent | undefined;
    /** Absent: nobody begins the agent anew when the lease is no longer renewed. */
    watchOver?(loop: Loop): void;
  },
  setup: MembershipSetup,
  means: { readonly clock: Clock; readonly chance: Chance; readonly log: Log; readonly meter: Meter },
): Membership {
  const { identity, pace, register, leaseSeconds } = setup;
  const { nodeName } = identity.facts;
  const { clock, log, meter } = means;
  const leaving = new AbortController();
  const contact = makeContact(means);
  meter.set("kubelet_node_name", { node: nodeName }, 1);
  const shared = { ...means, contact };
  const node = makeNodeBeat({
    ...shared,
    cluster: doors.heartbeat,
    identity,
    pace,
    register,
    startup: makeNodeStartup({ clock, meter, began: setup.began }),
    standing: agent.standing,
    tell: agent.tell,
  });
  const lease = makeLeaseBeat({
    ...shared,
    cluster: doors.heartbeat,
    nodeName,
    durationSeconds: leaseSeconds,
    nodeUid: node.uid,
    // What was sent into a connection that died is not waited for until its time is over.
    onReturn: () => doors.general.disconnect(),
  });
  const see = (seen: ClusterNode): void => {
    node.see(seen);
    setup.onPodRange?.(seen.spec?.podCIDRs?.join(",") || seen.spec?.podCIDR || "");
    agent.clusterShelf?.setNode(seen);
  };
  const ownNode = makeFollow({
    ...shared,
    cluster: doors.general,
    of: { kind: "nodes", fieldSelector: `metadata.name=${nodeName}` },
    topic: "node watch",
    follower: {
      onSet(items: readonly ClusterNode[]) {
        const [own] = items;
        if (own === undefined) node.gone();
        else see(own);
      },
      onPut: see,
      onGone: node.gone,
    },
  });
  const loops: Loop[] = [];
  const start = (name: string, run: Round, beat: { readonly beatWithinMs?: number } = {}): Loop => {
    const loop = startLoop(name, run, { clock, log, signal: leaving.signal, ...beat });
    loops.push(loop);
    return loop;
  };
  const signOfLife = start("lease", lease.run, lease);
  agent.watchOver?.(signOfLife);
  start("node status", node.run);
  start("own node", ownNode);
  if (doors.identity !== undefined) {
    const { asking, certificates } = doors.identity;
    const own = { use: "client", subject: () => nodeSubject(nodeName) } as const;
    start("certificate", makeCertificateBeat({ ...shared, ...own, cluster: asking, certificates }));
  }
  const servingName = (): CertificateSubject | undefined => {
    const told = identity.cloud === undefined ? addressesOf({}, identity) : node.known()?.status?.addresses;
    return servingSubject(nodeName, told ?? []);
  };
  // Addresses of its own are all that the node will ever have; a cloud's controller may still tell some.
  if (doors.serving !== undefined && (identity.cloud !== undefined || servingName() !== undefined)) {
    const own = { use: "serving", subject: servingName, certificates: doors.serving } as const;
    start("serving certificate", makeCertificateBeat({ ...shared, ...own, cluster: doors.general }));
  }
  agent.onStanding(node.ring);
  if (agent.onEvent !== undefined) {
    const events = makeEventFeed({
      ...shared,
      cluster: doors.general,
      nodeName,
      rate: setup.eventRate,
    });
    agent.onEvent(events.offer);
    start("cluster events", events.run);
  }
  if (agent.clusterShelf !== undefined) {
    const shelved = { ...shared, cluster: doors.general, shelf: agent.clusterShelf };
    start("cluster documents", makeDocumentWatches(shelved));
    start("service account tokens", makeTokens(shelved));
    const follower = serviceFollower(agent.clusterShelf);
    start("services", makeFollow({ ...shelved, of: { kind: "services" }, topic: "services", follower }));
  }
  if (agent.view !== undefined) {
    const mirrors = makeMirrors({
      ...shared,
      cluster: doors.general,
      view: agent.view,
      owner: () => ownerOf(node.known()),
    });
    const heard: Follower<v1.Pod>[] = [mirrors.follower];
    if (agent.bound !== undefined) {
      const reports = makeReports({ ...shared, ...agent.bound, cluster: doors.general, view: agent.view });
      const shelf = agent.clusterShelf;
      const fitting = makeFitting({
        ...{ ...shared, nodeName, follower: withoutMirrors(agent.bound.follower) },
        placement: () => shelf?.placement(),
        readNode: async (signal) => see(await doors.general.get({ kind: "nodes", name: nodeName }, signal)),
      });
      heard.push(reports.follower, fitting.follower);
      start("fitting pods", fitting.run);
      start("pods of the cluster", reports.watchLocal);
      start("pod statuses", reports.run);
    }
    start(
      "pod watch",
      makeFollow({
        ...shared,
        cluster: doors.general,
        of: { kind: "pods", fieldSelector: `spec.nodeName=${nodeName}` },
        topic: "pod watch",
        follower: together(heard),
      }),
    );
    start("pods of the host", mirrors.watchLocal);
    start("mirror pods", mirrors.run);
  }

  return {
    contact: contact.show,
    async stop() {
      leaving.abort();
      await Promise.all(loops.map((loop) => loop.over));
    },
  };
}

/** All hear the same, in this order. */
const together = <T>(followers: readonly Follower<T>[]): Follower<T> => ({
  onSet(items) {
    for (const one of followers) one.onSet(items);
  },
  onPut(object) {
    for (const one of followers) one.onPut(object);
  },
  onGone(object) {
    for (const one of followers) one.onGone(object);
  },
});

/** Mirrors are shown to the server by the node: they are no wish of the server's (node.md 3.5). */
const withoutMirrors = ({ onSet, onPut, onGone }: Follower<v1.Pod>): Follower<v1.Pod> => ({
  onSet: (pods) => onSet(pods.filter((pod) => !isMirror(pod))),
  onPut: (pod) => void (isMirror(pod) || onPut(pod)),
  onGone: (pod) => void (isMirror(pod) || onGone(pod)),
});

/** A node that is being deleted gets no new mirrors (node.md 3.5). */
function ownerOf(node: ClusterNode | undefined): MirrorOwner | undefined {
  const { name, uid, deletionTimestamp } = node?.metadata ?? {};
  return name === undefined || uid === undefined || deletionTimestamp !== undefined ? undefined : { name, uid };
}
