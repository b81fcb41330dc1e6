import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";
import type { Problem } from "../pod/problem.ts";
import type { DirectorySighting, FileSighting } from "../pod/source.ts";
import type * as v1 from "../pod/v1.ts";
import type { ManifestSource } from "../ports.ts";
import type { Shelf } from "./documents.ts";
import { restAfter } from "./rest.ts";
import type { Rules } from "./rules.ts";
import type { Change, Store } from "./store.ts";

/**
 * Takes what the sources see and hands on what they ask for.
 *
 * S1  Each sighting goes through intake, and only its outcome counts.
 * S2  The sources are ready once the directory was listed whole; before that no pod of a file is removed (F14). A host that is
 *     to have no such directory is ready at once.
 * S3  Problems of records and of the directory are shown together; each is logged once when it comes and once when it goes.
 * S4  It takes at most a fifth of the time; of sightings that come meanwhile the newest counts.
 */
export type Sources = {
  asked(): readonly DesiredPod[];
  manifest(podUid: string): v1.Pod | undefined;
  ready(): boolean;
  problems(): readonly Problem[];
  /** Files that are there and cannot be understood whole: what came from them before may still be meant (D1). */
  broken(): ReadonlySet<string>;
  /** Resolves after the first sighting was taken. */
  readonly first: Promise<void>;
  run(signal: AbortSignal): Promise<void>;
};

/** Sources that have seen nothing yet. */
export function makeSources(tools: {
  readonly rules: Rules;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly source: ManifestSource;
  readonly store: Store;
  readonly shelf: Shelf;
  readonly recordProblems: readonly Problem[];
  /** `becameReady`: from now on pods may be removed. */
  onChange(change: Change, becameReady: boolean): void;
}): Sources {
  const { rules, clock, log, meter, source, store, shelf } = tools;
  const first = Promise.withResolvers<void>();
  let ready = false;
  let taken = false;
  /** @bound Files that cannot be understood: those of the manifest directory. */
  let broken: ReadonlySet<string> = new Set();
  /** @bound Problems that were logged: those that there are now. */
  let told: ReadonlyMap<string, Problem> = new Map();

  const take = (sighting: DirectorySighting): void => {
    const change = store.take(rules.intake(store.state(), sighting));
    shelf.take(sighting, store.state().configs);
    const heard = sighting.listing.kind !== "failed";
    if (heard) broken = new Set(sighting.files.filter(isBroken).map(({ path }) => path));
    const becameReady = !ready && heard;
    ready ||= becameReady;
    meter.set("kubelet_desired_pods", { static: "true" }, store.state().accepted.length);
    if (change.problems || !taken) tellProblems();
    taken = true;
    tools.onChange(change, becameReady);
    first.resolve();
  };
  const tellProblems = (): void => {
    const all = problems();
    for (const severity of ["error", "warning"] as const) {
      const count = all.filter((problem) => problem.severity === severity).length;
      meter.set("berth_manifest_problems", { severity }, count);
    }
    logChanges(all);
  };
  const logChanges = (all: readonly Problem[]): void => {
    const now = new Map(all.map((problem) => [lineOf(problem), problem]));
    for (const [line, { severity, path, pod, advice }] of now) {
      // A warning, whatever its severity: it is a person's to mend, and nothing of the agent's has failed.
      if (!told.has(line)) log.warn(line, { severity, path, pod, advice });
    }
    for (const line of told.keys()) if (!now.has(line)) log.info(`no longer a problem: ${line}`);
    told = now;
  };
  const problems = (): readonly Problem[] => [...tools.recordProblems, ...store.state().problems];

  return {
    asked: store.asked,
    manifest: (uid) => store.accepted(uid)?.manifest,
    ready: () => ready,
    problems,
    broken: () => broken,
    first: first.promise,
    async run(signal) {
      for await (const sighting of source.sightings(signal)) {
        const { monoMs } = clock.now();
        take(sighting);
        const rest = restAfter(monoMs, clock, signal);
        if (rest !== undefined) await rest;
      }
    },
  };
}

/** A problem as compilers write it. */
function lineOf({ file, line, column, code, message }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return `${place} ${code} ${message}`;
}

const isBroken = ({ reading, documents }: FileSighting): boolean =>
  reading !== "whole" || documents.some(({ kind }) => kind === "broken");
