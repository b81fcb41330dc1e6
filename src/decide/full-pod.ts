import type { WallMs } from "../base/clock.ts";
import type { DesiredPod, EndCause, Ending } from "../pod/desired.ts";
import { formatNanoTime, formatTime } from "../pod/time.ts";
import type * as v1 from "../pod/v1.ts";

/** What is shown of a pod: as asked for, its status, and how it ends. */
export type ShownPod = {
  readonly pod: DesiredPod;
  readonly status: v1.PodStatus;
  readonly ending?: Ending;
  /** Wall moment at which it was told to end. */
  readonly endingSinceWallMs?: WallMs;
};

/** Ends that take the pod away, as a deletion does; after the others it stays to be seen. */
const DELETIONS: readonly EndCause[] = ["removed", "replaced", "orphaned", "deleted"];

/** The v1 Pod for APIs and `-o yaml`: the defaulted pod with its identity (lifecycle.md 1.2) and its status. */
export function fullPod(shown: ShownPod): v1.Pod {
  const { pod, status } = shown;
  return { apiVersion: "v1", kind: "Pod", metadata: metadata(shown), spec: pod.spec, status };
}

function metadata({ pod, ending, endingSinceWallMs }: ShownPod): v1.ObjectMeta {
  const labels = Object.keys(pod.labels).length > 0 ? { labels: { ...pod.labels } } : {};
  const deleted = ending !== undefined && DELETIONS.includes(ending.cause);
  return {
    annotations: annotations(pod),
    creationTimestamp: formatTime(pod.seenWallMs),
    ...(deleted ? { deletionGracePeriodSeconds: ending.graceSeconds } : {}),
    ...(deleted && endingSinceWallMs !== undefined
      ? { deletionTimestamp: formatTime(endingSinceWallMs + ending.graceSeconds * 1000) }
      : {}),
    ...labels,
    // As the server says it, deletion included: its clients look for the same here (node.md 6.3).
    ...pod.bound?.metadata,
    name: pod.name,
    namespace: pod.namespace,
    uid: pod.uid,
  };
}

function annotations({ annotations, origin, uid, seenWallMs }: DesiredPod): Record<string, string> {
  return {
    ...annotations,
    ...(origin.kind === "file" ? { "kubernetes.io/config.hash": uid } : {}),
    "kubernetes.io/config.seen": formatNanoTime(seenWallMs),
    "kubernetes.io/config.source": origin.kind,
  };
}
