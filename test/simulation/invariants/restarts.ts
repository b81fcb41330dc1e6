import type { Instance } from "../host/truth.ts";
import type { Call } from "../host/witness.ts";
import { askedAttempts } from "./asked.ts";
import type { Invariant, Scene } from "./invariant.ts";

const FIRST_MS = 10_000;
const LONGEST_MS = 300_000;
const FORGOTTEN_MS = 600_000;
/** Moments are sums of floating-point numbers, and the runtime tells whole milliseconds. */
const NOISE_MS = 2;

/** The successor of an instance that ended by itself waits what that one carries, and carries twice that (B1 to B6). */
export const backsOff: Invariant = {
  number: 7,
  name: "a restart back-off is never shorter than its rule",
  watch: (scene) => {
    const { host, fail } = scene;
    const { truth, clock } = host;
    /** Instances that the agent itself had a hand in ending. */
    const stopped = new Set<string>();
    const asked = askedAttempts();
    return {
      call(call) {
        asked.note(call);
        if (call.kind === "stop") stopped.add(call.id);
        if (call.kind !== "stop-sandbox" && call.kind !== "remove-sandbox") return;
        for (const { id, sandboxId } of truth.instances.values()) if (sandboxId === call.id) stopped.add(id);
      },
      record({ object, before, after }) {
        if (object !== "container" || before !== undefined || after === undefined || asked.isLate(after)) return;
        const all = truth.of(after.pod.uid, after.name);
        const last = all.at(-2);
        if (last === undefined || last.endedAt === undefined || stopped.has(last.id) || isSpecial(last, scene)) return;
        const { monoMs } = clock.now();
        const decidedAfter = predecessor(all, last)?.endedAt ?? last.createdAt;
        if (monoMs - decidedAfter >= FORGOTTEN_MS - NOISE_MS) return;
        const name = `${after.pod.name}/${after.name}#${after.attempt}`;
        const waitedMs = monoMs - last.endedAt;
        if (waitedMs < last.backOffMs - NOISE_MS)
          fail(`${name} is made ${Math.round(waitedMs)} ms after #${last.attempt}, which carries ${last.backOffMs} ms`);
        const least = Math.min(Math.max(last.backOffMs * 2, FIRST_MS), LONGEST_MS);
        if (after.backOffMs < least) fail(`${name} carries ${after.backOffMs} ms after ${last.backOffMs} ms`);
      },
    };
  },
};

/**
 * The instance whose end led to the last decision before this one was made: what never ran in a sandbox that went gave its
 * place away, no more (B6), and what was gone before its successor was made (forgotten, or purged with its sandbox, S3) had no
 * end that could be decided about.
 */
const predecessor = (all: readonly Instance[], last: Instance): Instance | undefined =>
  all.findLast(
    (one, place) =>
      one.attempt < last.attempt &&
      (one.startedAt !== undefined || one.sandboxId === last.sandboxId) &&
      (one.goneAt ?? Number.POSITIVE_INFINITY) > (all[place + 1] ?? last).createdAt,
  );

/** What nobody can count on: it is gone, the host was started anew, its end was not seen on one clock, people asked, or its content changed. */
function isSpecial(last: Instance, { script, host }: Scene): boolean {
  if (last.goneAt !== undefined || last.reason === "Unknown" || last.startedAt === undefined) return true;
  const { monoMs } = host.clock.now();
  return script.steps.some(({ atMs, ...step }) => {
    if (atMs > monoMs) return false;
    if (step.do === "clock-jump") return true;
    if (step.do === "ask-restart") return atMs >= last.createdAt - NOISE_MS && step.container === last.name;
    return step.do === "reboot" && atMs >= last.createdAt;
  });
}

/** A pull that failed is not tried again by its pod before the back-off is over, as long as one agent lives (B10). */
export const pullsBackOff: Invariant = {
  number: 8,
  name: "an image pull back-off is never shorter than its rule",
  watch: ({ host: { clock }, fail }) => {
    const failed = new Map<string, { readonly at: number; readonly delayMs: number }>();
    /** Pulls of the agent that lives: nobody hears how those of an earlier one end. */
    const open = new Set<Call>();
    return {
      life() {
        failed.clear();
        open.clear();
      },
      nodePlan(_picture, { forget }) {
        for (const key of [...failed.keys()]) if (forget.some((uid) => key.startsWith(uid))) failed.delete(key);
        // Another pod may wait for the same pull: it is no failure of the next life of this one.
        for (const call of [...open])
          if (call.kind === "pull" && forget.some((uid) => uid === call.uid)) open.delete(call);
      },
      call(call) {
        if (call.kind !== "pull") return;
        open.add(call);
        const last = failed.get(`${call.uid} ${call.ref}`);
        if (last === undefined) return;
        const sinceMs = clock.now().monoMs - last.at;
        if (sinceMs < last.delayMs - NOISE_MS)
          fail(`${call.ref} is pulled ${Math.round(sinceMs)} ms after a failure that asks for ${last.delayMs} ms`);
      },
      answer(call, error) {
        if (call.kind !== "pull" || !open.delete(call) || error === undefined) return;
        if ((error as { code?: string }).code === "RuntimeCancelled") return;
        const key = `${call.uid} ${call.ref}`;
        const at = clock.now().monoMs;
        const last = failed.get(key);
        const goesOn = last !== undefined && at - last.at <= FORGOTTEN_MS;
        failed.set(key, { at, delayMs: goesOn ? Math.min(last.delayMs * 2, LONGEST_MS) : FIRST_MS });
      },
    };
  },
};
