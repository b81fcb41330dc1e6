import { makeBell } from "../base/bell.ts";
import type { Clock } from "../base/clock.ts";
import type { DirectorySighting } from "../pod/source.ts";
import type { ManifestSource } from "../ports.ts";

/** A manifest source that can be drained: as long as it is, it shows no pods, so that those there are end with their grace. */
export type Drainable = ManifestSource & {
  isDrained(): boolean;
  /** Has its effect at once. */
  setDrained(drained: boolean): void;
};

/** Puts a drain before a source. */
export function makeDrainable(source: ManifestSource, clock: Clock, initially: boolean): Drainable {
  const bell = makeBell(clock);
  let drained = initially;

  async function* sightings(signal: AbortSignal): AsyncGenerator<DirectorySighting> {
    let newest: DirectorySighting | undefined;
    let over = false;
    const reading = (async () => {
      try {
        for await (const sighting of source.sightings(signal)) {
          newest = sighting;
          bell.ring();
        }
      } finally {
        over = true;
        bell.ring();
      }
    })();
    reading.catch(() => {}); // told below
    while (!signal.aborted && !over) {
      await bell.wait(undefined, signal);
      if (newest !== undefined && !signal.aborted) yield drained ? withoutPods(newest) : newest;
    }
    await reading;
  }

  return {
    sightings,
    recompile: (stored) => source.recompile(stored),
    rescan: () => source.rescan(),
    isDrained: () => drained,
    setDrained(next) {
      drained = next;
      bell.ring();
    },
  };
}

/** The same directory as one whose files were read whole and hold no pods. A listing that failed still proves nothing (D1). */
function withoutPods(sighting: DirectorySighting): DirectorySighting {
  const files = sighting.files.map((file) => ({
    ...file,
    reading: "whole" as const,
    settled: true,
    documents: file.documents.filter(({ kind }) => kind === "config"),
  }));
  return { ...sighting, files };
}
