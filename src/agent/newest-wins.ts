import { makeBell } from "../base/bell.ts";
import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Sink } from "../ports.ts";
import { backOffMs } from "./back-off.ts";

/** Feeds one sink: of each key only the newest item waits, so that a slow sink costs memory for keys, never for time. */
export type Feed<T> = {
  put(key: string, item: T): void;
  /** Hands over until the signal. */
  run(signal: AbortSignal): Promise<void>;
};

/** A feed with nothing in it. A sink that fails is tried again ever more slowly; items stay in the order of their keys' first change. */
export function makeNewestWins<T>(tools: {
  readonly name: string;
  readonly sink: Sink<T>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}): Feed<T> {
  const { clock, chance, log, name, sink } = tools;
  /** @bound What waits for a sink: the newest of each pod. */
  const waiting = new Map<string, T>();
  const bell = makeBell(clock);
  let failures = 0;

  const handOver = async (key: string, item: T, signal: AbortSignal): Promise<void> => {
    waiting.delete(key);
    try {
      await sink.put(item, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (failures === 1) log.warn(`${name} did not take what it was handed; trying on`, { error });
      if (!waiting.has(key)) waiting.set(key, item);
      await clock.sleep(backOffMs(failures, chance), signal);
    }
  };

  return {
    put(key, item) {
      waiting.set(key, item);
      bell.ring();
    },
    async run(signal) {
      while (!signal.aborted) {
        const first = waiting.entries().next();
        if (first.done) await bell.wait(undefined, signal);
        else await handOver(...first.value, signal);
      }
    },
  };
}
