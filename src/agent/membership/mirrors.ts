import { assertNever } from "../../base/assert-never.ts";
import { type Bell, makeBell } from "../../base/bell.ts";
import type { Chance, Clock, MonoMs } from "../../base/clock.ts";
import { asBerthError, type BerthError } from "../../base/errors.ts";
import { patienceMs, WATCH_PATIENCE } from "../../decide/api-patience.ts";
import { isMirror, isStatic, type MirrorOwner, mirrorStep } from "../../decide/mirror-pod.ts";
import { statusPatch } from "../../decide/mirror-status.ts";
import type { PodKey } from "../../pod/desired.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Cluster, View } from "../../ports.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import type { Follower } from "./follow.ts";

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
/** What the server knows otherwise: another try without news of it would most likely end alike. */
const UNFIT_MS = 60_000;
/** A mirror that the server refuses is offered again so seldom: it costs a request each time. */
const REFUSED_MS = 300_000;

/**
 * Shows the static pods of the host on the API server (node.md 3.5, 3.6).
 *
 * M1  Nothing that the server says or does changes a pod of the host.
 * M2  Nothing is removed before the pods bound to the node were listed whole; a mirror without a pod not before all that the
 *     host asks for is known.
 * M3  One request at a time, of each pod the newest; after a failure all wait. A refusal makes only that mirror wait.
 * M4  A status that the server has taken and does not show, as one of an older version does with new fields, is not sent again.
 */
export function makeMirrors(tools: {
  readonly cluster: Cluster;
  readonly view: Pick<View, "watchPods" | "health">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  owner(): MirrorOwner | undefined;
}): Mirrors {
  const { cluster, view, clock, chance, contact } = tools;
  const bell: Bell = makeBell(clock);
  /** @bound Pods of the host. */
  const local = new Map<PodKey, v1.Pod>();
  /** @bound Mirrors of this node on the server. */
  const shown = new Map<PodKey, v1.Pod>();
  /** @bound The newest status sent, of each mirror in `shown`. */
  const sent = new Map<PodKey, string>();
  /** @bound Pods to look at, of those above. */
  const waiting = new Map<PodKey, MonoMs>();
  let listed = false;

  const look = (key: PodKey, afterMs = 0): void => {
    const dueMonoMs = clock.now().monoMs + afterMs;
    waiting.set(key, Math.min(dueMonoMs, waiting.get(key) ?? dueMonoMs)); // what was heard meanwhile is not put off
    bell.ring();
  };
  const believe = (pod: v1.Pod): void => {
    if (isMirror(pod)) shown.set(keyOf(pod), pod);
  };
  const forget = (key: PodKey, uid: string | undefined): void => {
    if (shown.get(key)?.metadata?.uid !== uid) return;
    shown.delete(key);
    sent.delete(key);
  };

  const tellStatus = async (key: PodKey, pod: v1.Pod, mirror: v1.Pod, signal: AbortSignal): Promise<void> => {
    const patch = statusPatch(pod.status ?? {}, mirror);
    const text = JSON.stringify(patch ?? "");
    if (patch === undefined || sent.get(key) === text) return;
    believe(await cluster.patch({ ...placeOf(pod), subresource: "status" }, patch, signal));
    sent.set(key, text);
  };
  const settle = async (key: PodKey, signal: AbortSignal): Promise<void> => {
    const pod = local.get(key);
    const mirror = shown.get(key);
    const owner = tools.owner();
    const step = mirrorStep(pod, mirror, owner);
    switch (step.kind) {
      case "create":
        believe(await cluster.create({ kind: "pods", ...namespaceOf(step.body) }, step.body, signal));
        look(key);
        return;
      case "remove":
        if (mirror === undefined) return;
        if (pod === undefined && !view.health().ready) {
          look(key, LOOK_AGAIN_MS);
          return;
        }
        await cluster.remove(placeOf(mirror), { graceSeconds: 0, uid: step.uid }, signal);
        forget(key, step.uid);
        look(key);
        return;
      case "none":
        if (pod !== undefined && mirror !== undefined) await tellStatus(key, pod, mirror, signal);
        else if (pod !== undefined && owner === undefined) look(key, LOOK_AGAIN_MS);
        return;
      default:
        assertNever(step);
    }
  };
  /** How long everybody waits after a failure; 0 for one that concerns this mirror alone. */
  const pauseAfter = (key: PodKey, error: BerthError, failures: number): number => {
    switch (error.code) {
      case "ApiExists":
      case "ApiConflict":
      case "ApiNotFound":
        // The watch tells at once what there really is; else it is a name that is taken, or a namespace that is missing.
        forget(key, shown.get(key)?.metadata?.uid);
        look(key, UNFIT_MS);
        return 0;
      case "ApiForbidden":
      case "ApiRefused":
        contact.failed("mirror pods", error);
        look(key, REFUSED_MS);
        return 0;
      default:
        contact.failed("mirror pods", error);
        look(key);
        return patienceMs(WATCH_PATIENCE, failures, error, chance);
    }
  };

  return {
    follower: {
      onSet(pods) {
        const before = [...shown.keys()];
        shown.clear();
        for (const pod of pods) believe(pod);
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
        look(key);
      };
      for await (const change of view.watchPods(signal)) {
        switch (change.kind) {
          case "put":
            if (!isStatic(change.pod)) break;
            unseen.delete(keyOf(change.pod));
            local.set(keyOf(change.pod), change.pod);
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
    async run(signal) {
      let failures = 0;
      while (!signal.aborted) {
        const { monoMs } = clock.now();
        const due = listed ? [...waiting].find(([, dueMonoMs]) => dueMonoMs <= monoMs)?.[0] : undefined;
        if (due === undefined) {
          const next = Math.min(...waiting.values());
          await bell.wait(listed && Number.isFinite(next) ? next : undefined, signal);
          continue;
        }
        waiting.delete(due);
        try {
          await settle(due, signal);
          if (failures > 0) contact.well("mirror pods");
          failures = 0;
        } catch (thrown) {
          if (signal.aborted) return;
          failures += 1;
          const pauseMs = pauseAfter(due, asBerthError(thrown, "showing a static pod"), failures);
          if (pauseMs > 0) await clock.sleep(pauseMs, signal);
        }
      }
    },
  };
}

const keyOf = ({ metadata }: v1.Pod): PodKey => `${metadata?.namespace ?? "default"}/${metadata?.name ?? ""}`;

const namespaceOf = ({ metadata }: v1.Pod): { readonly namespace: string } => ({
  namespace: metadata?.namespace ?? "default",
});

const placeOf = (pod: v1.Pod) => ({ kind: "pods" as const, ...namespaceOf(pod), name: pod.metadata?.name ?? "" });
