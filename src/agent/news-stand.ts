import { makeBell } from "../base/bell.ts";
import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { PodEvent } from "../pod/event.ts";
import type { Sink } from "../ports.ts";
import { backOffMs } from "./back-off.ts";

/** Events on their way from the moments that they tell of to whoever keeps or shows them. */
export type NewsStand = {
  tell(events: readonly PodEvent[]): void;
  /** The last ones, oldest first. */
  recent(): readonly PodEvent[];
  /** Hands each event once to each sink, in order, until the signal. */
  run(signal: AbortSignal): Promise<void>;
};

/** Events that are kept for reading, and that wait for one sink at most: the oldest is dropped and counted in the log. */
const MOST_KEPT = 1000;

/** A stand with the events that an earlier agent has left, if any. */
export function makeNewsStand(tools: {
  readonly sinks: readonly Sink<PodEvent>[];
  readonly earlier: readonly PodEvent[];
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}): NewsStand {
  const kept: PodEvent[] = tools.earlier.slice(-MOST_KEPT);
  const queues = tools.sinks.map((sink) => makeQueue({ ...tools, sink }));
  return {
    tell(events) {
      for (const event of events) {
        kept.push(event);
        for (const queue of queues) queue.add(event);
      }
      if (kept.length > MOST_KEPT) kept.splice(0, kept.length - MOST_KEPT);
    },
    recent: () => kept,
    async run(signal) {
      await Promise.all(queues.map((queue) => queue.run(signal)));
    },
  };
}

function makeQueue(tools: {
  readonly sink: Sink<PodEvent>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}): { add(event: PodEvent): void; run(signal: AbortSignal): Promise<void> } {
  const { clock, chance, log, sink } = tools;
  const queue: PodEvent[] = [];
  const bell = makeBell(clock);
  let dropped = 0;
  let failures = 0;

  const handOver = async (event: PodEvent, signal: AbortSignal): Promise<void> => {
    try {
      await sink.put(event, signal);
      if (queue[0] === event) queue.shift();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (failures === 1) log.warn("events cannot be kept at the moment", { error, dropped });
      await clock.sleep(backOffMs(failures, chance), signal);
    }
  };

  return {
    add(event) {
      queue.push(event);
      if (queue.length > MOST_KEPT) {
        queue.shift();
        dropped += 1;
      }
      bell.ring();
    },
    async run(signal) {
      while (!signal.aborted) {
        const event = queue[0];
        if (event === undefined) await bell.wait(undefined, signal);
        else await handOver(event, signal);
      }
    },
  };
}
