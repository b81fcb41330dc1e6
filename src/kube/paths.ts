import type { ClusterKind, ClusterPlace } from "../pod/cluster.ts";

/** Where each kind lives, and what its objects say of themselves. */
const HOMES: { readonly [K in ClusterKind]: { readonly version: string; readonly name: string } } = {
  nodes: { version: "v1", name: "Node" },
  pods: { version: "v1", name: "Pod" },
  events: { version: "v1", name: "Event" },
  configmaps: { version: "v1", name: "ConfigMap" },
  secrets: { version: "v1", name: "Secret" },
  services: { version: "v1", name: "Service" },
  leases: { version: "coordination.k8s.io/v1", name: "Lease" },
  certificatesigningrequests: { version: "certificates.k8s.io/v1", name: "CertificateSigningRequest" },
  runtimeclasses: { version: "node.k8s.io/v1", name: "RuntimeClass" },
};

/** `apiVersion` and `kind` of an object; the items of a list do not carry them. */
export const typeOf = (kind: ClusterKind): { readonly apiVersion: string; readonly kind: string } => ({
  apiVersion: HOMES[kind].version,
  kind: HOMES[kind].name,
});

/** The path of a collection, or of one object of it. */
export function pathOf(
  place: ClusterPlace<ClusterKind> & { readonly name?: string; readonly subresource?: string },
): string {
  const { version } = HOMES[place.kind];
  const parts = [
    version.includes("/") ? `/apis/${version}` : `/api/${version}`,
    ...(place.namespace === undefined ? [] : ["namespaces", encodeURIComponent(place.namespace)]),
    place.kind,
    ...(place.name === undefined ? [] : [encodeURIComponent(place.name)]),
    ...(place.subresource === undefined ? [] : [place.subresource]),
  ];
  return parts.join("/");
}

/** A short name for messages: `pods default/web`, `nodes n1`. */
export function nameOf(place: ClusterPlace<ClusterKind> & { readonly name?: string }): string {
  const name = [place.namespace, place.name].filter((part) => part !== undefined).join("/");
  return name === "" ? place.kind : `${place.kind} ${name}`;
}

/** The part of a URL behind the question mark, with it; empty when nothing is asked. */
export function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}
