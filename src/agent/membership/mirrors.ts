import { assertNever } from "../../base/assert-never.ts";
import type { Chance, Clock } from "../../base/clock.ts";
import { isMirror, isStatic, type MirrorOwner, mirrorStep, shownOf, withLocal } from "../../decide/mirror-pod.ts";
import { statusPatch } from "../../decide/mirror-status.ts";
import type { PodKey } from "../../pod/desired.ts";
import type { Meter } from "../../pod/metrics.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Cluster, View } from "../../ports.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import { makeErrands, type Settled } from "./errands.ts";
import type { Follower } from "./follow.ts";
import { keyOf, makeStatusSender, placeOf } from "./status-sender.ts";

/** Mirror pods of a node. */
export type Mirrors = {
  /** Hears of the pods that are bound to the node. */
  readonly follower: Follower<v1.Pod>;
  /** Follows the pods of the host. */
  readonly watchLocal: Round;
  readonly run: Round;
};

/** What waits for something that makes no sound: the node's object, the first look at the directory. */
const LOOK_AGAIN_MS = 2000;
/**
 * Shows the static pods of the host on the API server (node.md 3.5, 3.6).
 *
 * M1  Nothing that the server says or does changes a pod of the host.
 * M2  Nothing is removed before the pods bound to the node were listed whole; a mirror without a pod not before all that the
 *     host asks for is known.
 * M3  One request at a time, of each pod the newest; after a failure all wait. A refusal makes only that mirror wait.
 */
export function makeMirrors(tools: {
  readonly cluster: Cluster;
  readonly view: Pick<View, "watchPods" | "health">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  readonly meter: Meter;
  owner(): MirrorOwner | undefined;
}): Mirrors {
  const { cluster, view } = tools;
  const sender = makeStatusSender(tools);
  /** @bound Static pods of the host, by name. */
  const local = new Map<PodKey, readonly v1.Pod[]>();
  /** @bound Mirrors of this node on the server. */
  const shown = new Map<PodKey, v1.Pod>();
  let listed = false;

  const count = (): void => tools.meter.set("kubelet_mirror_pods", {}, shown.size);
  const believe = (pod: v1.Pod): void => {
    if (!isMirror(pod)) return;
    shown.set(keyOf(pod), pod);
    count();
  };
  const forget = (key: PodKey, uid: string | undefined): void => {
    if (shown.get(key)?.metadata?.uid !== uid) return;
    shown.delete(key);
    sender.forget(key);
    count();
  };

  const tellStatus = async (pod: v1.Pod, mirror: v1.Pod, signal: AbortSignal): Promise<Settled> => {
    const patch = statusPatch(pod.status ?? {}, mirror);
    if (patch === undefined) {
      sender.settled(keyOf(mirror));
      return "nothing to do";
    }
    const answered = await sender.send(mirror, patch, signal);
    if (answered === undefined) return "nothing to do";
    // What the watch has told meanwhile may be newer.
    if (shown.get(keyOf(mirror)) === mirror) believe(answered);
    return "asked";
  };
  const settle = async (key: PodKey, signal: AbortSignal): Promise<Settled> => {
    const pod = shownOf(local.get(key) ?? []);
    // Before an agent has looked at a pod, or while it waits for its name, nothing is known of it that the server does not know.
    if (pod !== undefined && pod.status?.startTime === undefined) return "nothing to do";
    const mirror = shown.get(key);
    const owner = tools.owner();
    const step = mirrorStep(pod, mirror, owner);
    switch (step.kind) {
      case "create":
        believe(await cluster.create({ kind: "pods", ...namespaceOf(step.body) }, step.body, signal));
        look(key);
        return "asked";
      case "remove":
        if (mirror === undefined) return "nothing to do";
        if (pod === undefined && !view.health().ready) {
          look(key, LOOK_AGAIN_MS);
          return "nothing to do";
        }
        await cluster.remove(placeOf(mirror), { graceSeconds: 0, uid: step.uid }, signal);
        forget(key, step.uid);
        look(key);
        return "asked";
      case "none":
        if (pod !== undefined && mirror !== undefined) return tellStatus(pod, mirror, signal);
        if (pod !== undefined && owner === undefined) look(key, LOOK_AGAIN_MS);
        return "nothing to do";
      default:
        return assertNever(step);
    }
  };
  const errands = makeErrands<PodKey>({
    ...tools,
    topic: "mirror pods",
    doing: "showing a static pod",
    mayBegin: () => listed,
    settle,
    forget: (key) => forget(key, shown.get(key)?.metadata?.uid),
  });
  const { look } = errands;

  return {
    follower: {
      onSet(pods) {
        const before = [...shown.keys()];
        shown.clear();
        for (const pod of pods) believe(pod);
        count();
        listed = true;
        for (const key of new Set([...before, ...shown.keys(), ...local.keys()])) look(key);
      },
      onPut(pod) {
        believe(pod);
        if (isMirror(pod)) look(keyOf(pod));
      },
      onGone(pod) {
        forget(keyOf(pod), pod.metadata?.uid);
        if (isMirror(pod)) look(keyOf(pod));
      },
    },
    async watchLocal(signal) {
      const unseen = new Set(local.keys());
      const gone = (key: PodKey): void => {
        local.delete(key);
        sender.settled(key);
        look(key);
      };
      for await (const change of view.watchPods(signal)) {
        switch (change.kind) {
          case "put":
            if (!isStatic(change.pod)) break;
            unseen.delete(keyOf(change.pod));
            local.set(keyOf(change.pod), withLocal(local.get(keyOf(change.pod)) ?? [], change.pod));
            sender.changed(keyOf(change.pod));
            look(keyOf(change.pod));
            break;
          case "gone":
            gone(change.key);
            break;
          case "synced":
            for (const key of unseen) gone(key);
            unseen.clear();
            break;
          default:
            assertNever(change);
        }
      }
    },
    run: errands.run,
  };
}

const namespaceOf = ({ metadata }: v1.Pod): { readonly namespace: string } => ({
  namespace: metadata?.namespace ?? "default",
});
