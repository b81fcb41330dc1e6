import { extendedAllocatable } from "../decide/cluster-node.ts";
import type { ClusterNode, Placement, Service } from "../pod/cluster.ts";
import type { DesiredPod, DocumentKey } from "../pod/desired.ts";
import type { DocumentBodies, DocumentContent } from "../pod/document.ts";
import type { DocumentVersions } from "../pod/plan.ts";
import { serviceVariables } from "../pod/service-env.ts";

/**
 * What an API server has told besides pods: the ConfigMaps and Secrets of those that it has bound to the node, in memory only
 * (node.md 3.8), its services, and how it shows the node.
 *
 * K4  A document is wanted as long as a pod uses it, and kept no longer.
 * K5  What the server was last heard to have goes on being used while it is away. What was not heard of yet is neither there
 *     nor missing: its pods wait, even where it is optional.
 * K6  A token that has expired is given out to nobody. Volumes that it is in stay as they are; new ones wait for its successor.
 */
export type ClusterShelf = {
  bodies(keys: readonly DocumentKey[]): DocumentBodies;
  versions(pod: DesiredPod): DocumentVersions;
  /** The pods that there are: their documents are wanted, and no others. */
  follow(pods: readonly DesiredPod[]): void;
  /** Each with a stamp, which is another one when the document was not wanted in between. */
  wanted(): ReadonlyMap<DocumentKey, number>;
  /** Whoever brings documents hears when others are wanted. */
  onWanted(listener: () => void): void;
  /** The services that a pod of the API server finds in its environment; undefined while they were never heard of. */
  services(pod: DesiredPod): ReadonlyMap<string, string> | undefined;
  setServices(services: readonly Service[]): void;
  /** Labels, taints and extended resources of the node there; undefined while they were never heard of. */
  placement(): Placement | undefined;
  setNode(node: ClusterNode): void;
  put(content: DocumentContent): void;
  gone(key: DocumentKey): void;
  /** Of a token, whose time is over. */
  expire(key: DocumentKey): void;
};

/**
 * An empty shelf; `ring` hears which pods use a document that came, changed or went, `onPlacement` that the node's labels,
 * taints or extended resources are others.
 */
export function makeClusterShelf(
  ring: (podUids: readonly string[]) => void,
  onPlacement: () => void = () => {},
): ClusterShelf {
  /** @bound Documents that pods use. */
  let users: ReadonlyMap<DocumentKey, readonly string[]> = new Map();
  /** @bound Pods of the API server. */
  let apiPods: readonly string[] = [];
  /** @bound Documents that pods use. */
  const stamps = new Map<DocumentKey, number>();
  let stamp = 0;
  let services: readonly Service[] | undefined;
  let placement: Placement | undefined;
  /** @bound Documents that pods use and that were heard of. */
  const heard = new Map<DocumentKey, DocumentContent | Absence>();
  /** @bound Parts of the agent that bring documents: a fixed number. */
  const listeners: (() => void)[] = [];

  const take = (key: DocumentKey, next: DocumentContent | Absence): void => {
    if (!users.has(key) || versionOf(heard.get(key)) === versionOf(next)) return;
    heard.set(key, next);
    ring(users.get(key) ?? []);
  };

  return {
    versions: (pod) => new Map(pod.documents.map(({ key }) => [key, versionOf(heard.get(key))])),
    bodies(keys): DocumentBodies {
      return new Map(
        keys.flatMap((key) => {
          const content = heard.get(key);
          return content === undefined || typeof content === "string" ? [] : [[key, content.body] as const];
        }),
      );
    },
    follow(pods) {
      users = usersOf(pods);
      apiPods = pods.filter(({ origin }) => origin.kind === "api").map(({ uid }) => uid);
      const left = [...stamps.keys()].filter((key) => !users.has(key));
      const come = [...users.keys()].filter((key) => !stamps.has(key));
      for (const key of left) {
        stamps.delete(key);
        heard.delete(key);
      }
      for (const key of come) {
        stamp += 1;
        stamps.set(key, stamp);
      }
      if (left.length + come.length > 0) for (const listener of listeners) listener();
    },
    wanted: () => stamps,
    services: (pod) => (services === undefined ? undefined : serviceVariables(services, pod)),
    setServices(next) {
      const isFirst = services === undefined;
      services = next;
      if (isFirst) ring(apiPods);
    },
    placement: () => placement,
    setNode({ metadata, spec, status = {} }) {
      const extended = extendedAllocatable(status);
      const next = { labels: metadata.labels ?? {}, taints: spec?.taints ?? [], extended };
      if (placement !== undefined && JSON.stringify(next) === JSON.stringify(placement)) return;
      placement = next;
      onPlacement();
    },
    onWanted: (listener) => void listeners.push(listener),
    put: (content) => take(content.key, content),
    gone: (key) => take(key, "missing"),
    expire: (key) => take(key, "expired"),
  };
}

/** Why a document that was heard of cannot be used. */
type Absence = "missing" | "expired";

const versionOf = (content: DocumentContent | Absence | undefined): string =>
  content === undefined ? "unheard" : typeof content === "string" ? content : content.version;

function usersOf(pods: readonly DesiredPod[]): ReadonlyMap<DocumentKey, readonly string[]> {
  const users = new Map<DocumentKey, string[]>();
  for (const { uid, origin, documents } of pods) {
    if (origin.kind !== "api") continue;
    for (const { key } of documents) {
      const uids = users.get(key);
      if (uids === undefined) users.set(key, [uid]);
      else uids.push(uid);
    }
  }
  return users;
}
