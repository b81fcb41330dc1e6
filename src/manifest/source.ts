import { once } from "node:events";
import type { Log } from "../base/log.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { DirectorySighting } from "../pod/source.ts";
import type { ManifestSource, StoredPod } from "../ports.ts";
import type { CompileSettings } from "./compile-object.ts";
import { keepWatch } from "./keep-watch.ts";
import { makeLooker } from "./look.ts";
import { recompilePod } from "./recompile.ts";
import { makeWorkshop } from "./workshop.ts";

/** What the manifest directory needs to know. */
export type ManifestSettings = CompileSettings & {
  /** A directory, or one file; empty: the host is to have no manifests. */
  readonly path: string;
  /** How often everything is looked at again, whatever was told: the safety net (0.1). */
  readonly fileCheckMs: number;
  readonly log: Log;
  /** Where the code of the worker thread is, when it is not beside this file. */
  readonly workerUrl?: URL | string;
};

/**
 * The manifest directory as a source. Invariants:
 * - events of the file system only ring; what is told comes from looking, so that a lost event costs time, never truth;
 * - one look at a time; what rings during a look is looked at right after it;
 * - a sighting is told only when it differs from the one before; the newest replaces one that nobody took.
 */
export function makeManifestSource(settings: ManifestSettings): ManifestSource {
  const { path, fileCheckMs, log, workerUrl } = settings;
  const recompile = async (stored: StoredPod): Promise<DesiredPod | undefined> => recompilePod(stored, settings);
  if (path === "") return { rescan() {}, recompile, sightings: noManifests };
  let rescan = (): void => {};

  return {
    rescan: () => rescan(),
    recompile,
    async *sightings(signal) {
      const workshop = makeWorkshop(workerUrl);
      const looker = makeLooker({ ...settings, compile: workshop.compile });
      let newest: DirectorySighting | undefined;
      let wake = (): void => {};
      const tell = (sighting: DirectorySighting): void => {
        newest = sighting;
        wake();
      };
      const keeping = keepWatch({ path, fileCheckMs, log, looker, tell }, signal);
      rescan = keeping.rescan;
      signal.addEventListener("abort", () => wake(), { once: true });
      try {
        while (!signal.aborted) {
          if (newest === undefined) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
          const sighting = newest;
          newest = undefined;
          if (sighting !== undefined && !signal.aborted) yield sighting;
        }
      } finally {
        rescan = () => {};
        await keeping.stop();
        await workshop.close();
      }
    },
  };
}

/** What a host without a manifest directory shows: nothing, once, and at once (node.md 3.2). */
async function* noManifests(signal: AbortSignal): AsyncGenerator<DirectorySighting> {
  yield { listing: { kind: "none" }, files: [], ignored: [] };
  if (!signal.aborted) await once(signal, "abort");
}
