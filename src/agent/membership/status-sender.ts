import type { Clock, MonoMs } from "../../base/clock.ts";
import type { StatusPatch } from "../../decide/mirror-status.ts";
import type { PodKey } from "../../pod/desired.ts";
import type { Meter } from "../../pod/metrics.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Cluster } from "../../ports.ts";

/** Sends changes of statuses of pods. */
export type StatusSender = {
  /** The pod as the server has it now; undefined when the server has taken this very patch and does not show it. */
  send(pod: v1.Pod, patch: StatusPatch, signal: AbortSignal): Promise<v1.Pod | undefined>;
  /** The pod fares otherwise than before: how long the server does not know it counts from here. */
  changed(key: PodKey): void;
  /** There is nothing to tell of it. */
  settled(key: PodKey): void;
  forget(key: PodKey): void;
};

/**
 * A status that the server has taken and does not show, as one of an older version does with new fields, is not sent again;
 * until the status there is another than the one that it answered.
 */
export function makeStatusSender({
  cluster,
  clock,
  meter,
}: {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly meter: Meter;
}): StatusSender {
  /** @bound The newest patch of each pod that is still there. */
  const sent = new Map<PodKey, { readonly text: string; readonly answer: string }>();
  /** Since when the server does not know the newest. @bound Pods that are still there. */
  const unknownSince = new Map<PodKey, MonoMs>();
  /** Takes the time away before the server is asked: what changes while it answers is a change of its own. */
  const timed = async (key: PodKey, telling: () => Promise<v1.Pod>): Promise<v1.Pod> => {
    const since = unknownSince.get(key);
    unknownSince.delete(key);
    try {
      const answered = await telling();
      if (since !== undefined) {
        meter.observe("kubelet_pod_status_sync_duration_seconds", {}, (clock.now().monoMs - since) / 1000);
      }
      return answered;
    } catch (error) {
      if (since !== undefined) unknownSince.set(key, since);
      throw error;
    }
  };
  return {
    async send(pod, patch, signal) {
      const key = keyOf(pod);
      const text = JSON.stringify(patch);
      const before = sent.get(key);
      if (before?.text === text && before.answer === JSON.stringify(pod.status)) {
        unknownSince.delete(key);
        return undefined;
      }
      const answered = await timed(key, () => cluster.patch({ ...placeOf(pod), subresource: "status" }, patch, signal));
      sent.set(key, { text, answer: JSON.stringify(answered.status) });
      return answered;
    },
    changed(key) {
      if (!unknownSince.has(key)) unknownSince.set(key, clock.now().monoMs);
    },
    settled: (key) => void unknownSince.delete(key),
    forget(key) {
      sent.delete(key);
      unknownSince.delete(key);
    },
  };
}

/** `namespace/name` of a pod of the API. */
export const keyOf = ({ metadata }: v1.Pod): PodKey => `${metadata?.namespace ?? "default"}/${metadata?.name ?? ""}`;

/** Where a pod is on the server. */
export const placeOf = ({ metadata }: v1.Pod) => ({
  kind: "pods" as const,
  namespace: metadata?.namespace ?? "default",
  name: metadata?.name ?? "",
});
