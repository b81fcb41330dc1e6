import type { DesiredPod } from "../../../src/pod/desired.ts";
import type { Call } from "../host/witness.ts";
import type { Invariant, Scene } from "./invariant.ts";

const MINUTE_MS = 60_000;
/** Calls that one pod may cost in a minute, whatever happens. */
export const MOST_CALLS = 150;
/** A pod whose containers ask to restart all may do so every second, without a back-off (S25). */
export const MOST_CALLS_OF_RESETS = 900;
/** Lists, statuses and reconnects in a minute: one list a second without an event stream, and the health loop. */
export const MOST_OWN_CALLS = 400;

/** No trouble makes the agent call the runtime in a storm. */
export const noStorm: Invariant = {
  number: 13,
  name: "no call storm",
  watch: (scene) => {
    const counts = new Map<string, number>();
    const resetting = new Set<string>();
    let minute = 0;
    /** A manifest that comes and goes again and again makes whole lives, each with calls of its own; one for each change. */
    let changes = 0;
    let lives = 0;
    const tick = (): void => {
      const now = Math.floor(scene.host.clock.now().monoMs / MINUTE_MS);
      if (now === minute) return;
      minute = now;
      counts.clear();
      changes = 0;
      lives = 0;
    };
    return {
      directory() {
        tick();
        changes += 1;
      },
      nodePlan(_picture, { forget }) {
        for (const uid of forget) {
          if (lives >= changes) return;
          lives += 1;
          counts.delete(uid);
        }
      },
      call(call) {
        if (call.kind === "create" && hasResets(call.request.pod)) resetting.add(call.request.pod.uid);
        tick();
        const who = podOf(call, scene) ?? "";
        const count = (counts.get(who) ?? 0) + 1;
        counts.set(who, count);
        const most = who === "" ? MOST_OWN_CALLS : resetting.has(who) ? MOST_CALLS_OF_RESETS : MOST_CALLS;
        if (count === most + 1) scene.fail(`more than ${most} calls in a minute for ${who.slice(0, 8) || "the node"}`);
      },
    };
  },
};

const hasResets = ({ containers }: DesiredPod): boolean =>
  containers.some(({ spec }) =>
    (spec.restartPolicyRules ?? []).some(({ action }) => action === "RestartAllContainers"),
  );

function podOf(call: Call, { host: { truth } }: Scene): string | undefined {
  switch (call.kind) {
    case "look":
    case "pods-of":
      return call.uid;
    case "run-sandbox":
      return call.pod.uid;
    case "create":
      return call.request.pod.uid;
    case "pull":
    case "find":
      return call.uid;
    case "start":
    case "remove":
    case "read":
    case "stop":
      return truth.instances.get(call.id)?.uid;
    case "stop-sandbox":
    case "remove-sandbox":
      return truth.boxes.get(call.id)?.uid;
    default:
      return undefined;
  }
}

/** Sleepers of one agent besides those of its pods, and of each pod; calls that wait for a deadline are among them. */
const OWN_SLEEPERS = 400;

/** What is remembered is as large as what it is about. */
export const memoryIsBounded: Invariant = {
  number: 14,
  name: "the agent's memory is bounded",
  watch: ({ host, fail }) => ({
    plan({ desired, observed, inFlight }, { memory }) {
      const names = new Set([...desired.containers, ...observed.containers].map(({ name }) => name)).size;
      const instances = observed.containers.length;
      const say = (what: string, size: number, most: number): void => {
        if (size > most) fail(`${desired.name} remembers ${size} ${what}, more than ${most}`);
      };
      say("instances", Object.keys(memory.instances).length, instances + names);
      say("starts", Object.keys(memory.starts).length, names);
      say("shown statuses", Object.keys(memory.shown).length, names);
      say("doubts", Object.keys(memory.inDoubt).length, names * 3 + 4);
      say("failures", Object.keys(memory.failures).length, names * 12 + 12);
      say("stopped sandboxes", memory.stoppedSandboxes.length, observed.sandboxes.length);
      say("actions in flight", inFlight.size, names * 3 + instances + 4);
      if (host.clock.sleepers > OWN_SLEEPERS) fail(`${host.clock.sleepers} sleepers`);
    },
  }),
};

/** Calls that change something name only what was made for a pod of this node. */
export const foreignIsLeft: Invariant = {
  number: 15,
  name: "what is not Berth's is left alone",
  watch: ({ host: { truth, foreign }, fail }) => ({
    call(call) {
      if (!("id" in call)) return;
      if (foreign.has(call.id)) fail(`${call.kind} of a foreign object`);
      if (!truth.instances.has(call.id) && !truth.boxes.has(call.id))
        fail(`${call.kind} of ${call.id}, which never was`);
    },
    record({ before, after }) {
      if (after === undefined && foreign.has(before?.id ?? "")) fail("a foreign sandbox was removed");
    },
  }),
};
