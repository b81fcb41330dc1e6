import type { Call } from "../host/witness.ts";
import type { Invariant, Scene } from "./invariant.ts";

/** So long does a step that failed wait (0.1, S6, T6, B8), and a look. */
const STEP_MS = 10_000;
const LOOK_MS = 1000;
/** Moments are sums of floating-point numbers. */
const NOISE_MS = 2;

/** A call that was refused is not made again before its pause is over, as long as one agent lives. */
export const failuresPause: Invariant = {
  number: 23,
  name: "a step that failed is not tried again before its pause is over",
  watch: (scene) => {
    const { clock } = scene.host;
    const failedAt = new Map<string, number>();
    /** Calls of the agent that lives. */
    const open = new Map<Call, number>();
    /** When the call that failed was begun, by the same key. */
    const begunAt = new Map<string, number>();
    return {
      life() {
        failedAt.clear();
        open.clear();
      },
      nodePlan(_picture, { forget }) {
        for (const uid of forget) for (const key of [...failedAt.keys()]) if (key.startsWith(uid)) failedAt.delete(key);
      },
      call(call) {
        open.set(call, clock.now().monoMs);
        const key = keyOf(call, scene);
        const at = key === undefined ? undefined : failedAt.get(key);
        if (key === undefined || at === undefined) return;
        const pauseMs = call.kind === "look" ? LOOK_MS : STEP_MS;
        const waitedMs = clock.now().monoMs - at;
        if (waitedMs < pauseMs - NOISE_MS && !wasAsked(call, begunAt.get(key) ?? at, scene))
          scene.fail(`${call.kind} of ${key.slice(0, 8)} is made again ${Math.round(waitedMs)} ms after it failed`);
      },
      answer(call, error) {
        const begun = open.get(call);
        const key = open.delete(call) ? keyOf(call, scene) : undefined;
        if (key === undefined || begun === undefined) return;
        begunAt.set(key, begun);
        const { code } = (error ?? {}) as { readonly code?: string };
        if (error === undefined || code === "RuntimeCancelled") failedAt.delete(key);
        else failedAt.set(key, clock.now().monoMs);
      },
    };
  },
};

/** UID, kind and what it is done to; undefined for what has a pause of another kind. */
function keyOf(call: Call, { host: { truth } }: Scene): string | undefined {
  switch (call.kind) {
    case "look":
      return `${call.uid} look`;
    case "run-sandbox":
      return `${call.pod.uid} run-sandbox`;
    case "create":
      return `${call.request.pod.uid} create ${call.request.container.name}#${call.request.attempt}`;
    case "stop":
    case "remove": {
      const uid = truth.instances.get(call.id)?.uid;
      return uid && `${uid} ${call.kind} ${call.id}`;
    }
    case "stop-sandbox":
    case "remove-sandbox": {
      const uid = truth.boxes.get(call.id)?.uid;
      return uid && `${uid} ${call.kind} ${call.id}`;
    }
    default:
      return undefined;
  }
}

/** People who ask for a restart do not wait for a pause, whether they asked before the call had failed or after. */
function wasAsked(call: Call, at: number, { script, host: { clock } }: Scene): boolean {
  if (call.kind !== "create") return false;
  const { name } = call.request.container;
  return script.steps.some(
    ({ atMs, ...step }) =>
      step.do === "ask-restart" && step.container === name && atMs >= at && atMs <= clock.now().monoMs,
  );
}
