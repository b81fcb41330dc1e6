import type { Action } from "../../../src/pod/action.ts";
import type { Picture } from "../../../src/pod/plan.ts";
import type { Invariant } from "./invariant.ts";

/** Actions that make something run or come to be; hooks of a life are among them. */
const beginsSomething = (action: Action): boolean =>
  FOR_LIFE.has(action.kind) || (action.kind === "run-hook" && action.hook === "postStart");
const FOR_LIFE: ReadonlySet<Action["kind"]> = new Set([
  "find-image",
  "pull-image",
  "run-sandbox",
  "create-container",
  "start-container",
  "update-container",
  "make-home",
  "set-volume",
]);

/** Whatever a container holds on to stays until none of the pod runs or may come to run (8.3, S6). */
export const groundStays: Invariant = {
  number: 16,
  name: "volumes and sandboxes are not replaced or cleared while a container runs or may begin",
  watch: ({ fail }) => ({
    plan(picture, { actions }) {
      const taking = actions.find(({ kind }) => kind === "clear-home" || kind === "run-sandbox");
      if (taking === undefined) return;
      const { desired, observed, inFlight, memory } = picture;
      const alive = observed.containers.find(({ state }) => state === "running" || state === "unknown");
      if (alive !== undefined) fail(`${taking.kind} of ${desired.name} while ${alive.name} is ${alive.state}`);
      for (const [subject, { action }] of inFlight) {
        if (MAY_BEGIN.has(action.kind)) fail(`${taking.kind} of ${desired.name} while ${action.kind} of ${subject}`);
      }
      const doubt = Object.keys(memory.inDoubt).find((subject) => subject.startsWith("container/"));
      if (doubt !== undefined) fail(`${taking.kind} of ${desired.name} while ${doubt} is in doubt`);
    },
  }),
};

const MAY_BEGIN: ReadonlySet<Action["kind"]> = new Set(["create-container", "start-container", "stop-container"]);

/** A pod is clean, and then forgotten, for the ending that it was told, when nothing that is known of it is left (T9). */
export const leavesNothing: Invariant = {
  number: 17,
  name: "a pod is forgotten only when nothing of it is left",
  watch: ({ fail }) => {
    const last = new Map<string, { readonly picture: Picture; readonly cleaned: boolean }>();
    return {
      life: () => last.clear(),
      plan(picture, { cleaned }) {
        const { desired, observed, ending, around } = picture;
        last.set(desired.uid, { picture, cleaned });
        const left = observed.containers.length + observed.sandboxes.length;
        if (cleaned && ending !== undefined && !around.asked && left > 0)
          fail(`${desired.name} is clean and ${left} objects of it are left`);
      },
      nodePlan(_picture, { forget }) {
        for (const uid of forget) {
          const { picture, cleaned } = last.get(uid) ?? {};
          if (picture === undefined) continue;
          if (cleaned !== true) fail(`${picture.desired.name} is forgotten before it is clean`);
          if (picture.ending === undefined) fail(`${picture.desired.name} is forgotten, cleaned for no ending`);
          last.delete(uid);
        }
      },
    };
  },
};

/** What was begun for a life is given up, and nothing is begun any more, once the pod is told to end (T7). */
export const endingBeginsNothing: Invariant = {
  number: 18,
  name: "a pod that ends begins nothing and gives up what it has begun",
  watch: ({ fail }) => ({
    plan({ desired, ending, inFlight }, { actions, withdraw }) {
      if (ending === undefined) return;
      const begun = actions.find(beginsSomething);
      if (begun !== undefined) fail(`${desired.name} ends and begins ${begun.kind}`);
      for (const [subject, { action, withdrawn }] of inFlight) {
        if (beginsSomething(action) && !withdrawn && !withdraw.includes(subject))
          fail(`${desired.name} ends and goes on with ${action.kind}`);
      }
    },
  }),
};

/** When a pod ends its sidecars are signalled after the apps, the later ones first, unless the grace is used up (H10, H11). */
export const sidecarsLast: Invariant = {
  number: 19,
  name: "sidecars stop after what they serve, in reverse order",
  watch: ({ fail }) => ({
    plan({ desired: { name: pod, containers }, observed, now }, { actions, memory }) {
      for (const action of actions) {
        if (action.kind !== "stop-container" || action.cause !== "podEnding") continue;
        const place = containers.findIndex(({ name }) => name === action.name);
        if (containers[place]?.role !== "sidecar") continue;
        if ((memory.instances[action.id]?.stop?.by ?? now.monoMs) <= now.monoMs) continue;
        const served = containers.filter(({ role }, at) => role === "app" || (role === "sidecar" && at > place));
        const runs = served.find(({ name }) =>
          observed.containers.some((one) => one.name === name && one.state === "running"),
        );
        if (runs !== undefined) fail(`sidecar ${pod}/${action.name} is stopped while ${runs.name} runs`);
      }
    },
  }),
};
