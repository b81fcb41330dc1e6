import type { WallMs } from "../base/clock.ts";
import type { CertificateFacts, CertificateRequest } from "../pod/cluster.ts";

const GROUP = "system:nodes";
const SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
const EARLIEST = 0.7;
const LATEST = 0.9;

/** The name that a node has for its API server (node.md 1.1). */
export const nodeSubject = (nodeName: string): { readonly commonName: string; readonly organization: string } => ({
  commonName: `system:node:${nodeName}`,
  organization: GROUP,
});

/**
 * When a new certificate is to be asked for (node.md 1.4): after 70 to 90 % of its life, by chance (`fraction`, kept for one
 * certificate); at once when there is none or it is another node's.
 */
export function renewalDueMs(held: CertificateFacts | undefined, nodeName: string, fraction: number): WallMs {
  if (held === undefined || !isOf(held, nodeName)) return Number.NEGATIVE_INFINITY;
  const lifeMs = held.notAfterMs - held.notBeforeMs;
  return held.notBeforeMs + lifeMs * (EARLIEST + (LATEST - EARLIEST) * fraction);
}

function isOf({ commonName, organizations }: CertificateFacts, nodeName: string): boolean {
  const wanted = nodeSubject(nodeName);
  return commonName === wanted.commonName && organizations.includes(wanted.organization);
}

/** The object that asks for a client certificate (node.md 1.3); `request` as it stands in it. */
export const certificateRequest = (request: string, keyEncipherment = false): CertificateRequest => ({
  metadata: { generateName: "csr-" },
  spec: {
    request,
    signerName: SIGNER,
    usages: ["digital signature", ...(keyEncipherment ? ["key encipherment"] : []), "client auth"],
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
