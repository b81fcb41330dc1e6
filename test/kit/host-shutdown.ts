import { BerthError } from "../../src/base/errors.ts";
import type { ShutdownDelay, ShutdownDiary, ShutdownGroup, ShutdownTimes } from "../../src/pod/shutdown.ts";

/** A host that shuts down when a test says so, after the delay that was asked for at the latest. */
export type FakeShutdown = {
  readonly delay: ShutdownDelay;
  /** Keeps what it is given; it shows the next agent the last of it. */
  readonly diary: ShutdownDiary;
  /** What pods are given; none: the agent is not told of shutdowns. */
  groups: readonly ShutdownGroup[];
  /** How long the host waits, whatever is asked for. */
  grantedMs: number | undefined;
  prepare(preparing: boolean): void;
  /** Whoever holds the lock has lost it. */
  lose(): void;
  /** Locks that are held at this moment. */
  held(): number;
  /** There is nobody to ask. */
  absent: boolean;
};

/** A host that goes on; `onCall` hears of locks. */
export function makeFakeShutdown(onCall: (line: string) => void): FakeShutdown {
  /** @bound Locks of agents that were not closed: one for each agent of a test. */
  const locks = new Set<{ held: boolean; over: boolean; wake(): void }>();
  let preparing = false;
  let last: ShutdownTimes | undefined;
  const fake: FakeShutdown = {
    groups: [],
    grantedMs: undefined,
    absent: false,
    diary: {
      get last() {
        return last;
      },
      async keep(times) {
        last = times;
      },
    },
    held: () => [...locks].filter(({ held }) => held).length,
    prepare(next) {
      preparing = next;
      for (const { wake } of locks) wake();
    },
    lose() {
      for (const lock of locks) {
        lock.over = true;
        lock.wake();
      }
    },
    delay: {
      async take(delayMs) {
        if (fake.absent) throw new BerthError("HostRefused", "busctl: there is no logind");
        onCall(`Inhibit ${delayMs / 1000}s`);
        const lock = { held: true, over: false, wake: () => {} };
        locks.add(lock);
        const release = (): void => {
          if (lock.held) onCall("release of the host");
          lock.held = false;
        };
        return {
          grantedMs: fake.grantedMs,
          release,
          close() {
            release();
            lock.over = true;
            locks.delete(lock);
          },
          async *preparing(signal) {
            signal.addEventListener("abort", () => lock.wake());
            let told: boolean | undefined;
            while (!lock.over && !signal.aborted) {
              const word = preparing;
              if (word !== told) {
                told = word;
                yield word;
              } else {
                const { promise, resolve } = Promise.withResolvers<void>();
                lock.wake = resolve;
                await promise;
              }
            }
          },
        };
      },
    },
  };
  return fake;
}
