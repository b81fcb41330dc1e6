import { type FSWatcher, watch } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Tells a follower that it is worth looking again. */
export type Change = {
  /** Until something happened in the directory, the time is up, or the signal aborts. */
  next(signal: AbortSignal): Promise<void>;
  close(): void;
};

/** With or without the kernel's word: the longest time between two looks (cri-mapping 4.3). */
const LONGEST_WAIT_MS = 1000;
/** Without the kernel's word, when it has no more watches to give. */
const POLL_MS = 250;
/** A container that writes without a pause must not wake its follower for every line. */
const SHORTEST_WAIT_MS = 20;

/** Watches the directory rather than the file, since the file is renamed away under its name. */
export function watchChange(directory: string): Change {
  let changed = false;
  let wake: (() => void) | undefined;
  const watcher = tryWatch(directory, () => {
    changed = true;
    wake?.();
  });

  return {
    async next(signal) {
      await sleep(SHORTEST_WAIT_MS, signal);
      if (!changed) {
        const done = new AbortController();
        const either = AbortSignal.any([signal, done.signal]);
        wake = () => done.abort();
        await sleep(watcher === undefined ? POLL_MS : LONGEST_WAIT_MS, either);
        wake = undefined;
      }
      changed = false;
    },
    close: () => watcher?.close(),
  };
}

function tryWatch(directory: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, onChange);
    watcher.on("error", onChange);
    return watcher;
  } catch {
    return undefined;
  }
}

async function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  await wait(delayMs, undefined, { signal }).catch(() => {});
}
