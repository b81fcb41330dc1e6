import { readFileSync } from "node:fs";

/** Watches a process that plays seeds, and says when one takes longer than it may. */
export type StuckWatch = {
  /** A seed has ended. */
  moved(): void;
  stop(): void;
};

const LOOK_EVERY_MS = 5_000;
/** USER_HZ, which is 100 on every Linux that Node.js runs on. */
const MS_PER_TICK = 10;

/** Calls back once when the process has computed for so long without the end of a seed: on a busy machine time alone says nothing. */
export function watchStuck(pid: number | undefined, longestMs: number, onStuck: () => void): StuckWatch {
  let sinceMs = computedMs(pid);
  const timer = setInterval(() => {
    if (computedMs(pid) - sinceMs <= longestMs) return;
    clearInterval(timer);
    onStuck();
  }, LOOK_EVERY_MS);
  return {
    moved() {
      sinceMs = computedMs(pid);
    },
    stop: () => clearInterval(timer),
  };
}

/** 0 for a process that is gone. */
function computedMs(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [user, system] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13);
    return (Number(user) + Number(system)) * MS_PER_TICK;
  } catch {
    return 0;
  }
}
