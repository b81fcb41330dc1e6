import type { Clock } from "../base/clock.ts";
import type { Moment } from "../decide/moment.ts";
import { resizeOperations } from "../decide/resize-operations.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { PodMemory } from "../pod/memory.ts";
import type { Meter } from "../pod/metrics.ts";
import type { WorkerFacts } from "../pod/node-plan.ts";
import type { ResizeRefusal, ResizeWord } from "../pod/plan.ts";

/** Keeps the node's last word on the resources that a pod asks for, and tells and counts what comes of them (S26). */
export type ResizeDesk = {
  /** Why the pod has not got what it asks for. */
  refusal(): ResizeRefusal | undefined;
  /** The pod is asked for in another form. */
  asked(before: DesiredPod, next: DesiredPod): void;
  /** What is asked for is what it has. */
  settled(): void;
  /** The node's word; whether it is news. */
  hear(word: ResizeWord, asked: DesiredPod): boolean;
  /** A plan was made: whether what was in progress is done. */
  follow(before: PodMemory, after: PodMemory, pod: DesiredPod): boolean;
  facts(memory: PodMemory, asked: DesiredPod): Partial<WorkerFacts>;
};

/** The one reason that a node has for never: what it has. */
const TOO_SMALL = { reason_detail: "insufficient_node_allocatable" };
const DURATION = "kubelet_pod_resize_duration_milliseconds";
const DONE = { success: "true" };

/** Nothing was said yet. */
export function makeResizeDesk(tools: {
  readonly clock: Clock;
  readonly meter: Meter;
  tell(moment: Moment): void;
}): ResizeDesk {
  const { clock, meter, tell } = tools;
  let refusal: ResizeRefusal | undefined;

  const refused = (word: ResizeRefusal, pod: DesiredPod): boolean => {
    if (refusal?.kind === word.kind && refusal.message === word.message) return false;
    refusal = word;
    tell({ kind: "resize", stage: word, pod });
    if (word.kind === "infeasible") meter.add("kubelet_pod_infeasible_resizes_total", TOO_SMALL);
    return true;
  };

  return {
    refusal: () => refusal,
    asked(before, next) {
      if (next.bound === undefined) return;
      for (const one of resizeOperations(before, next)) meter.add("kubelet_container_requested_resizes_total", one);
    },
    settled() {
      refusal = undefined;
    },
    hear(word, pod) {
      if (word.kind !== "granted") return refused(word, pod);
      const labels = { retry_trigger: word.trigger };
      if (refusal?.kind === "deferred") meter.add("kubelet_pod_deferred_accepted_resizes_total", labels);
      refusal = undefined;
      return true;
    },
    follow({ resizing }, after, pod) {
      if (resizing === undefined || after.resizing !== undefined) return false;
      tell({ kind: "resize", stage: "completed", pod });
      const { sinceAt } = resizing;
      if (sinceAt !== undefined) meter.observe(DURATION, DONE, clock.now().monoMs - sinceAt);
      return true;
    },
    facts(memory, asked) {
      const since = memory.conditions.find(({ type }) => type === "PodResizePending")?.lastTransitionTime;
      return {
        ...(memory.allocated === undefined ? {} : { asked }),
        ...(refusal === undefined ? {} : { resize: refusal.kind }),
        ...(since === undefined ? {} : { resizePendingSince: since }),
        ...(memory.resizing === undefined ? {} : { resizing: true }),
      };
    },
  };
}
