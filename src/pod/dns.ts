import type { DesiredPod } from "./desired.ts";
import type { NodeFacts, NodeSettings, ResolvConf } from "./node.ts";
import type * as v1 from "./v1.ts";

/** What a pod finds in its resolver file, and what had to be changed for that. */
export type PodDns = ResolvConf & { readonly warnings: readonly DnsWarning[] };

/** What a pod has to be told of its resolver file (lifecycle 10). */
export type DnsWarning =
  /** It had to be cut; what was applied. */
  | { readonly kind: "dnsCut"; readonly what: "nameservers" | "searches"; readonly applied: string }
  /** ClusterFirst is wanted and no cluster DNS is configured: the host's was taken. */
  | { readonly kind: "noClusterDns" };

const MOST_SERVERS = 3;
const MOST_SEARCHES = 32;
const LONGEST_SEARCH = 253;
const LONGEST_SEARCH_LIST = 2048;

/** The resolver file of a pod by its policy, its own wishes and the limits of resolvers (cri-mapping 1.3). */
export function podDns(
  pod: DesiredPod,
  settings: Pick<NodeSettings, "clusterDns" | "clusterDomain">,
  facts: Facts,
): PodDns {
  const wishes = kindOf(pod);
  const missing = wishes === "cluster" && settings.clusterDns.length === 0;
  const base = missing ? facts.resolvConf : baseOf(wishes, pod, settings, facts);
  const limited = limit(withOwn(base, pod.spec.dnsConfig));
  return missing ? { ...limited, warnings: [{ kind: "noClusterDns" }, ...limited.warnings] } : limited;
}

type Facts = Pick<NodeFacts, "resolvConf">;

/** An unknown policy counts as ClusterFirst. */
function kindOf({ spec, hostNetwork }: DesiredPod): "cluster" | "host" | "none" {
  switch (spec.dnsPolicy) {
    case "None":
      return "none";
    case "Default":
      return "host";
    case "ClusterFirst":
      return hostNetwork ? "host" : "cluster";
    default:
      return spec.dnsPolicy === undefined && hostNetwork ? "host" : "cluster";
  }
}

function baseOf(
  kind: "cluster" | "host" | "none",
  pod: DesiredPod,
  { clusterDns, clusterDomain }: Pick<NodeSettings, "clusterDns" | "clusterDomain">,
  { resolvConf }: Facts,
): ResolvConf {
  if (kind === "none") return { servers: [], searches: [], options: [] };
  if (kind === "host") return resolvConf;
  const ofCluster =
    clusterDomain === "" ? [] : [`${pod.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return { servers: clusterDns, searches: unique([...ofCluster, ...resolvConf.searches]), options: ["ndots:5"] };
}

function withOwn(base: ResolvConf, own: v1.PodDNSConfig | undefined): ResolvConf {
  if (own === undefined) return base;
  return {
    servers: unique([...base.servers, ...(own.nameservers ?? [])]),
    searches: unique([...base.searches, ...(own.searches ?? [])]),
    options: mergeOptions(base.options, own.options ?? []),
  };
}

/** By name, where the pod's value wins; the host's order first, then the pod's. */
function mergeOptions(base: readonly string[], own: readonly v1.PodDNSConfigOption[]): readonly string[] {
  const merged = new Map(base.map((option) => [option.split(":", 1)[0] ?? option, option]));
  for (const { name = "", value = "" } of own) merged.set(name, value === "" ? name : `${name}:${value}`);
  return [...merged.values()];
}

function limit({ servers, searches, options }: ResolvConf): PodDns {
  const kept = { servers: servers.slice(0, MOST_SERVERS), searches: limitSearches(searches), options };
  const warnings: DnsWarning[] = [];
  if (kept.servers.length < servers.length) {
    warnings.push({ kind: "dnsCut", what: "nameservers", applied: kept.servers.join(" ") });
  }
  if (kept.searches.length < searches.length) {
    warnings.push({ kind: "dnsCut", what: "searches", applied: kept.searches.join(" ") });
  }
  return { ...kept, warnings };
}

/** What the host's own resolver file has too much of, so that pods that take it over get less; undefined: nothing. */
export function hostDnsFault({ servers, searches }: ResolvConf): string | undefined {
  if (servers.length > MOST_SERVERS) return `of ${servers.length} nameservers pods get the first ${MOST_SERVERS}`;
  if (searches.length > MOST_SEARCHES)
    return `of ${searches.length} search domains pods get the first ${MOST_SEARCHES}`;
  const length = searches.join(" ").length;
  if (length <= LONGEST_SEARCH_LIST) return undefined;
  return `of ${length} characters of search domains pods get the first ${LONGEST_SEARCH_LIST}, in whole domains`;
}

function limitSearches(searches: readonly string[]): readonly string[] {
  const kept = searches.slice(0, MOST_SEARCHES).filter((path) => path.length <= LONGEST_SEARCH);
  while (kept.join(" ").length > LONGEST_SEARCH_LIST) kept.pop();
  return kept;
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
