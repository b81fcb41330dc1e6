import { setTimeout } from "node:timers/promises";
import type { Query } from "./client.ts";
import type { Call } from "./command.ts";
import { CommandFailure } from "./terminal.ts";

/** A berthd that has left is asked for again so often. */
const PAUSE_MS = 250;
/** A berthd that has left and does not come back. @limit The command fails. */
const LONGEST_AWAY_MS = 120_000;

/** The same where none has answered yet: one that takes over a new configuration is away for a moment. @limit As above. */
const LONGEST_FIRST_MS = 5_000;

/**
 * Lines of a watch, which goes on under the next berthd when the one that answers leaves: `again` is called when a further
 * one answers, which begins with everything there is. Ends with the signal. Throws what asking the first one throws, with
 * `soon` only when it is away for longer than a reload takes.
 */
export async function* followLines<T>(
  call: Call,
  path: string,
  query: Query,
  again: () => void = () => {},
  signal: AbortSignal = call.terminal.signal,
  first: "now" | "soon" = "now",
): AsyncGenerator<T> {
  const { client } = call;
  const patience = makePatience(call, signal);
  const atFirst = makePatience(call, signal, LONGEST_FIRST_MS);
  let begun = false;
  const onOpen = (): void => {
    begun = true;
    if (patience.isBack()) again();
  };
  while (!signal.aborted) {
    try {
      yield* client.lines<T>(path, query, signal, onOpen);
    } catch (error) {
      if (!begun && first === "now") throw error;
      if (signal.aborted) return;
      await (begun ? patience : atFirst).bear(error);
    }
  }
}

/** Waits for a berthd that has left. */
export type Patience = {
  /** Waits a moment before it is asked again, and says so once. Throws any other error, and when it takes too long. */
  bear(error: unknown): Promise<void>;
  /** It answers; whether it had left before. */
  isBack(): boolean;
};

/** Patience with a berthd that answers so far. */
export function makePatience(
  { terminal }: Call,
  signal: AbortSignal = terminal.signal,
  longestMs = LONGEST_AWAY_MS,
): Patience {
  let sinceMs: number | undefined;
  return {
    async bear(error) {
      if (!(error instanceof CommandFailure && error.isAway)) throw error;
      if (sinceMs === undefined) await terminal.err.write(`${error.message}; waiting for the next one\n`);
      sinceMs ??= terminal.now();
      if (terminal.now() - sinceMs > longestMs) throw error;
      await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    },
    isBack() {
      const wasAway = sinceMs !== undefined;
      sinceMs = undefined;
      return wasAway;
    },
  };
}
