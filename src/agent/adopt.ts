import type { Clock, MonoMs } from "../base/clock.ts";
import { asBerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type DesiredPod, type EndCause, podKey } from "../pod/desired.ts";
import type { DocumentKeeping, KeptDocument } from "../pod/document.ts";
import type { Problem } from "../pod/problem.ts";
import type { AcceptedPod, IntakeState } from "../pod/source.ts";
import type { ManifestSource, PodFiles, StoredPod } from "../ports.ts";
import type { Remembered, Roster } from "./roster.ts";

/** What an earlier agent left on disk, sorted by what becomes of it. */
export type Legacy = {
  readonly remembered: readonly Remembered[];
  /** What was accepted last: it stays accepted until the sources say otherwise (D1). */
  readonly intake: IntakeState;
  /** The same of pods of an API server. */
  readonly bound: readonly AcceptedPod[];
  /** Pods that were being ended, or whose name a later pod has taken: their end goes on. */
  readonly ending: readonly { readonly pod: DesiredPod; readonly remembered: Remembered }[];
  /** Documents in the last good form of each. */
  readonly documents: readonly KeptDocument[];
  readonly problems: readonly Problem[];
  /** UIDs of homes that no record tells of. */
  readonly unrecorded: readonly string[];
};

/** Reads all records and compiles their pods again; what does not compile any more is still known by its record. */
export async function readLegacy(
  files: PodFiles,
  source: ManifestSource,
  documentKeeping: DocumentKeeping | undefined,
  log: Log,
  signal: AbortSignal,
): Promise<Legacy> {
  const { pods, problems, unrecorded } = await files.loadRecords(signal);
  const documents = (await documentKeeping?.load(signal)) ?? [];
  const remembered = await Promise.all(
    pods.map(async (stored): Promise<Remembered> => {
      try {
        const pod = await source.recompile(stored);
        return pod === undefined || pod.uid !== stored.uid ? { stored } : { stored, pod };
      } catch (thrown) {
        log.warn(asBerthError(thrown, "compiling a recorded pod").message, { pod: stored.uid });
        return { stored };
      }
    }),
  );
  return { remembered, documents, problems, unrecorded, ...sort(remembered, heldOf(documents)) };
}

const heldOf = (documents: readonly KeptDocument[]): IntakeState["configs"] =>
  new Map(
    documents.map(({ content: { key, version, immutable }, path }) => [
      key,
      { path, version, ...(immutable ? { immutable } : {}) },
    ]),
  );

/** Of two records with one name the one that was seen later holds it. */
function sort(
  remembered: readonly Remembered[],
  configs: IntakeState["configs"],
): Pick<Legacy, "intake" | "bound" | "ending"> {
  const holders = new Map<string, { accepted: AcceptedPod; remembered: Remembered }>();
  const ending: { pod: DesiredPod; remembered: Remembered }[] = [];
  const kept: AcceptedPod[] = [];
  for (const one of [...remembered].sort((left, right) => left.stored.seenWallMs - right.stored.seenWallMs)) {
    const { pod, stored } = one;
    if (pod === undefined) continue;
    if (stored.ending !== undefined) {
      ending.push({ pod, remembered: one });
      if (isStillBound(pod, stored.ending.cause)) kept.push({ pod, manifest: stored.manifest });
      continue;
    }
    const before = holders.get(podKey(pod));
    if (before !== undefined) ending.push({ pod: before.accepted.pod, remembered: before.remembered });
    holders.set(podKey(pod), { accepted: { pod, manifest: stored.manifest }, remembered: one });
  }
  const held = [...holders.values()].map((holder) => holder.accepted);
  const accepted = held.filter(({ pod }) => pod.origin.kind === "file");
  const device = deviceOf([...holders.values()].map((holder) => holder.remembered.stored));
  return {
    ending,
    bound: [...held.filter(({ pod }) => pod.origin.kind === "api"), ...kept],
    intake: { accepted, problems: [], configs, ...(device === undefined ? {} : { device }) },
  };
}

/** It ended, and the API server had not forgotten it: it has one life, and the server has yet to hear how that ended (P1). */
const isStillBound = ({ origin }: DesiredPod, cause: EndCause): boolean =>
  origin.kind === "api" && cause !== "removed" && cause !== "replaced" && cause !== "orphaned";

/** The device that the pod which was accepted last came from. */
function deviceOf(records: readonly StoredPod[]): string | undefined {
  return records
    .toSorted((one, other) => one.seenWallMs - other.seenWallMs)
    .findLast(({ device }) => device !== undefined)?.device;
}

/** The pods that an earlier agent was ending go on with that from now; one that has lost its name begins to. */
export function goOnEnding({ ending }: Legacy, roster: Pick<Roster, "begin">, sinceMonoMs: MonoMs): void {
  for (const { pod, remembered } of ending) {
    const told = remembered.stored.ending ?? {
      cause: "replaced" as const,
      graceSeconds: Math.max(pod.graceSeconds, 1),
    };
    roster.begin(pod, remembered.stored.manifest, { ...told, sinceMonoMs });
  }
}

/** The promise's end, or that so much time has passed. */
export async function within(work: Promise<unknown>, limitMs: number, clock: Clock): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([work, clock.sleep(limitMs, done.signal)]);
  } finally {
    done.abort();
  }
}
