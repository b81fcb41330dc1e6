import type { MonoMs } from "../base/clock.ts";
import {
  PRESSURE_SIGNALS,
  type PressureKind,
  type PressureReading,
  type PressureReadings,
  type PressureSignal,
  type Pressures,
} from "../pod/pressure.ts";
import { ceilUnits, parseQuantity } from "../pod/quantity.ts";

/** An amount as thresholds write it: so many, or such a part of the capacity. */
export type Amount = { readonly kind: "units" | "percent"; readonly value: number };

/** When too little is left. A hard one counts at once, a soft one when it was met for `graceMs`. */
export type Threshold = {
  readonly signal: PressureSignal;
  readonly amount: Amount;
  readonly graceMs?: number;
  /** So much more must be left before it is no longer met. */
  readonly minReclaim?: Amount;
};
export type PressureLimits = {
  readonly thresholds: readonly Threshold[];
  /** evictionPressureTransitionPeriod: how long a condition stays after it was last seen. */
  readonly transitionMs: number;
  /** evictionMaxPodGracePeriod, of soft thresholds. */
  readonly maxPodGraceSeconds: number;
};

/** What is remembered from look to look. */
export type PressureMemory = {
  /** Since when a threshold is met. */
  readonly since: ReadonlyMap<Threshold, MonoMs>;
  /** When a condition was last seen. */
  readonly seen: ReadonlyMap<PressureKind, MonoMs>;
};
export const NO_PRESSURE: PressureMemory = { since: new Map(), seen: new Map() };

export type PressureVerdict = {
  readonly memory: PressureMemory;
  /** Thresholds to act on, what is scarcest for the host first: memory, disk, process ids. */
  readonly due: readonly Threshold[];
  readonly conditions: Pressures;
};

/** A signal's condition, and what it is called in the event. */
export const SIGNALS: Readonly<Record<PressureSignal, { readonly kind: PressureKind; readonly resource: string }>> = {
  "memory.available": { kind: "memory", resource: "memory" },
  "allocatableMemory.available": { kind: "memory", resource: "memory" },
  "nodefs.available": { kind: "disk", resource: "ephemeral-storage" },
  "nodefs.inodesFree": { kind: "disk", resource: "inodes" },
  "imagefs.available": { kind: "disk", resource: "ephemeral-storage" },
  "imagefs.inodesFree": { kind: "disk", resource: "inodes" },
  "pid.available": { kind: "pid", resource: "pids" },
};

/** Reads `10%`, `100Mi`; undefined for anything else, and for less than nothing. */
export function parseAmount(written: string): Amount | undefined {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(written)?.[1];
  if (percent !== undefined) return Number(percent) <= 100 ? { kind: "percent", value: Number(percent) } : undefined;
  const quantity = parseQuantity(written);
  return quantity === undefined || quantity.nanos < 0n ? undefined : { kind: "units", value: ceilUnits(quantity) };
}

/** A threshold of 0 % or 100 % is none. */
export const isSwitchedOff = ({ kind, value }: Amount): boolean => kind === "percent" && (value === 0 || value === 100);

/** The hard thresholds with that of the pods' own memory, which is the host's (node.md 5.1). */
export const withAllocatable = (hard: readonly Threshold[]): readonly Threshold[] =>
  hard.flatMap((one) =>
    one.signal === "memory.available" ? [one, { ...one, signal: "allocatableMemory.available" }] : [one],
  );

/** An amount in the units of what was read. */
export const unitsOf = ({ kind, value }: Amount, { capacity }: PressureReading): number =>
  kind === "units" ? value : Math.floor((capacity * value) / 100);

/**
 * What one look at the host means (node.md 5.1). A threshold that was met stays so until there is as much more as it wants
 * to be reclaimed; a signal that could not be read changes nothing.
 */
export function judgePressure(
  { since, seen }: PressureMemory,
  readings: PressureReadings,
  { thresholds, transitionMs }: PressureLimits,
  now: MonoMs,
): PressureVerdict {
  const met = new Map(
    thresholds.filter((one) => isMet(one, readings, since.has(one))).map((one) => [one, since.get(one) ?? now]),
  );
  const seenNow = new Map([...seen, ...[...met.keys()].map(({ signal }) => [SIGNALS[signal].kind, now] as const)]);
  const holds = (kind: PressureKind): boolean => {
    const last = seenNow.get(kind);
    const isNow = [...met.keys()].some(({ signal }) => SIGNALS[signal].kind === kind);
    return isNow || (last !== undefined && now - last < transitionMs);
  };
  return {
    memory: { since: met, seen: seenNow },
    due: [...met]
      .filter(([{ graceMs = 0 }, from]) => now - from >= graceMs)
      .map(([one]) => one)
      .sort(byUrgency),
    conditions: { memory: holds("memory"), disk: holds("disk"), pid: holds("pid") },
  };
}

function isMet({ signal, amount, minReclaim }: Threshold, readings: PressureReadings, wasMet: boolean): boolean {
  const reading = readings.get(signal);
  if (reading === undefined) return wasMet;
  const more = wasMet && minReclaim !== undefined ? unitsOf(minReclaim, reading) : 0;
  return reading.available < unitsOf(amount, reading) + more;
}

const rank = ({ signal }: Threshold): number => PRESSURE_SIGNALS.indexOf(signal);

/** Of one signal the hard threshold comes first. */
const byUrgency = (one: Threshold, other: Threshold): number =>
  rank(one) - rank(other) || (one.graceMs ?? -1) - (other.graceMs ?? -1);

/** By how much the image file system must be relieved of images; 0 where removing images is of no use. */
export function bytesToReclaim(
  { signal, amount, minReclaim }: Threshold,
  readings: PressureReadings,
  isOneDisk: boolean,
): number {
  const reading = readings.get(signal);
  if (reading === undefined || SIGNALS[signal].kind !== "disk") return 0;
  if (signal.startsWith("nodefs") && !isOneDisk) return 0;
  // Nobody knows how many inodes an image has.
  if (signal.endsWith("inodesFree")) return Number.POSITIVE_INFINITY;
  const wanted = unitsOf(amount, reading) + (minReclaim === undefined ? 0 : unitsOf(minReclaim, reading));
  return Math.max(0, wanted - reading.available);
}
