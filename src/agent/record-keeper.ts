import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { StoredPod } from "../ports.ts";
import { backOffMs } from "./back-off.ts";

/**
 * Keeps one pod's record on disk in step with its memory.
 *
 * K1  The first record is written at once, beside the pod's first actions: a pod that was accepted is found again (D1).
 * K2  One write at a time; changes meanwhile, and those within a short while, become one write of the newest.
 * K3  A write that failed is tried again, ever more slowly; the newest record wins.
 * K4  After `close` nothing is written, and it resolves only when no write is under way.
 */
export type RecordKeeper = {
  /** Asks for this record on disk; equal to the last one asked for: nothing happens. */
  keep(stored: StoredPod): void;
  /** Writes what is left, with one try, and closes. */
  flush(): Promise<void>;
  close(): Promise<void>;
  closed(): boolean;
};

/** Changes within so long of a write share the next one. */
const QUIET_MS = 500;

/** A keeper that has written nothing; `signal` is for the writes themselves. */
export function makeRecordKeeper(tools: {
  readonly save: (stored: StoredPod, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}): RecordKeeper {
  const closing = new AbortController();
  const hurrying = new AbortController();
  /** A manifest is told from another by identity alone: it is large, and never changed in place. */
  let asked: { readonly manifest: StoredPod["manifest"]; readonly text: string } | undefined;
  let next: StoredPod | undefined;
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    let failures = 0;
    while (next !== undefined && !closing.signal.aborted) {
      const stored = next;
      next = undefined;
      const written = await write(stored);
      failures = written ? 0 : failures + 1;
      if (!written) next ??= stored;
      const pauseMs = written ? QUIET_MS : backOffMs(failures, tools.chance);
      if (!written && hurrying.signal.aborted) break;
      await tools.clock.sleep(pauseMs, hurrying.signal);
    }
    writing = undefined;
  };
  const write = async (stored: StoredPod): Promise<boolean> => {
    try {
      await tools.save(stored, closing.signal);
      return true;
    } catch (error) {
      if (!closing.signal.aborted) tools.log.warn("the pod's record could not be written", { error });
      return false;
    }
  };

  return {
    keep(stored) {
      if (closing.signal.aborted) return;
      const { manifest, ...rest } = stored;
      const text = JSON.stringify(rest);
      if (asked?.manifest === manifest && text === asked.text) return;
      asked = { manifest, text };
      next = stored;
      writing ??= writeAll();
    },
    closed: () => closing.signal.aborted,
    async flush() {
      hurrying.abort();
      await writing;
      closing.abort();
    },
    async close() {
      hurrying.abort();
      closing.abort();
      await writing;
    },
  };
}
