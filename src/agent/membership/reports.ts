import { assertNever } from "../../base/assert-never.ts";
import type { Chance, Clock } from "../../base/clock.ts";
import { reportStep } from "../../decide/api-report.ts";
import { isMirror } from "../../decide/mirror-pod.ts";
import type { PodKey } from "../../pod/desired.ts";
import type { Meter } from "../../pod/metrics.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Cluster, View } from "../../ports.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import { makeErrands, type Settled } from "./errands.ts";
import type { Follower } from "./follow.ts";
import { keyOf, makeStatusSender, placeOf } from "./status-sender.ts";

/** What the API server is told of its pods. */
export type Reports = {
  /** Hears of the pods that are bound to the node. */
  readonly follower: Follower<v1.Pod>;
  /** Follows how they fare. */
  readonly watchLocal: Round;
  readonly run: Round;
};

/**
 * Tells the API server how the pods fare that it has bound to the node, and removes those that are deleted and gone
 * (node.md 3.4, 3.6).
 *
 * R1  Nothing that the server answers changes a pod of the host.
 * R2  Nothing is told before the pods were listed whole; of each pod the newest status, one request at a time.
 * R3  What others write over the node's own words is put right: an answer is believed only when the watch has told nothing
 *     meanwhile, since what that told may be newer; what is newer than the answer it will still tell.
 */
export function makeReports(tools: {
  readonly cluster: Cluster;
  readonly view: Pick<View, "watchPods">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  readonly meter: Meter;
  /** Nothing is left of the pod here. */
  isCleaned(podUid: string): boolean;
  onCleaned(listener: () => void): void;
}): Reports {
  const { cluster, view, isCleaned } = tools;
  const sender = makeStatusSender(tools);
  /** @bound Pods of the host that the server has bound to it, by UID. */
  const local = new Map<string, v1.Pod>();
  /** @bound Pods that are bound to this node. */
  const shown = new Map<PodKey, v1.Pod>();
  let listed = false;

  const believe = (pod: v1.Pod): void => {
    if (!isMirror(pod)) shown.set(keyOf(pod), pod);
  };
  const forget = (key: PodKey, uid: string | undefined): void => {
    local.delete(uid ?? "");
    if (shown.get(key)?.metadata?.uid !== uid) return;
    shown.delete(key);
    sender.forget(key);
  };
  const settle = async (key: PodKey, signal: AbortSignal): Promise<Settled> => {
    const pod = shown.get(key);
    const uid = pod?.metadata?.uid ?? "";
    const step = reportStep(local.get(uid), pod, isCleaned(uid));
    switch (step.kind) {
      case "status": {
        if (pod === undefined) return "nothing to do";
        const answered = await sender.send(pod, step.patch, signal);
        if (answered === undefined) {
          // All that it takes has been told; what is left to do does not depend on it.
          const next = reportStep(undefined, pod, isCleaned(uid));
          return next.kind === "remove" ? remove(pod, signal) : "nothing to do";
        }
        if (shown.get(key) === pod) {
          believe(answered);
          errands.look(key);
        }
        return "asked";
      }
      case "remove":
        return pod === undefined ? "nothing to do" : remove(pod, signal);
      case "none":
        sender.settled(key);
        return "nothing to do";
      default:
        return assertNever(step);
    }
  };
  const remove = async (pod: v1.Pod, signal: AbortSignal): Promise<Settled> => {
    const { uid } = pod.metadata ?? {};
    if (uid === undefined) return "nothing to do";
    await cluster.remove(placeOf(pod), { graceSeconds: 0, uid }, signal);
    forget(keyOf(pod), uid);
    return "asked";
  };
  const errands = makeErrands<PodKey>({
    ...tools,
    topic: "pod status",
    doing: "telling how a pod fares",
    mayBegin: () => listed,
    settle,
    forget: (key) => forget(key, shown.get(key)?.metadata?.uid),
  });
  tools.onCleaned(() => {
    for (const [key, { metadata }] of shown) if (metadata?.deletionTimestamp !== undefined) errands.look(key);
  });

  return {
    follower: {
      onSet(pods) {
        shown.clear();
        for (const pod of pods) believe(pod);
        const uids = new Set([...shown.values()].map(({ metadata }) => metadata?.uid));
        for (const [uid, pod] of local) {
          if (uids.has(uid)) continue;
          local.delete(uid);
          if (!shown.has(keyOf(pod))) sender.forget(keyOf(pod));
        }
        listed = true;
        for (const key of shown.keys()) errands.look(key);
      },
      onPut(pod) {
        believe(pod);
        errands.look(keyOf(pod));
      },
      onGone: (pod) => forget(keyOf(pod), pod.metadata?.uid),
    },
    async watchLocal(signal) {
      for await (const change of view.watchPods(signal)) {
        if (change.kind !== "put" || !isBound(change.pod)) continue;
        const key = keyOf(change.pod);
        const uid = change.pod.metadata?.uid ?? "";
        if (listed && shown.get(key)?.metadata?.uid !== uid) continue;
        local.set(uid, change.pod);
        sender.changed(key);
        errands.look(key);
      }
    },
    run: errands.run,
  };
}

const isBound = ({ metadata }: v1.Pod): boolean => metadata?.annotations?.["kubernetes.io/config.source"] === "api";
