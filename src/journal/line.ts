import type { CountedEvent, EventObject } from "../pod/event.ts";

/** Characters of a message on disk: a few must not push all others out. @limit The rest is left out. */
const LONGEST_MESSAGE = 4096;

/** One line of the journal. */
export function encodeEvent(event: CountedEvent): string {
  return JSON.stringify({ ...event, message: event.message.slice(0, LONGEST_MESSAGE) });
}

/** The event of a line; undefined when the line is torn or from elsewhere. */
export function decodeEvent(line: string): CountedEvent | undefined {
  const value = parse(line);
  if (!isMap(value)) return undefined;
  const { type, reason, message, atWallMs } = value;
  const object = decodeObject(value.object);
  if (type !== "Normal" && type !== "Warning") return undefined;
  if (object === undefined || typeof reason !== "string" || typeof message !== "string") return undefined;
  if (!isMoment(atWallMs)) return undefined;
  const { name, count, firstWallMs } = value;
  if (typeof name !== "string" || !isCount(count) || !isMoment(firstWallMs)) return undefined;
  return { type, reason, message, object, atWallMs, name, count, firstWallMs };
}

function decodeObject(value: unknown): EventObject | undefined {
  if (!isMap(value)) return undefined;
  const { kind, namespace, name, uid, fieldPath } = value;
  if (typeof name !== "string") return undefined;
  if (kind === "Node") return { kind, name };
  if (kind !== "Pod" || typeof namespace !== "string" || typeof uid !== "string") return undefined;
  const pod = { kind, namespace, name, uid } as const;
  return typeof fieldPath === "string" ? { ...pod, fieldPath } : pod;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
/** A Date has no room for more. */
const isMoment = (value: unknown): value is number => isNumber(value) && Math.abs(value) <= 8.64e15;
/** v1 has 31 bits for it. */
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31;

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
