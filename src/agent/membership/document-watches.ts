import type { Chance, Clock } from "../../base/clock.ts";
import { documentContent } from "../../decide/cluster-document.ts";
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
 * Brings the wanted ConfigMaps and Secrets from the API server (node.md 3.8).
 *
 * D1  Each is listed and watched by its name alone: a node may not see others.
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
    if (kind !== "ConfigMap" && kind !== "Secret") return;
    const settled = new AbortController();
    const take = (object: v1.ConfigMap | v1.Secret): void => {
      shelf.put(documentContent(key, object, clock.now().wallMs));
      if (object.immutable === true) settled.abort();
    };
    const follow = makeFollow({
      ...tools,
      of: { kind: kind === "Secret" ? "secrets" : "configmaps", namespace, fieldSelector: `metadata.name=${name}` },
      topic: "documents",
      shortestWatchSeconds: SHORTEST_WATCH_SECONDS,
      follower: {
        onSet(objects: readonly (v1.ConfigMap | v1.Secret)[]) {
          const [object] = objects;
          if (object === undefined) shelf.gone(key);
          else take(object);
        },
        onPut: take,
        onGone: () => shelf.gone(key),
      },
    });
    await follow(AbortSignal.any([signal, settled.signal]), () => {});
  };
  return forEachWanted({ shelf, clock, work });
}
