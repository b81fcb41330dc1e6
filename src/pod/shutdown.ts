import type { MonoMs } from "../base/clock.ts";

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
