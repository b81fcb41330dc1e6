import { makeBell } from "../base/bell.ts";
import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { DirectorySighting } from "../pod/source.ts";
import { unreadable } from "./listing.ts";
import type { Hint, Looker, LookResult } from "./look.ts";
import { sameDirectory } from "./same-directory.ts";
import { type Watch, watchManifests } from "./watch.ts";

export type KeepWatchTools = {
  readonly path: string;
  readonly fileCheckMs: number;
  readonly log: Log;
  readonly looker: Looker;
  readonly tell: (sighting: DirectorySighting) => void;
};

/** The loop that looks whenever something rings, and now and then without that. */
export type KeptWatch = { rescan(): void; stop(): Promise<void> };

/** A path that cannot be read is tried again this soon. */
const RETRY_MS = 1_000;
/** A file system that does not answer for so long is a problem that is told. */
const HUNG_MS = 10_000;
/** Files that changed since the last look. @limit The whole directory is looked at. */
const MOST_HINTS = 1000;

/** Starts the loop; it ends with the signal. */
export function keepWatch({ path, fileCheckMs, log, looker, tell }: KeepWatchTools, signal: AbortSignal): KeptWatch {
  const bell = makeBell(systemClock);
  let full = true;
  /** @bound MOST_HINTS */
  let hints = new Map<string, Hint>();
  let told: DirectorySighting | undefined;
  let watch: Watch | undefined;
  /** What the watch stands on; undefined when there is none that can be trusted. */
  let watched: string | undefined;
  let watchAgainAtMs = 0;

  const tellNews = (sighting: DirectorySighting): void => {
    if (told !== undefined && sameDirectory(told, sighting)) return;
    told = sighting;
    tell(sighting);
  };
  const listener = {
    onChange(name: string | undefined, how: "moved" | "written"): void {
      if (name === undefined || (hints.size >= MOST_HINTS && !hints.has(name))) full = true;
      else hints.set(name, withHint(hints.get(name), how));
      bell.ring();
    },
    onError(error: unknown): void {
      // A directory that goes bad under a watch has an error for each of its files: only the first says something new.
      if (watched === undefined) return;
      log.warn("the watch on the manifest directory failed; it is checked less often", { path, error: wordsOf(error) });
      watched = undefined;
      watchAgainAtMs = performance.now() + fileCheckMs;
    },
  };
  const look = async (): Promise<LookResult> => {
    const isTouched = (name: string): boolean => hints.has(name) || hints.size >= MOST_HINTS;
    const request = { full, hints, isTouched };
    full = false;
    hints = new Map();
    const hung = setTimeout(() => tellNews(hungSighting(path)), HUNG_MS);
    try {
      return await looker.look(request, tellNews);
    } finally {
      clearTimeout(hung);
    }
  };
  /** True when the watch had to be made anew: what happened before it stood is found by looking once more. */
  const watchIsNew = async (identity: string): Promise<boolean> => {
    if (watched === identity || performance.now() < watchAgainAtMs) return false;
    await watch?.close();
    watched = identity;
    watch = await watchManifests(path, listener);
    return true;
  };
  const run = async (): Promise<void> => {
    let fullAtMs = 0;
    while (!signal.aborted) {
      full ||= performance.now() >= fullAtMs;
      const wasFull = full;
      const { identity = "", lookAtMs = Number.POSITIVE_INFINITY } = await look();
      if (wasFull) fullAtMs = performance.now() + (identity === "" ? Math.min(RETRY_MS, fileCheckMs) : fileCheckMs);
      if (await watchIsNew(identity)) full = true;
      else await bell.wait(Math.min(lookAtMs, fullAtMs), signal);
    }
  };

  const running = run();
  return {
    rescan() {
      full = true;
      bell.ring();
    },
    async stop() {
      bell.ring();
      await running;
      await watch?.close();
    },
  };
}

const withHint = (before: Hint | undefined, how: "moved" | "written"): Hint => ({
  moved: how === "moved" || before?.moved === true,
  written: how === "written" || before?.written === true,
  atMs: performance.now(),
});

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const hungSighting = (path: string): DirectorySighting => ({
  listing: {
    kind: "failed",
    problem: unreadable(path, "it does not answer", "check the disk or file server it is on"),
  },
  files: [],
  ignored: [],
});
