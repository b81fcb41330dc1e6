import type { Clock, MonoMs } from "../../../src/base/clock.ts";
import { never } from "../../kit/never.ts";
import { drain } from "./drain.ts";

/** A clock that moves only when the simulation moves it, in one synchronous loop. */
export type SimClock = Clock & {
  /** Wakes each sleeper up to this moment at its own, each followed by all that it sets off; stops early when told to. */
  runUntil(monoMs: MonoMs, isOver: () => boolean): void;
  /** Calls back at this moment, between two sleepers. */
  at(monoMs: MonoMs, call: () => void): void;
  /** Moves the wall clock alone. */
  jumpWall(byMs: number): void;
  /** Sleepers now, those of dead agents among them. */
  readonly sleepers: number;
  /** Wakes so far. */
  readonly wakes: number;
};

type Sleeper = { due: MonoMs; order: number; wake: (() => void) | undefined };

/** A clock at `wallMs` whose monotonic reading begins at 0. */
export function simClock(wallMs: number): SimClock {
  let monoMs = 0;
  let wallOffset = wallMs;
  let orders = 0;
  let sleeping = 0;
  let wakes = 0;
  const heap: Sleeper[] = [];

  const add = (due: MonoMs, wake: () => void): Sleeper => {
    orders += 1;
    const sleeper: Sleeper = { due, order: orders, wake };
    sleeping += 1;
    push(heap, sleeper);
    return sleeper;
  };
  const take = (sleeper: Sleeper): (() => void) | undefined => {
    const { wake } = sleeper;
    if (wake !== undefined) sleeping -= 1;
    sleeper.wake = undefined;
    return wake;
  };

  return {
    now: () => ({ monoMs, wallMs: wallOffset + monoMs }),
    after(delayMs, act) {
      const sleeper = add(monoMs + Math.max(delayMs, 0), act);
      return () => void take(sleeper);
    },
    sleep(delayMs, signal) {
      if (signal.aborted) return Promise.resolve("aborted");
      return new Promise((resolve) => {
        if (signal === never) {
          add(monoMs + Math.max(delayMs, 0), () => resolve("elapsed"));
          return;
        }
        const onAbort = (): void => {
          take(sleeper);
          resolve("aborted");
        };
        const sleeper = add(monoMs + Math.max(delayMs, 0), () => {
          signal.removeEventListener("abort", onAbort);
          resolve("elapsed");
        });
        signal.addEventListener("abort", onAbort);
      });
    },
    runUntil(end, isOver) {
      drain();
      for (let first = heap[0]; first !== undefined && first.due <= end && !isOver(); first = heap[0]) {
        pop(heap);
        const wake = take(first);
        if (wake === undefined) continue;
        monoMs = Math.max(monoMs, first.due);
        wakes += 1;
        wake();
        drain();
      }
      if (!isOver()) monoMs = Math.max(monoMs, end);
    },
    at: (due, call) => void add(due, call),
    jumpWall(byMs) {
      wallOffset += byMs;
    },
    get sleepers() {
      return sleeping;
    },
    get wakes() {
      return wakes;
    },
  };
}

const before = (one: Sleeper, other: Sleeper): boolean =>
  one.due < other.due || (one.due === other.due && one.order < other.order);

function push(heap: Sleeper[], sleeper: Sleeper): void {
  let at = heap.length;
  heap.push(sleeper);
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up] as Sleeper;
    if (!before(sleeper, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = sleeper;
}

function pop(heap: Sleeper[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let down = 2 * at + 1;
    if (down >= heap.length) break;
    if (down + 1 < heap.length && before(heap[down + 1] as Sleeper, heap[down] as Sleeper)) down += 1;
    const child = heap[down] as Sleeper;
    if (!before(child, last)) break;
    heap[at] = child;
    at = down;
  }
  heap[at] = last;
}
