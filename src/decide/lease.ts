import type { Lease } from "../pod/cluster.ts";
import { formatMicroTime } from "../pod/time.ts";

/** Whose lease it is, and for how long one renewal counts. */
export type LeaseWish = { readonly nodeName: string; readonly durationSeconds: number };

/** The namespace of the leases of all nodes. */
export const LEASE_NAMESPACE = "kube-node-lease";

/** The lease as it is to stand after a renewal now, on what was read last (node.md 2.5). It belongs to its node. */
export function renewedLease(
  { nodeName, durationSeconds }: LeaseWish,
  nodeUid: string | undefined,
  held: Lease | undefined,
  wallMs: number,
): Lease {
  const owner = nodeUid === undefined ? [] : [{ apiVersion: "v1", kind: "Node", name: nodeName, uid: nodeUid }];
  const owners = held?.metadata.ownerReferences ?? [];
  return {
    ...held,
    metadata: {
      name: nodeName,
      namespace: LEASE_NAMESPACE,
      ...held?.metadata,
      ...(owners.length > 0 ? { ownerReferences: owners } : owner.length > 0 ? { ownerReferences: owner } : {}),
    },
    spec: { holderIdentity: nodeName, leaseDurationSeconds: durationSeconds, renewTime: formatMicroTime(wallMs) },
  };
}
