/** Keys in Kubernetes' own domains that a node may set on itself. */
const ALLOWED: readonly string[] = [
  ...["hostname", "os", "arch"].map((name) => `kubernetes.io/${name}`),
  ...["os", "arch", "instance-type"].map((name) => `beta.kubernetes.io/${name}`),
  "node.kubernetes.io/instance-type",
  ...["region", "zone"].flatMap((name) => [
    `topology.kubernetes.io/${name}`,
    `failure-domain.beta.kubernetes.io/${name}`,
  ]),
];
/** Domains, with all below them, whose keys are the node's. */
const OWN_DOMAINS: readonly string[] = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const RESERVED_DOMAINS: readonly string[] = ["kubernetes.io", "k8s.io"];

/** Whether an API server lets a node give itself a label of this key; of others it refuses the whole node (node.md 1.5). */
export function mayLabelItself(key: string): boolean {
  const slash = key.indexOf("/");
  if (slash < 0 || ALLOWED.includes(key)) return true;
  const isIn = (domains: readonly string[]): boolean =>
    domains.some((domain) => key.slice(0, slash) === domain || key.slice(0, slash).endsWith(`.${domain}`));
  return isIn(OWN_DOMAINS) || !isIn(RESERVED_DOMAINS);
}
