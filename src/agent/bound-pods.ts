import type { Log } from "../base/log.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";
import type { AcceptedPod } from "../pod/source.ts";
import type * as v1 from "../pod/v1.ts";
import type { Follower } from "./membership/follow.ts";
import type { Change, Store } from "./store.ts";

/**
 * The pods that an API server has bound to the node, as a source (node.md 3.1, 3.3).
 *
 * B1  Until the server was listed whole, what an earlier agent had accepted is what is asked for: nothing of it is removed,
 *     however long the server is away.
 * B2  A pod counts as changed when what it asks for differs, never for its status.
 */
export type BoundPods = BoundAgent & {
  /** The server was listed whole once. */
  ready(): boolean;
  /** Something may have changed of what `isCleaned` tells. */
  noteCleaned(): void;
};

/** For whoever tells of the pods of an API server, and tells it of them. */
export type BoundAgent = {
  readonly follower: Follower<v1.Pod>;
  /** The pod was told to leave, and nothing of it is left here. */
  isCleaned(podUid: string): boolean;
  /** The listener hears whenever that may have changed. */
  onCleaned(listener: () => void): void;
};

/** Makes the noun that decisions work with of a pod that the server has checked. */
export type BoundCompiler = { compile(pod: v1.Pod): DesiredPod };

type Kept = { readonly text: string; readonly accepted: AcceptedPod };

/** What is known before the server has told anything. */
export function makeBoundPods(
  tools: BoundCompiler & {
    readonly store: Store;
    readonly first: readonly AcceptedPod[];
    readonly log: Log;
    readonly meter: Meter;
    isCleaned(podUid: string): boolean;
    onChange(change: Change, becameReady: boolean): void;
  },
): BoundPods {
  /** @bound Parts of the agent that follow which pods are gone: a fixed number. */
  const listeners: (() => void)[] = [];
  /** @bound Pods that are bound to this node. */
  let kept = new Map(tools.first.map((accepted) => [accepted.pod.uid, { text: "", accepted }]));
  let ready = false;

  const read = (pod: v1.Pod): Kept | undefined => {
    const before = kept.get(pod.metadata?.uid ?? "");
    const manifest = essence(pod);
    const text = JSON.stringify(manifest);
    if (before?.text === text) return before;
    try {
      return { text, accepted: { pod: tools.compile(manifest), manifest } };
    } catch (error) {
      tools.log.error("a pod of the API server could not be understood; this is a fault in Berth", { error });
      return before;
    }
  };
  const hold = (pod: v1.Pod, into: Map<string, Kept>): void => {
    const next = read(pod);
    if (next !== undefined) into.set(next.accepted.pod.uid, next);
  };
  const tell = (becameReady = false): void => {
    const pods = [...kept.values()].map(({ accepted }) => accepted);
    tools.meter.set("kubelet_desired_pods", { static: "" }, kept.size);
    tools.meter.set("kubelet_managed_ephemeral_containers", {}, countEphemeral(pods));
    const change = tools.store.takeBound(pods);
    tools.onChange(change, becameReady);
  };

  return {
    ready: () => ready,
    isCleaned: tools.isCleaned,
    onCleaned: (listener) => void listeners.push(listener),
    noteCleaned() {
      for (const listener of listeners) listener();
    },
    follower: {
      onSet(pods) {
        const next = new Map<string, Kept>();
        for (const pod of pods.toSorted(byCreation)) hold(pod, next);
        kept = next;
        const becameReady = !ready;
        ready = true;
        tell(becameReady);
      },
      onPut(pod) {
        const uid = pod.metadata?.uid ?? "";
        const before = kept.get(uid);
        hold(pod, kept);
        if (kept.get(uid) !== before) tell();
      },
      onGone(pod) {
        if (kept.delete(pod.metadata?.uid ?? "")) tell();
      },
    },
  };
}

/** What decides on a pod: its identity and spec, and of its status what others than the node may decide. */
function essence({ metadata = {}, spec, status = {} }: v1.Pod): v1.Pod {
  const { managedFields: _, resourceVersion: __, ...identity } = metadata;
  const { phase, reason, message, conditions = [] } = status;
  const final = phase === "Failed" || phase === "Succeeded";
  const gates = new Set((spec?.readinessGates ?? []).map(({ conditionType }) => conditionType));
  const decided = conditions.filter(({ type }) => gates.has(type)).map(({ type, status }) => ({ type, status }));
  return {
    metadata: identity,
    ...(spec === undefined ? {} : { spec }),
    status: {
      ...(decided.length > 0 ? { conditions: decided } : {}),
      ...(final ? { phase } : {}),
      ...(final && reason !== undefined ? { reason } : {}),
      ...(final && message !== undefined ? { message } : {}),
    },
  };
}

const countEphemeral = (pods: readonly AcceptedPod[]): number =>
  pods.reduce((sum, { pod }) => sum + (pod.spec.ephemeralContainers?.length ?? 0), 0);

/** In the order in which pods are admitted (node.md 3.3). */
function byCreation(one: v1.Pod, other: v1.Pod): number {
  const left = one.metadata?.creationTimestamp ?? "";
  const right = other.metadata?.creationTimestamp ?? "";
  return left < right ? -1 : left > right ? 1 : 0;
}
