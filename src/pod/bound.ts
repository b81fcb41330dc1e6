import type * as v1 from "./v1.ts";

/** Metadata that the server alone decides, without what changes with each status (resourceVersion, managedFields). */
export type ServerMetadata = Pick<
  v1.ObjectMeta,
  "deletionGracePeriodSeconds" | "deletionTimestamp" | "finalizers" | "generateName" | "generation" | "ownerReferences"
>;

/** What only a pod of an API server has: what the server says of it besides what is to run (node.md 3). */
export type BoundFacts = {
  /** metadata.generation as synced; statuses carry it. */
  readonly generation?: number;
  /** It is being deleted, and has so many seconds. */
  readonly deletion?: { readonly graceSeconds: number };
  /** The server shows a final phase: it never runs (again) where nothing is known of it here (P1). */
  readonly over?: { readonly phase: "Failed" | "Succeeded"; readonly reason?: string; readonly message?: string };
  /** What it asks for that the node does not have: names of fields. */
  readonly unfit?: string;
  /** Is shown with the pod, and decides nothing. */
  readonly metadata?: ServerMetadata;
  /** Conditions of its readiness gates, which others decide. */
  readonly gates: readonly v1.PodCondition[];
};
