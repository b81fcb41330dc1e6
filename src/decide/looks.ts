import type { MonoMs } from "../base/clock.ts";
import type { Subject } from "../pod/action.ts";
import { act, type Draft, failureKey, hold, instanceOf, wake } from "./draft.ts";

/** The runtime's own news of an exit are given so long before they are asked for. */
const NEWS_MS = 300;

/** Asks the runtime for this pod's objects where something has to be known that no news will bring (design 3). */
export function planLook(draft: Draft): void {
  if (!needsLook(draft)) return;
  const planned = act(draft, { subject: "pod", kind: "look" });
  if (planned) draft.memory = { ...draft.memory, lookFor: Object.keys(draft.memory.inDoubt) as Subject[] };
  const failed = draft.memory.failures[failureKey({ kind: "look", subject: "pod" })];
  if (planned || failed === undefined || failed.retryAt <= draft.picture.now.monoMs) return;
  const { message } = failed.failure;
  hold(draft, { subject: "pod", reason: "FailedSync", message, until: failed.retryAt, needs: "runtime" });
}

function needsLook(draft: Draft): boolean {
  const { observed } = draft.picture;
  if (!observed.listed || Object.keys(draft.memory.inDoubt).length > 0) return true;
  return lacksAddresses(draft) || lacksExit(draft);
}

/** Lists do not tell addresses: an agent that finds a sandbox asks once. */
function lacksAddresses({ picture: { desired, observed }, memory }: Draft): boolean {
  const [newest] = observed.sandboxes;
  return newest?.state === "ready" && newest.ips === undefined && !desired.hostNetwork && memory.lookedAt === undefined;
}

/** An exit without its code: the event that tells it may be on its way, or lost. */
function lacksExit(draft: Draft): boolean {
  const { observed, now } = draft.picture;
  const due = observed.containers
    .filter(({ state, detailed, exitCode }) => state === "exited" && !detailed && exitCode === undefined)
    .map(({ id }) => instanceOf(draft, id).endedAt ?? now.monoMs)
    .filter((endedAt) => (draft.memory.lookedAt ?? Number.NEGATIVE_INFINITY) <= endedAt)
    .map((endedAt): MonoMs => endedAt + NEWS_MS);
  for (const at of due.filter((at) => at > now.monoMs)) wake(draft, at);
  return due.some((at) => at <= now.monoMs);
}
