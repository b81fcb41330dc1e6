import { makeBell } from "../base/bell.ts";
import type { Clock } from "../base/clock.ts";

/** Tells any number of readers what changed; a slow reader misses versions, never the newest, and holds up nobody. */
export type Watch<T> = {
  /** The newest of this key. */
  tell(key: string, item: T): void;
  /** What `first` lists, then each change from this moment on, until the signal. */
  follow(first: readonly T[], signal: AbortSignal): AsyncIterable<T>;
};

/** A watch without readers. */
export function makeWatch<T>(clock: Clock): Watch<T> {
  /** @bound Readers that watch: one for each such request to a socket. */
  const readers = new Set<(key: string, item: T) => void>();

  async function* follow(
    first: readonly T[],
    changes: Map<string, T>,
    next: () => Promise<unknown>,
    over: () => boolean,
  ) {
    yield* first;
    while (!over()) {
      const change = changes.entries().next();
      if (change.done) {
        await next();
        continue;
      }
      changes.delete(change.value[0]);
      yield change.value[1];
    }
  }

  return {
    tell(key, item) {
      for (const reader of readers) reader(key, item);
    },
    follow(first, signal) {
      /** @bound What a reader has not taken yet: the newest of each pod or event that is kept. */
      const changes = new Map<string, T>();
      const bell = makeBell(clock);
      const reader = (key: string, item: T): void => {
        changes.delete(key);
        changes.set(key, item);
        bell.ring();
      };
      readers.add(reader);
      signal.addEventListener("abort", () => readers.delete(reader), { once: true });
      if (signal.aborted) readers.delete(reader);
      return follow(
        first,
        changes,
        () => bell.wait(undefined, signal),
        () => signal.aborted,
      );
    },
  };
}
