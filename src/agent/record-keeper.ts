import { makeBell, OVER } from "../base/bell.ts";
import type { Chance, Clock, MonoMs } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { sameData } from "../base/same.ts";
import type { StoredPod } from "../ports.ts";
import { backOffMs } from "./back-off.ts";

/**
 * Keeps one pod's record on disk in step with its memory.
 *
 * K1  The first record is written at once, beside the pod's first actions: a pod that was accepted is found again (D1). So is
 *     what must not be done twice or forgotten: an ending, a hook, a stop, a verdict that was shown, a manifest.
 * K2  One write at a time; all else waits for more of its kind, and becomes one write of the newest.
 * K3  A write that failed is tried again, ever more slowly; the newest record wins.
 * K4  After `close` nothing is written, and it resolves only when no write is under way. An agent that leaves waits for a disk
 *     that hangs no longer than LAST_WRITE_MS.
 */
export type RecordKeeper = {
  /** Asks for this record on disk; equal to the last one asked for: nothing happens. */
  keep(stored: StoredPod): void;
  /** Writes what is left, with one try for which there is LAST_WRITE_MS, and closes. */
  flush(): Promise<void>;
  close(): Promise<void>;
  closed(): boolean;
};

/** Attempts: most of a pod's start is one write. What is lost with the agent is found in the runtime again. */
const SOON_MS = 1000;
/** The last write of a record when the agent leaves. @limit It is given up: the next agent goes on from the one before. */
const LAST_WRITE_MS = 5000;
/** Conditions: lost with the agent they cost a date. */
const LATER_MS = 5000;

/** A keeper that has written nothing; `signal` is for the writes themselves. */
export function makeRecordKeeper(tools: {
  readonly save: (stored: StoredPod, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}): RecordKeeper {
  const { clock } = tools;
  const bell = makeBell(clock);
  const closing = new AbortController();
  const hurrying = new AbortController();
  let asked: Parts | undefined;
  let next: StoredPod | undefined;
  let dueMonoMs: MonoMs = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    let failures = 0;
    while (next !== undefined && !closing.signal.aborted) {
      if (await isEarly()) continue;
      const stored = next;
      next = undefined;
      const written = await write(stored);
      failures = written ? 0 : failures + 1;
      if (written) continue;
      next ??= stored;
      if (hurrying.signal.aborted) break;
      await clock.sleep(backOffMs(failures, tools.chance), hurrying.signal);
    }
    writing = undefined;
  };
  /** Waits until the next write is due, or until something makes it due earlier; false when it is due. */
  const isEarly = async (): Promise<boolean> => {
    if (hurrying.signal.aborted || clock.now().monoMs >= dueMonoMs) return false;
    await bell.wait(dueMonoMs, hurrying.signal);
    return true;
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
      const parts = partsOf(stored);
      const delayMs = delayOf(asked, parts);
      if (delayMs === undefined) return;
      asked = parts;
      const due = clock.now().monoMs + delayMs;
      dueMonoMs = next === undefined ? due : Math.min(due, dueMonoMs);
      next = stored;
      bell.ring();
      writing ??= writeAll();
    },
    closed: () => closing.signal.aborted,
    async flush() {
      if (closing.signal.aborted) return;
      hurrying.abort(OVER);
      const waited = new AbortController();
      if (writing !== undefined) await Promise.race([writing, clock.sleep(LAST_WRITE_MS, waited.signal)]);
      waited.abort(OVER);
      closing.abort(OVER);
    },
    async close() {
      hurrying.abort(OVER);
      closing.abort(OVER);
      await writing;
    },
  };
}

/** A record by how long its parts may wait. A manifest is told from another by identity: it is large, and never changed in place. */
type Parts = {
  readonly manifest: StoredPod["manifest"];
  readonly grave: unknown;
  readonly learnt: unknown;
  readonly dated: unknown;
};

function partsOf({ manifest, record, ...rest }: StoredPod): Parts {
  const { conditions, startedWallMs, terminal, instances, allocated, resizing, ...learnt } = record;
  const marked = Object.entries(instances).filter(([, marks]) => Object.keys(marks).length > 0);
  return {
    manifest,
    grave: [rest, terminal, marked, allocated, resizing],
    learnt: [learnt, Object.keys(instances)],
    dated: [conditions, startedWallMs],
  };
}

/** How long what has changed may wait; undefined: nothing has. */
function delayOf(before: Parts | undefined, after: Parts): number | undefined {
  if (before?.manifest !== after.manifest || !sameData(before.grave, after.grave)) return 0;
  if (!sameData(before.learnt, after.learnt)) return SOON_MS;
  return sameData(before.dated, after.dated) ? undefined : LATER_MS;
}
