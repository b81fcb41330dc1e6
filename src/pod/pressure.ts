/**
 * What the node may run short of (node.md 5.1), memory first. `allocatableMemory.available` is what all pods together have left
 * of their limit; its threshold is that of `memory.available`, and nobody writes one of its own.
 */
export const PRESSURE_SIGNALS = [
  "memory.available",
  "allocatableMemory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
] as const;
export type PressureSignal = (typeof PRESSURE_SIGNALS)[number];

/** Signals that a configuration may name. */
export const CONFIGURED_SIGNALS: readonly PressureSignal[] = PRESSURE_SIGNALS.filter(
  (signal) => signal !== "allocatableMemory.available",
);

/** The conditions of a node that follow from it. */
export type PressureKind = "memory" | "disk" | "pid";
export type Pressures = { readonly [K in PressureKind]: boolean };

/** Bytes, inodes or process ids. */
export type PressureReading = { readonly available: number; readonly capacity: number };
/** What could be read; a signal whose file system does not count it is not there. */
export type PressureReadings = ReadonlyMap<PressureSignal, PressureReading>;

/** Reads what is left of the host. Throws FileFailed. */
export type PressureGauge = {
  read(signal: AbortSignal): Promise<{ readonly readings: PressureReadings; readonly rootDevice: number }>;
};
