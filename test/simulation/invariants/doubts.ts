import type { Call } from "../host/witness.ts";
import type { Invariant, Scene } from "./invariant.ts";

/** A call that may have worked is followed by no other of its subject until a look that began later was answered. */
export const doubtsAreWaitedFor: Invariant = {
  number: 20,
  name: "a call in doubt is waited for",
  watch: (scene) => {
    const { clock } = scene.host;
    /** By subject: since when nobody knows. */
    const doubts = new Map<string, number>();
    /** Calls of the agent that lives, by when they began: the answers of others are heard by nobody. */
    const open = new Map<Call, number>();
    const drop = (uid: string, until: number): void => {
      for (const [subject, since] of doubts)
        if (subject.startsWith(`${uid} `) && since <= until) doubts.delete(subject);
    };
    return {
      life() {
        doubts.clear();
        open.clear();
      },
      nodePlan(_picture, { forget }) {
        for (const uid of forget) drop(uid, Number.POSITIVE_INFINITY);
      },
      call(call) {
        open.set(call, clock.now().monoMs);
        const subject = subjectOf(call, scene);
        if (subject !== undefined && doubts.has(subject))
          scene.fail(`${call.kind} of ${subject.slice(0, 8)}${subject.slice(subject.indexOf(" "))}, which is in doubt`);
      },
      answer(call, error) {
        const begun = open.get(call);
        if (begun === undefined) return;
        open.delete(call);
        if (call.kind === "look") {
          if (error === undefined) drop(call.uid, begun);
          return;
        }
        const { code, effect } = (error ?? {}) as { readonly code?: string; readonly effect?: string };
        if (effect !== "unknown" || code === "RuntimeCancelled") return;
        const subject = subjectOf(call, scene);
        if (subject !== undefined) doubts.set(subject, clock.now().monoMs);
      },
    };
  },
};

/** `uid` and what of the pod the call changes. */
function subjectOf(call: Call, { host: { truth } }: Scene): string | undefined {
  switch (call.kind) {
    case "run-sandbox":
      return `${call.pod.uid} sandbox`;
    case "create":
      return `${call.request.pod.uid} container/${call.request.container.name}`;
    case "start":
    case "stop":
    case "remove": {
      const instance = truth.instances.get(call.id);
      return instance && `${instance.uid} container/${instance.name}`;
    }
    default:
      return undefined;
  }
}
