/** Looks after the log files that running containers write (cri-mapping 4.4). */
export type LogKeeping = {
  /** Bytes; undefined when there is no such file. */
  size(path: string): Promise<number | undefined>;
  /** Bytes that are free where the logs are. */
  freeBytes(): Promise<number>;
  /**
   * Calls back whenever one of these files is written, renamed or removed, until what is returned is called. Undefined when
   * they cannot be watched: one is missing, or the kernel has no watches left.
   */
  watch(paths: readonly string[], onStir: () => void): (() => void) | undefined;
  /** The file is renamed, `reopen` lets the runtime begin a new one, followers hear of it, and the oldest files go. */
  rotate(path: string, maxFiles: number, reopen: () => Promise<void>): Promise<void>;
  /** Rotated files but the newest become compressed ones. */
  compress(path: string, signal: AbortSignal): Promise<void>;
};
