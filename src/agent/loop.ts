import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** A loop of the agent as health checks see it. */
export type Loop = {
  readonly name: string;
  /** False between a failure and the next round that went well for a while. */
  readonly well: () => boolean;
  /** Resolves when the loop has ended for good. */
  readonly over: Promise<void>;
};

const AGAIN_MS = 1000;
/** A loop that goes on for so long after a failure counts as mended. */
const MENDED_MS = 10_000;

/** Runs a loop until the signal; one that fails, which is a fault in Berth, or ends early is begun again. */
export function startLoop(
  name: string,
  run: (signal: AbortSignal) => Promise<void>,
  tools: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Loop {
  const { clock, log, signal } = tools;
  let begunMonoMs = clock.now().monoMs;
  let failures = 0;

  const keepGoing = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await run(signal);
      } catch (error) {
        if (!signal.aborted) log.error(`the loop "${name}" failed and is begun again`, { error });
      }
      if (signal.aborted) return;
      failures += 1;
      await clock.sleep(AGAIN_MS, signal);
      begunMonoMs = clock.now().monoMs;
    }
  };
  return { name, well: () => failures === 0 || clock.now().monoMs - begunMonoMs > MENDED_MS, over: keepGoing() };
}
