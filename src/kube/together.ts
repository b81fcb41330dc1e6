import { unlessAborted } from "../base/unless-aborted.ts";

/**
 * One piece of work for all who ask while it goes on. Who aborts goes alone, with the reason of its own signal; the work is
 * aborted when nobody waits for it any more, and who asks then begins anew.
 */
export function together<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let current: { readonly result: Promise<T>; readonly end: AbortController; waiting: number } | undefined;

  const begin = (): NonNullable<typeof current> => {
    const end = new AbortController();
    const begun = { end, waiting: 0, result: work(end.signal).finally(() => over(begun)) };
    return begun;
  };
  const over = (one: typeof current): void => {
    if (current === one) current = undefined;
  };

  return async (signal) => {
    signal.throwIfAborted();
    current ??= begin();
    const joined = current;
    joined.waiting += 1;
    try {
      return await unlessAborted(joined.result, signal);
    } finally {
      joined.waiting -= 1;
      if (joined.waiting === 0) {
        over(joined);
        joined.end.abort();
      }
    }
  };
}
