/** What the node may run short of, as its thresholds name it (node.md 5.1). */
export const PRESSURE_SIGNALS = [
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
] as const;
export type PressureSignal = (typeof PRESSURE_SIGNALS)[number];

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
