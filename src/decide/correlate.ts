import type { MonoMs, Now } from "../base/clock.ts";
import type { CountedEvent, EventObject, PodEvent } from "../pod/event.ts";

/** Different messages of one kind within ten minutes (node.md 3.7). @limit They are told as one event from then on. */
const SIMILAR_LIMIT = 10;
const SIMILAR_WINDOW_MS = 600_000;
/** Tellings of one type for each object, one more every five minutes. @limit The event is counted, but not handed to sinks. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Different events that are remembered of one object. @limit The one that was longest not seen is forgotten. */
const MOST_SERIES = 64;

/** What was told of one object so far. Plain data, bounded; its owner keeps one for each object and drops it with the object. */
export type Correlation = {
  readonly series: ReadonlyMap<string, CountedEvent>;
  readonly similar: ReadonlyMap<string, Similar>;
  readonly tokens: ReadonlyMap<PodEvent["type"], Tokens>;
  /** Makes names unique within a millisecond. */
  readonly serial: number;
};
type Similar = { readonly messages: readonly string[]; readonly lastMs: MonoMs };
type Tokens = { readonly left: number; readonly atMs: MonoMs };

/** Nothing was told of the object yet. */
export const noCorrelation: Correlation = { series: new Map(), similar: new Map(), tokens: new Map(), serial: 0 };

/** Two events are of one object when their keys are equal. A container is part of its pod. */
export const objectKey = (object: EventObject): string =>
  object.kind === "Node" ? `Node/${object.name}` : `Pod/${object.namespace}/${object.name}/${object.uid}`;

/** As after an earlier agent that has told this event, counts and all. */
export function recall(before: Correlation, event: CountedEvent): Correlation {
  const isCombined = event.message.startsWith(COMBINED);
  return { ...before, series: newestOf(before.series, keyOf(event, isCombined), event), serial: before.serial + 1 };
}

const COMBINED = "(combined from similar events): ";

/** One event more of the object: counted into its like, and told unless there were too many lately (node.md 3.7). */
export function correlate(
  before: Correlation,
  event: PodEvent,
  now: Now,
): { readonly after: Correlation; readonly counted: CountedEvent; readonly told?: CountedEvent } {
  const similar = noteSimilar(before.similar, event, now.monoMs);
  const counted = count(before, combined(event, similar.many), keyOf(event, similar.many));
  const spent = spend(before.tokens.get(event.type), now.monoMs);
  const after: Correlation = {
    series: newestOf(before.series, keyOf(event, similar.many), counted),
    similar: newestOf(before.similar, groupOf(event), similar.group),
    tokens: new Map([...before.tokens, [event.type, spent.tokens]]),
    serial: before.serial + 1,
  };
  return spent.granted ? { after, counted, told: counted } : { after, counted };
}

const groupOf = ({ type, reason }: PodEvent): string => JSON.stringify([type, reason]);

const keyOf = (event: PodEvent, many: boolean): string => {
  const { object, message } = event;
  if (many) return groupOf(event);
  return JSON.stringify([groupOf(event), message, object.kind === "Pod" ? object.fieldPath : undefined]);
};

function noteSimilar(
  groups: Correlation["similar"],
  event: PodEvent,
  nowMs: MonoMs,
): { readonly group: Similar; readonly many: boolean } {
  const known = groups.get(groupOf(event));
  const recent = known !== undefined && nowMs - known.lastMs <= SIMILAR_WINDOW_MS ? known.messages : [];
  const messages = [...new Set([...recent, event.message])];
  const many = messages.length >= SIMILAR_LIMIT;
  return { group: { messages: many ? messages.slice(1) : messages, lastMs: nowMs }, many };
}

const combined = (event: PodEvent, many: boolean): PodEvent =>
  many ? { ...event, message: `${COMBINED}${event.message}` } : event;

function count({ series, serial }: Correlation, event: PodEvent, key: string): CountedEvent {
  const known = series.get(key);
  if (known === undefined) return { ...event, name: nameOf(event, serial), count: 1, firstWallMs: event.atWallMs };
  return { ...event, name: known.name, count: known.count + 1, firstWallMs: known.firstWallMs };
}

/** `<object>.<hexadecimal nanoseconds>`, as API servers know events. */
function nameOf({ object, atWallMs }: PodEvent, serial: number): string {
  const nanos = BigInt(Math.trunc(atWallMs)) * 1_000_000n + BigInt(serial % 1_000_000);
  return `${object.name}.${nanos.toString(16)}`;
}

function spend(known: Tokens | undefined, nowMs: MonoMs): { readonly tokens: Tokens; readonly granted: boolean } {
  const before = known ?? { left: BURST, atMs: nowMs };
  const left = Math.min(BURST, before.left + (nowMs - before.atMs) / REFILL_MS);
  const granted = left >= 1;
  return { tokens: { left: granted ? left - 1 : left, atMs: nowMs }, granted };
}

/** With this entry as the newest, and no more than are remembered. */
function newestOf<V>(entries: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  const next = new Map(entries);
  next.delete(key);
  next.set(key, value);
  for (const oldest of next.keys()) {
    if (next.size <= MOST_SERIES) break;
    next.delete(oldest);
  }
  return next;
}
