import type { Chance, Clock, WallMs } from "../../base/clock.ts";
import { documentContent, runtimeClassContent } from "../../decide/cluster-document.ts";
import type { ClusterSelection, ClusterTypes } from "../../pod/cluster.ts";
import type { DocumentKey } from "../../pod/desired.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Cluster } from "../../ports.ts";
import type { ClusterShelf } from "../cluster-shelf.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import { makeFollow } from "./follow.ts";
import { forEachWanted } from "./for-each-wanted.ts";

/** Watches of single objects last 30 to 60 minutes (node.md 3.8): there may be hundreds of them. */
const SHORTEST_WATCH_SECONDS = 1800;

/**
 * Brings the wanted ConfigMaps, Secrets and runtime classes from the API server (node.md 3.8).
 *
 * D1  Each is listed and watched by its name alone: a node may not see other ConfigMaps and Secrets.
 * D2  What cannot change any more is not watched on.
 * D3  A watch ends when nobody wants its object any more.
 */
export function makeDocumentWatches(tools: {
  readonly cluster: Cluster;
  readonly shelf: Pick<ClusterShelf, "wanted" | "onWanted" | "put" | "gone">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
}): Round {
  const { shelf, clock } = tools;

  const work = async (key: DocumentKey, signal: AbortSignal): Promise<void> => {
    const [kind, namespace = "", name = ""] = key.split("/");
    const only = { fieldSelector: `metadata.name=${name}` };
    const seenAt = (): WallMs => clock.now().wallMs;
    if (kind === "RuntimeClass") {
      const of = { kind: "runtimeclasses", ...only } as const;
      await follow(of, key, (object) => shelf.put(runtimeClassContent(key, object, seenAt())), signal);
    }
    if (kind !== "ConfigMap" && kind !== "Secret") return;
    const settled = new AbortController();
    const take = (object: v1.ConfigMap | v1.Secret): void => {
      shelf.put(documentContent(key, object, seenAt()));
      if (object.immutable === true) settled.abort();
    };
    const of = { kind: kind === "Secret" ? "secrets" : "configmaps", namespace, ...only } as const;
    await follow(of, key, take, AbortSignal.any([signal, settled.signal]));
  };
  /** One object, for as long as it is wanted. */
  const follow = <K extends "configmaps" | "secrets" | "runtimeclasses">(
    of: ClusterSelection<K>,
    key: DocumentKey,
    take: (object: ClusterTypes[K]) => void,
    signal: AbortSignal,
  ): Promise<void> =>
    makeFollow({
      ...tools,
      of,
      topic: "documents",
      shortestWatchSeconds: SHORTEST_WATCH_SECONDS,
      follower: {
        onSet(objects: readonly ClusterTypes[K][]) {
          const [object] = objects;
          if (object === undefined) shelf.gone(key);
          else take(object);
        },
        onPut: take,
        onGone: () => shelf.gone(key),
      },
    })(signal, () => {});
  return forEachWanted({ shelf, clock, work });
}
