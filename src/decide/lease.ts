import type { Lease } from "../pod/cluster.ts";
import { formatMicroTime, parseTime } from "../pod/time.ts";

/** Whose lease it is, and for how long one renewal counts. */
export type LeaseWish = { readonly nodeName: string; readonly durationSeconds: number };

/** The namespace of the leases of all nodes. */
export const LEASE_NAMESPACE = "kube-node-lease";

/**
 * The lease as it is to stand after a renewal now, on what was read last (node.md 2.5). It belongs to its node. The control
 * plane takes a node for alive when the time has moved on: it does so even where this clock was set back.
 */
export function renewedLease(
  { nodeName, durationSeconds }: LeaseWish,
  nodeUid: string | undefined,
  held: Lease | undefined,
  wallMs: number,
): Lease {
  const owner = nodeUid === undefined ? [] : [{ apiVersion: "v1", kind: "Node", name: nodeName, uid: nodeUid }];
  const owners = held?.metadata.ownerReferences ?? [];
  const toldMs = parseTime(held?.spec?.renewTime ?? "") ?? Number.NEGATIVE_INFINITY;
  return {
    ...held,
    metadata: {
      name: nodeName,
      namespace: LEASE_NAMESPACE,
      ...held?.metadata,
      ...(owners.length > 0 ? { ownerReferences: owners } : owner.length > 0 ? { ownerReferences: owner } : {}),
    },
    spec: {
      holderIdentity: nodeName,
      leaseDurationSeconds: durationSeconds,
      renewTime: formatMicroTime(Math.max(wallMs, toldMs + 1)),
    },
  };
}
