import { setTimeout as sleep } from "node:timers/promises";

/** How many requests there may be: so many in a second, and so many at once when there were none for a while. */
export type RequestRate = { readonly perSecond: number; readonly burst: number };

/** Requests wait here for their turn, in the order in which they come. */
export type Turns = {
  /** Resolves when it is the request's turn. Throws the signal's reason when that comes first. */
  take(signal: AbortSignal): Promise<void>;
};

/** Turns at this rate (node.md 1.1); each waits as long as `waits` says when it comes. */
export function makeTurns(rate: RequestRate): Turns {
  const waitMs = waits(rate);
  return {
    async take(signal) {
      const forMs = waitMs(performance.now());
      if (forMs > 0) await sleep(forMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
  };
}

/** How long the one that comes at a moment has to wait, moments in their order: the n-th of a burst is as early as the rate allows. */
export function waits({ perSecond, burst }: RequestRate): (nowMs: number) => number {
  const stepMs = 1000 / perSecond;
  const slackMs = stepMs * (burst - 1);
  let fullMs = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    const turnMs = Math.max(fullMs, nowMs);
    fullMs = turnMs + stepMs;
    return Math.max(0, turnMs - slackMs - nowMs);
  };
}
