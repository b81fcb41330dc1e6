import { makeBell } from "../base/bell.ts";
import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type Correlation, correlate, noCorrelation, objectKey, recall } from "../decide/correlate.ts";
import type { CountedEvent, PodEvent } from "../pod/event.ts";
import type { Sink } from "../ports.ts";
import { backOffMs } from "./back-off.ts";
import { makeWatch } from "./watch.ts";

/** Events on their way from the moments that they tell of to whoever keeps or shows them: equal ones as one with a count. */
export type NewsStand = {
  tell(events: readonly PodEvent[]): void;
  /** The last ones, by their last time. */
  recent(): readonly CountedEvent[];
  /** The last ones, then each as it happens (again), until the signal. */
  watch(signal: AbortSignal): AsyncIterable<CountedEvent>;
  /** Calls at each event that the sinks are handed, from now on, and at those kept of this agent's own; it must not wait. */
  listen(listener: (event: CountedEvent) => void): void;
  /** Hands each event to each sink, in order, until the signal; of one that happens again and again only some tellings. */
  run(signal: AbortSignal): Promise<void>;
};

/** Events that are kept for reading, and that wait for a sink. @limit The oldest is dropped, and counted in the log. */
const MOST_KEPT = 1000;
/** Objects whose events are counted together. @limit The oldest is forgotten: its next event counts from one. */
const MOST_OBJECTS = 1000;

/** A stand with the events that an earlier agent has left, if any. */
export function makeNewsStand(tools: {
  readonly sinks: readonly Sink<CountedEvent>[];
  readonly earlier: readonly CountedEvent[];
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}): NewsStand {
  const { clock } = tools;
  /** @bound MOST_KEPT */
  const kept = new Map<string, CountedEvent>();
  /** @bound MOST_OBJECTS */
  const objects = new Map<string, Correlation>();
  const queues = tools.sinks.map((sink) => makeQueue({ ...tools, sink }));
  const readers = makeWatch<CountedEvent>(clock);
  const begunWallMs = clock.now().wallMs;
  /** @bound Parts of the agent that bring events elsewhere: a fixed number. */
  const listeners: ((event: CountedEvent) => void)[] = [];

  const keep = (event: CountedEvent, correlation: Correlation): void => {
    renew(kept, event.name, event, MOST_KEPT);
    renew(objects, objectKey(event.object), correlation, MOST_OBJECTS);
  };
  const knownOf = ({ object }: PodEvent): Correlation => objects.get(objectKey(object)) ?? noCorrelation;
  for (const event of tools.earlier) keep(event, recall(knownOf(event), event));

  return {
    tell(events) {
      for (const event of events) {
        const { after, counted, told } = correlate(knownOf(event), event, clock.now());
        keep(counted, after);
        readers.tell(counted.name, counted);
        if (told === undefined) continue;
        for (const queue of queues) queue.add(told);
        for (const listener of listeners) listener(told);
      }
    },
    recent: () => [...kept.values()],
    watch: (signal) => readers.follow([...kept.values()], signal),
    listen(listener) {
      listeners.push(listener);
      for (const event of kept.values()) if (event.atWallMs >= begunWallMs) listener(event);
    },
    async run(signal) {
      await Promise.all(queues.map((queue) => queue.run(signal)));
    },
  };
}

/** With this entry as the newest; beyond the limit the oldest goes. */
function renew<V>(entries: Map<string, V>, key: string, value: V, most: number): void {
  entries.delete(key);
  entries.set(key, value);
  const [oldest] = entries.keys();
  if (entries.size > most && oldest !== undefined) entries.delete(oldest);
}

function makeQueue(tools: {
  readonly sink: Sink<CountedEvent>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}): { add(event: CountedEvent): void; run(signal: AbortSignal): Promise<void> } {
  const { clock, chance, log, sink } = tools;
  /** @bound MOST_KEPT */
  const queue: CountedEvent[] = [];
  const bell = makeBell(clock);
  let dropped = 0;
  let failures = 0;

  const handOver = async (event: CountedEvent, signal: AbortSignal): Promise<void> => {
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
