import { canonicalHost } from "../base/alternative-names.ts";
import type { WallMs } from "../base/clock.ts";
import type {
  CertificateFacts,
  CertificateRequest,
  CertificateSubject,
  CertificateUse,
  NodeAddress,
} from "../pod/cluster.ts";

const GROUP = "system:nodes";
const SIGNERS: { readonly [U in CertificateUse]: string } = {
  client: "kubernetes.io/kube-apiserver-client-kubelet",
  serving: "kubernetes.io/kubelet-serving",
};
const USAGES: { readonly [U in CertificateUse]: string } = { client: "client auth", serving: "server auth" };
const EARLIEST = 0.7;
const LATEST = 0.9;

/** The name that a node has for its API server (node.md 1.1). */
export const nodeSubject = (nodeName: string): CertificateSubject => ({
  commonName: `system:node:${nodeName}`,
  organization: GROUP,
  names: [],
});

/** The same for serving, under the names and addresses of the node's status. Undefined without an address (node.md 1.3). */
export function servingSubject(nodeName: string, addresses: readonly NodeAddress[]): CertificateSubject | undefined {
  if (!addresses.some(({ type }) => type === "InternalIP" || type === "ExternalIP")) return undefined;
  const names = addresses.map(({ address }) => canonicalHost(address));
  return { ...nodeSubject(nodeName), names: [...new Set(names)].sort() };
}

/**
 * When a new certificate is to be asked for (node.md 1.4): after 70 to 90 % of its life, by chance (`fraction`, kept for one
 * certificate); at once when there is none, or when it lacks a name that it should have.
 */
export function renewalDueMs(held: CertificateFacts | undefined, wanted: CertificateSubject, fraction: number): WallMs {
  if (held === undefined || !isOf(held, wanted)) return Number.NEGATIVE_INFINITY;
  const lifeMs = held.notAfterMs - held.notBeforeMs;
  return held.notBeforeMs + lifeMs * (EARLIEST + (LATEST - EARLIEST) * fraction);
}

function isOf({ commonName, organizations, names }: CertificateFacts, wanted: CertificateSubject): boolean {
  const isNamed = wanted.names.every((name) => names.includes(name));
  return commonName === wanted.commonName && organizations.includes(wanted.organization) && isNamed;
}

/** The object that asks for a certificate (node.md 1.3); `request` as it stands in it. */
export const certificateRequest = (
  use: CertificateUse,
  request: string,
  keyEncipherment = false,
): CertificateRequest => ({
  metadata: { generateName: "csr-" },
  spec: {
    request,
    signerName: SIGNERS[use],
    usages: ["digital signature", ...(keyEncipherment ? ["key encipherment"] : []), USAGES[use]],
  },
});

/** What became of a request. */
export type CertificateVerdict =
  | { readonly kind: "waiting" }
  | { readonly kind: "issued"; readonly certificate: string }
  | { readonly kind: "refused"; readonly why: string };

/** Reads what became of the request that was `made` from how it is `seen` now. */
export function verdictOf(made: CertificateRequest, seen: CertificateRequest): CertificateVerdict {
  if (made.metadata.uid !== seen.metadata.uid) return { kind: "refused", why: "another request has its name" };
  const { certificate, conditions = [] } = seen.status ?? {};
  const no = conditions.find(({ type }) => type === "Denied" || type === "Failed");
  if (no !== undefined) return { kind: "refused", why: [no.type, no.reason, no.message].filter(Boolean).join(": ") };
  if (certificate === undefined || certificate === "") return { kind: "waiting" };
  return { kind: "issued", certificate };
}
