import type { PodMemory } from "../pod/memory.ts";
import type { Picture, Plan } from "../pod/plan.ts";
import { completion, deadlineAt } from "./completion.ts";
import { carryContainers, fetchFirstImages } from "./containers.ts";
import { beginDraft, type Draft, hold, startOf, wake, withdraw } from "./draft.ts";
import { carryEnding, dropUnwanted, type EndStage, endingOf, watchGrace } from "./ending.ts";
import { readMessages, removeDead, removeOldSandboxes } from "./garbage.ts";
import { carryHome } from "./home.ts";
import { neededRefs } from "./image-need.ts";
import { planLook } from "./looks.ts";
import { noteMoments } from "./moments.ts";
import { carrySandbox } from "./sandbox.ts";
import { isByShutdown } from "./shutdown.ts";

/**
 * What one pod needs next. Pure: the same picture gives the same plan (lifecycle.md 3, 4, 7, 8).
 *
 * 1. A plan lists only what can be done now; what has to wait is a hold, and nobody waits without one.
 * 2. A subject that is in flight or in doubt gets no action; different subjects are never serialised without a rule.
 * 3. Nothing is started for a pod that ends, and nothing of it is removed while something of it may run.
 * 4. No container is stopped without a cause, and a stop that was decided is carried through.
 * 5. wakeAt is set only when something is due by the clock: an idle pod has none.
 */
export function nextPlan(picture: Picture): Plan {
  const draft = beginDraft(picture);
  draft.memory = noteMoments(withEarlierLife(picture), picture);
  const stage = carry(draft);
  if (stage === "stopping") watchGrace(draft);
  return {
    actions: draft.actions,
    withdraw: [...draft.withdraw],
    holds: draft.holds,
    ...(draft.wakeAt === undefined ? {} : { wakeAt: draft.wakeAt }),
    memory: draft.memory,
    finished: stage === "free" || stage === "clean",
    cleaned: stage === "clean",
  };
}

/**
 * What the node did to the pod counts for this boot only: after the next one a static pod runs again (P4, 8.2). One of an API
 * server is over for good (P1): its controllers have replaced it.
 */
function withEarlierLife({ desired, memory, around }: Picture): PodMemory {
  if (desired.origin.kind === "api") return memory;
  const { terminal, ...rest } = memory;
  if (terminal === undefined || !isByShutdown(memory, terminal.bootId)) return memory;
  return terminal.bootId === around.bootId ? memory : rest;
}

function carry(draft: Draft): EndStage | "alive" {
  const { around, ending } = draft.picture;
  if (!around.runtimeReady) return withoutRuntime(draft);
  if (ending === undefined && !mayBegin(draft)) return "alive";
  planLook(draft);
  if (ending === undefined && !draft.picture.observed.listed) return "alive";
  noteTerminal(draft);
  const end = endingOf(draft);
  if (end !== undefined) return carryEnding(draft, end);
  carryLife(draft);
  return "alive";
}

/** Nothing can be begun; what a pod that ends has begun is given up, and what was finished before stays finished. */
function withoutRuntime(draft: Draft): EndStage | "alive" {
  const message = "the container runtime does not answer";
  hold(draft, { subject: "pod", reason: "RuntimeNotReady", message, needs: "runtime" });
  if (endingOf(draft) === undefined) return "alive";
  dropUnwanted(draft);
  const { home } = draft.memory;
  return home === "gone" ? "clean" : home === "cleared" ? "free" : "stopping";
}

/** The node's word: a pod whose name is taken or that has no room does nothing at all (T13, T14, 1.4). */
function mayBegin(draft: Draft): boolean {
  const { turn, admission } = draft.picture.around;
  if (!turn) {
    const message = "waits until the pod that has its name has ended";
    hold(draft, { subject: "pod", reason: "NameInUse", message, needs: "name" });
    return false;
  }
  if (admission.kind === "admitted") return true;
  const { reason, message } =
    admission.kind === "refused" ? admission : { reason: "", message: "waits for the node's admission" };
  hold(draft, { subject: "pod", reason, message, needs: "room" });
  return false;
}

/** The phase that the pod has come to, or that its ending gives it, is kept (P1, 8.2). */
function noteTerminal(draft: Draft): void {
  const { ending, around } = draft.picture;
  if (draft.memory.terminal !== undefined) return;
  const terminal =
    ending === undefined ? completion(draft) : ending.result && { ...ending.result, bootId: around.bootId };
  if (terminal !== undefined) draft.memory = { ...draft.memory, terminal };
}

function carryLife(draft: Draft): void {
  const at = deadlineAt(draft);
  if (at !== undefined) wake(draft, at);
  dropUselessPulls(draft);
  const home = carryHome(draft);
  const sandbox = carrySandbox(draft, home);
  if (sandbox === "up") carryContainers(draft, home === "standing");
  if (sandbox === "coming") fetchFirstImages(draft);
  readMessages(draft);
  removeDead(draft, starting(draft));
  removeOldSandboxes(draft, true);
}

/** Containers whose start has begun: their dead instances are removed afterwards. */
function starting(draft: Draft): ReadonlySet<string> {
  const held = new Set(draft.holds.map(({ subject }) => subject));
  const names = draft.picture.desired.containers.map(({ name }) => name);
  return new Set(names.filter((name) => startOf(draft, name).wantedAt !== undefined && !held.has(`container/${name}`)));
}

/** Pulls of images that the pod's definition no longer names. */
function dropUselessPulls(draft: Draft): void {
  const refs = neededRefs(draft.picture.desired);
  for (const { action } of draft.picture.inFlight.values()) {
    if (action.kind === "pull-image" && !refs.has(action.ref)) withdraw(draft, action.subject);
  }
}
