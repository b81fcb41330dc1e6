import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** A loop of the agent as health checks see it. */
export type Loop = {
  readonly name: string;
  /** False between a failure and the next round that went well for a while, and when a round is overdue. */
  readonly well: () => boolean;
  /** Resolves when the loop has ended for good. */
  readonly over: Promise<void>;
};

/** What a loop does until the signal. One that wakes by itself calls `beat` in each round. */
export type Round = (signal: AbortSignal, beat: () => void) => Promise<void>;

const AGAIN_MS = 1000;
/** A loop that goes on for so long after a failure counts as mended. */
const MENDED_MS = 10_000;

/**
 * Runs a loop until the signal; one that fails, which is a fault in Berth, or ends early is begun again. With
 * `beatWithinMs` a loop that has not beaten for so long is unwell: it hangs, and nothing but a new start helps.
 */
export function startLoop(
  name: string,
  run: Round,
  tools: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal; readonly beatWithinMs?: number },
): Loop {
  const { clock, log, signal, beatWithinMs = Number.POSITIVE_INFINITY } = tools;
  let begunMonoMs = clock.now().monoMs;
  let beatMonoMs = begunMonoMs;
  let failures = 0;
  const beat = (): void => {
    beatMonoMs = clock.now().monoMs;
  };

  const keepGoing = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await run(signal, beat);
      } catch (error) {
        if (!signal.aborted) log.error(`the loop "${name}" failed and is begun again`, { error });
      }
      if (signal.aborted) return;
      failures += 1;
      await clock.sleep(AGAIN_MS, signal);
      begunMonoMs = clock.now().monoMs;
    }
  };
  const well = (): boolean => {
    const { monoMs } = clock.now();
    return (failures === 0 || monoMs - begunMonoMs > MENDED_MS) && monoMs - beatMonoMs < beatWithinMs;
  };
  return { name, well, over: keepGoing() };
}
