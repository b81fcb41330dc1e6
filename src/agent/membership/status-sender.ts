import type { StatusPatch } from "../../decide/mirror-status.ts";
import type { PodKey } from "../../pod/desired.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Cluster } from "../../ports.ts";

/** Sends changes of statuses of pods. */
export type StatusSender = {
  /** The pod as the server has it now; undefined when the server has taken this very patch and does not show it. */
  send(pod: v1.Pod, patch: StatusPatch, signal: AbortSignal): Promise<v1.Pod | undefined>;
  forget(key: PodKey): void;
};

/**
 * A status that the server has taken and does not show, as one of an older version does with new fields, is not sent again;
 * until the status there is another than the one that it answered.
 */
export function makeStatusSender(cluster: Cluster): StatusSender {
  /** @bound The newest patch of each pod that is still there. */
  const sent = new Map<PodKey, { readonly text: string; readonly answer: string }>();
  return {
    async send(pod, patch, signal) {
      const key = keyOf(pod);
      const text = JSON.stringify(patch);
      const before = sent.get(key);
      if (before?.text === text && before.answer === JSON.stringify(pod.status)) return undefined;
      const answered = await cluster.patch({ ...placeOf(pod), subresource: "status" }, patch, signal);
      sent.set(key, { text, answer: JSON.stringify(answered.status) });
      return answered;
    },
    forget: (key) => void sent.delete(key),
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
