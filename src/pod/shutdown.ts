import type { MonoMs, WallMs } from "../base/clock.ts";

/** Pods of this priority and above, up to the next group's, have so long to end when the host shuts down (node.md 5.4). */
export type ShutdownGroup = { readonly priority: number; readonly graceSeconds: number };

/** A shutdown of the host under way: which group's turn it is, and since when. */
export type Shutdown = {
  /** Ascending by priority. */
  readonly groups: readonly ShutdownGroup[];
  /** Place of the group whose turn it is; as many as there are groups: all had theirs. */
  readonly turn: number;
  readonly sinceMonoMs: MonoMs;
};

/** The host's word that it shuts down, and the lock that makes it wait. */
export type ShutdownDelay = {
  /**
   * Takes the lock for a delay of so long, which it asks the host to allow first. Throws HostRefused where there is nobody to
   * ask, or who was asked refuses.
   */
  take(delayMs: number, signal: AbortSignal): Promise<ShutdownLock>;
};

export type ShutdownLock = {
  /** How long the host waits at most, which may be less than was asked for; undefined: it does not tell. */
  readonly grantedMs: number | undefined;
  /** Whether the host prepares to shut down: at first, then at each change. Ends when lock or host are lost, or by the signal. */
  preparing(signal: AbortSignal): AsyncIterable<boolean>;
  /** The host need not wait any longer. */
  release(): void;
  /** Releases, and listens no more. */
  close(): void;
};

/** When the host's last shutdown was told, and when the pods had had their time; without an end, the host did not wait for it. */
export type ShutdownTimes = { readonly startWallMs: WallMs; readonly endWallMs?: WallMs };

/** Keeps the last shutdown's times over the reboot, so that they can be told afterwards (node.md 5.4). */
export type ShutdownDiary = {
  /** What an earlier agent has left. */
  readonly last: ShutdownTimes | undefined;
  /** When it returns, they stand on disk. Throws FileFailed. */
  keep(times: ShutdownTimes): Promise<void>;
};
