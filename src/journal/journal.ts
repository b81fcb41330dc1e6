import type { Log } from "../base/log.ts";
import type { CountedEvent } from "../pod/event.ts";
import type { Sink } from "../ports.ts";
import { appendLines, loadLines } from "./generations.ts";
import { decodeEvent, encodeEvent } from "./line.ts";

export type JournalOptions = {
  /** Holds the journal's two files and nothing else. */
  readonly directory: string;
  /** Size of both files together, in bytes. */
  readonly maxBytes: number;
  /** Longest time for which an event is kept in memory only. */
  readonly flushMs: number;
  readonly log: Log;
};

/**
 * Events on disk, so that an agent that starts knows what happened before (D8). Putting one only takes note of it; the
 * disk is written a few times a minute at most. A disk that is full or broken costs events and nothing else.
 */
export type Journal = Sink<CountedEvent> & {
  /** What an earlier agent left, oldest first; of an event that was told again only the last telling. */
  readonly earlier: readonly CountedEvent[];
  /** Writes what is noted; never throws. */
  flush(): Promise<void>;
  /** The last flush; nothing is written afterwards. */
  close(): Promise<void>;
};

/** Events that wait for the disk. @limit The oldest is lost. */
const MOST_WAITING = 2000;

/** Opens the journal and reads what is in it; damaged lines are passed over, a disk that cannot be read is an empty one. */
export async function openJournal({ directory, maxBytes, flushMs, log }: JournalOptions): Promise<Journal> {
  const earlier = lastOfEach((await loadLines(directory, maxBytes, log)).flatMap((line) => decodeEvent(line) ?? []));
  /** @bound MOST_WAITING */
  const waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let failing = false;
  let closed = false;

  const note = (event: CountedEvent): void => {
    if (closed) return;
    waiting.push(encodeEvent(event));
    if (waiting.length > MOST_WAITING) waiting.shift();
    timer ??= setTimeout(flush, flushMs).unref();
  };

  const write = async (): Promise<void> => {
    const lines = waiting.splice(0);
    if (lines.length === 0) return;
    try {
      await appendLines(directory, maxBytes, lines);
      if (failing) log.info("events are kept on disk again");
      failing = false;
    } catch (error) {
      if (!failing) log.warn("events cannot be kept on disk", { directory, error });
      failing = true;
      waiting.unshift(...lines.slice(Math.max(0, waiting.length + lines.length - MOST_WAITING)));
      if (!closed) timer ??= setTimeout(flush, flushMs).unref();
    }
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  };

  return {
    earlier,
    put: async (event) => note(event),
    flush,
    async close() {
      closed = true;
      await flush();
    },
  };
}

function lastOfEach(events: readonly CountedEvent[]): CountedEvent[] {
  const last = new Map<string, CountedEvent>();
  for (const event of events) {
    last.delete(event.name);
    last.set(event.name, event);
  }
  return [...last.values()];
}
