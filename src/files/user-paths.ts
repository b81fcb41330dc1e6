import { makeGate } from "../base/gate.ts";

/**
 * Runs work on paths that users control. Such a path may lie on a mount that hangs and then takes a thread with it for
 * good, so that only half of the threads are ever lent out (design 3, one event loop).
 */
export type UserPaths = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Paths of users for a pool of so many threads. */
export function makeUserPaths(threadPoolSize: number): UserPaths {
  const gate = makeGate(Math.max(1, Math.floor(threadPoolSize / 2)));

  return async (work, signal) => {
    const leave = await gate.enter(0, signal);
    if (leave === undefined) throw signal.reason;
    // The caller may stop waiting; the thread is free only when the work has really come back.
    const settled = work().finally(leave);
    return orAborted(settled, signal);
  };
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
