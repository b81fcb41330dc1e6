import type { Chance, Clock, MonoMs } from "../../src/base/clock.ts";

/** A clock that moves only when a test moves it. */
export type HandClock = Clock & {
  /** Until everything that can go on without time has gone on. */
  settle(): Promise<void>;
  /** Moves on by so much; each sleeper on the way wakes at its own moment, and all that follows settles first. */
  advance(delayMs: number): Promise<void>;
  /** Moves the wall clock alone, as somebody who sets the host's time does. */
  jumpWall(byMs: number): void;
  /** When the next sleeper wakes, or undefined. */
  nextWake(): MonoMs | undefined;
  /** Sleepers at the moment. */
  readonly sleepers: number;
};

type Sleeper = { readonly due: MonoMs; readonly order: number; readonly wake: () => void };

/** Taken when the module loads, so that traps which tests set on real timers do not meet it. */
const macrotask = setImmediate;

/** A clock at `wallMs` whose monotonic reading begins at 0. */
export function handClock(wallMs = 1_700_000_000_000): HandClock {
  let monoMs = 0;
  let wallOffset = wallMs;
  let orders = 0;
  const sleepers = new Set<Sleeper>();

  const settle = (): Promise<void> => new Promise((resolve) => macrotask(() => macrotask(resolve)));
  const first = (): Sleeper | undefined => {
    let found: Sleeper | undefined;
    for (const sleeper of sleepers) {
      const earlier =
        found === undefined || sleeper.due < found.due || (sleeper.due === found.due && sleeper.order < found.order);
      if (earlier) found = sleeper;
    }
    return found;
  };

  const after = (delayMs: number, act: () => void): (() => void) => {
    orders += 1;
    const sleeper: Sleeper = {
      due: monoMs + Math.max(delayMs, 0),
      order: orders,
      wake() {
        sleepers.delete(sleeper);
        act();
      },
    };
    sleepers.add(sleeper);
    return () => void sleepers.delete(sleeper);
  };

  return {
    now: () => ({ monoMs, wallMs: wallOffset + monoMs }),
    after,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve("aborted");
          return;
        }
        const onAbort = (): void => {
          takeBack();
          resolve("aborted");
        };
        const takeBack = after(delayMs, () => {
          signal.removeEventListener("abort", onAbort);
          resolve("elapsed");
        });
        signal.addEventListener("abort", onAbort, { once: true });
      }),
    settle,
    async advance(delayMs) {
      const target = monoMs + delayMs;
      await settle();
      for (let next = first(); next !== undefined && next.due <= target; next = first()) {
        monoMs = Math.max(monoMs, next.due);
        next.wake();
        await settle();
      }
      monoMs = target;
    },
    jumpWall(byMs) {
      wallOffset += byMs;
    },
    nextWake: () => first()?.due,
    get sleepers() {
      return sleepers.size;
    },
  };
}

/** Chance that a seed decides (mulberry32): the same seed gives the same run. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    hex: (digits) => Array.from({ length: digits }, () => Math.floor(fraction() * 16).toString(16)).join(""),
  };
}
