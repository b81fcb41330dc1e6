import { cpuSeconds } from "../../load/sample.ts";

/** Watches a process that plays seeds, and says when one takes longer than it may. */
export type StuckWatch = {
  /** A seed has ended. */
  moved(): void;
  stop(): void;
};

const LOOK_EVERY_MS = 5_000;

/** Calls back once when the process has computed for so long without the end of a seed: on a busy machine time alone says nothing. */
export function watchStuck(pid: number, longestSeconds: number, onStuck: () => void): StuckWatch {
  let hasMoved = false;
  let since = 0;
  const look = async (): Promise<void> => {
    const now = await cpuSeconds(pid);
    if (hasMoved) since = now;
    hasMoved = false;
    if (now - since <= longestSeconds) return;
    clearInterval(timer);
    onStuck();
  };
  // A process that has ended has no CPU time to read.
  const timer = setInterval(() => void look().catch(() => clearInterval(timer)), LOOK_EVERY_MS);
  return {
    moved() {
      hasMoved = true;
    },
    stop: () => clearInterval(timer),
  };
}
