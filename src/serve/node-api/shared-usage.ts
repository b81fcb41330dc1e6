import type { Usage } from "../../ports.ts";

/** A count that is younger is given again: many who ask cost the runtime no more than one. */
const YOUNG_MS = 1000;

/** The same figures for all who ask at the same time, or nearly so. Whoever gives up waiting ends nothing for the others. */
export function shareUsage(usage: Usage, longestMs: number): Usage {
  return {
    host: share((signal) => usage.host(signal), longestMs),
    containers: share((signal) => usage.containers(signal), longestMs),
  };
}

function share<T>(read: (signal: AbortSignal) => Promise<T>, longestMs: number): () => Promise<T> {
  let last: { readonly value: Promise<T>; readonly begunMs: number } | undefined;
  return () => {
    const nowMs = performance.now();
    if (last !== undefined && nowMs - last.begunMs < YOUNG_MS) return last.value;
    const begun = { value: read(AbortSignal.timeout(longestMs)), begunMs: nowMs };
    last = begun;
    begun.value.catch(() => {
      if (last === begun) last = undefined;
    });
    return begun.value;
  };
}
