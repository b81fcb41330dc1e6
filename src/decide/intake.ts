import type { DocumentKey } from "../pod/desired.ts";
import { podKey } from "../pod/desired.ts";
import type { Problem } from "../pod/problem.ts";
import type {
  AcceptedPod,
  DirectorySighting,
  FileSighting,
  HeldDocument,
  IntakeState,
  SeenDocument,
} from "../pod/source.ts";
import { type Claim, type Held, settleClaims } from "./claims.ts";
import { coverDocuments } from "./config-change.ts";
import { settleUids, type UidSettlement } from "./uids.ts";

type SeenPod = Extract<SeenDocument, { kind: "pod" }>;
type SeenConfig = Extract<SeenDocument, { kind: "config" }>;

/**
 * The accepted pods after one look at the directory: what is broken keeps its last good form (D1), names belong to one
 * document each (D5), gains count at once, losses and changes when their file has stood still.
 */
export function intake(state: IntakeState, sighting: DirectorySighting): IntakeState {
  if (sighting.listing.kind === "failed")
    return { ...state, problems: withListingProblem(state, sighting.listing.problem) };
  const files = new Map(sighting.files.map((file) => [file.path, file]));
  const moved = sighting.listing.kind === "none" ? undefined : movedProblem(state, sighting.listing.device, files);
  const lossesCount = moved === undefined;

  const pods = settleClaims(state.accepted.map(heldPod), claimsOf(sighting.files, podClaim), files, lossesCount);
  const configs = settleClaims(heldConfigs(state), claimsOf(sighting.files, configClaim), files, lossesCount);
  const documents = sameConfigs(state.configs, configs.held);
  const covered = pods.held.map((one) => ({
    ...one,
    asks: coverDocuments<AcceptedPod | SeenPod>(one.asks, "kind" in one.asks, documents, state.accepted),
  }));
  const uids = settleUids(state.accepted, covered);
  const accepted = unchangedStays(state.accepted, uids.accepted);
  const losers = [...pods.losers.map(podLoser), ...uids.losers.map(uidLoser), ...configs.losers.map(configLoser)];
  return {
    accepted,
    problems: [...(moved === undefined ? [] : [moved]), ...fileProblems(state, sighting), ...losers],
    configs: documents,
    ...deviceOf(state, sighting.listing, lossesCount),
  };
}

// ---- the directory as a whole ----

function withListingProblem(state: IntakeState, problem: Problem): readonly Problem[] {
  return [problem, ...state.problems.filter(({ code }) => code !== "SourceUnreadable")];
}

/**
 * A directory on another device than before is not the one that was read: a file system was mounted over it, or is not
 * mounted. It is taken for the same only when it shows every file that is held.
 */
function movedProblem(
  state: IntakeState,
  device: string,
  files: ReadonlyMap<string, FileSighting>,
): Problem | undefined {
  if (state.device === undefined || state.device === device) return undefined;
  const missing = [...new Set(state.accepted.map(pathOf))].filter((path) => !files.has(path));
  const [first] = missing;
  if (first === undefined) return undefined;
  return {
    code: "SourceUnreadable",
    severity: "error",
    file: first.slice(0, Math.max(first.lastIndexOf("/"), 1)),
    message: `the directory is on another device than before and lacks ${missing.length} of the files that run, ${first} among them`,
    advice:
      "mount the directory again; if it was moved on purpose, put the missing files there once and remove them afterwards",
  };
}

/** The device is known anew only when the directory on it was taken for the same; where there is none, none is known. */
function deviceOf(
  state: IntakeState,
  listing: { readonly kind: "whole" | "none"; readonly device?: string },
  taken: boolean,
): Pick<IntakeState, "device"> {
  const { device } = taken ? listing : state;
  return device === undefined ? {} : { device };
}

/** Problems of a file that still moves are not its last word: those of its last standing form stay until then. */
function fileProblems(state: IntakeState, sighting: DirectorySighting): readonly Problem[] {
  const ofFiles = sighting.files.flatMap((file) =>
    file.settled ? file.problems : state.problems.filter((problem) => problem.file === file.path && !isClash(problem)),
  );
  return [...ofFiles, ...sighting.ignored];
}

const isClash = ({ code }: Problem): boolean =>
  code === "NameTaken" || code === "UidTaken" || code === "DocumentImmutable" || code === "SourceUnreadable";

// ---- claims ----

function claimsOf<T>(
  files: readonly FileSighting[],
  claim: (seen: SeenDocument, file: FileSighting, document: number) => Claim<T> | undefined,
): readonly Claim<T>[] {
  return files.flatMap((file) => file.documents.flatMap((seen, document) => claim(seen, file, document) ?? []));
}

const pathOf = ({ pod }: AcceptedPod): string => (pod.origin.kind === "file" ? pod.origin.path : "");

function podClaim(seen: SeenDocument, file: FileSighting, document: number): Claim<SeenPod | AcceptedPod> | undefined {
  if (seen.kind !== "pod") return undefined;
  const { path, settled } = file;
  return {
    key: podKey(seen.pod),
    path,
    document,
    warned: seen.warned,
    settled,
    identity: podIdentity(seen),
    asks: seen,
  };
}

const heldPod = (accepted: AcceptedPod): Held<AcceptedPod> => ({
  key: podKey(accepted.pod),
  path: pathOf(accepted),
  identity: podIdentity(accepted),
  asks: accepted,
});

/** The UID covers the content, but for a UID that the manifest itself gives. */
const podIdentity = ({ pod, manifest, plainUid = pod.uid }: AcceptedPod): string =>
  manifest.metadata?.uid === undefined ? plainUid : `${plainUid} ${JSON.stringify(manifest)}`;

function configClaim(seen: SeenDocument, file: FileSighting, document: number): Claim<SeenConfig> | undefined {
  if (seen.kind !== "config") return undefined;
  const { path, settled } = file;
  const { key, warned, version, immutable = false } = seen;
  return { key, path, document, warned, settled, identity: version, asks: seen, sealed: immutable };
}

const heldConfigs = (state: IntakeState): readonly Held<SeenConfig>[] =>
  [...state.configs].map(([key, { path, version, immutable = false }]) => ({
    key,
    path,
    identity: version,
    asks: { kind: "config", key, version, warned: false, ...(immutable ? { immutable } : {}) },
    sealed: immutable,
  }));

// ---- results ----

/** What did not change stays the same object; first seen is what was seen first under this UID. */
function unchangedStays(before: readonly AcceptedPod[], now: readonly AcceptedPod[]): readonly AcceptedPod[] {
  const known = new Map(before.map((accepted) => [accepted.pod.uid, accepted]));
  const accepted = now.map((next): AcceptedPod => {
    const old = known.get(next.pod.uid);
    const rest = { manifest: next.manifest, ...(next.plainUid === undefined ? {} : { plainUid: next.plainUid }) };
    if (old === undefined || old.pod === next.pod) return old ?? { pod: next.pod, ...rest };
    const pod = { ...next.pod, seenWallMs: old.pod.seenWallMs };
    const same = old.plainUid === next.plainUid && JSON.stringify(pod) === JSON.stringify(old.pod);
    return same ? old : { pod, ...rest };
  });
  const same = accepted.length === before.length && accepted.every((one, index) => one === before[index]);
  return same ? before : accepted;
}

function sameConfigs(before: IntakeState["configs"], held: readonly Held<SeenConfig>[]): IntakeState["configs"] {
  const same =
    held.length === before.size &&
    held.every(({ asks, path }) => {
      const old = before.get(asks.key);
      return old?.version === asks.version && old.path === path && old.immutable === asks.immutable;
    });
  if (same) return before;
  return new Map(
    held.map(({ asks: { key, version, immutable }, path }): [DocumentKey, HeldDocument] => [
      key,
      { path, version, ...(immutable === true ? { immutable } : {}) },
    ]),
  );
}

function podLoser({
  claim,
  holder,
}: {
  claim: Claim<AcceptedPod | SeenPod>;
  holder: Held<AcceptedPod | SeenPod>;
}): Problem {
  const { pod } = claim.asks;
  return {
    code: "NameTaken",
    severity: "error",
    file: claim.path,
    ...(pod.origin.kind === "file" ? { line: pod.origin.line, column: 1 } : {}),
    path: "metadata.name",
    message: `the pod ${pod.namespace}/${pod.manifestName} is already defined in ${whereHeld(holder)}`,
    advice: "rename one of them; this one takes over when the other goes",
    pod: `${pod.namespace}/${pod.manifestName}`,
  };
}

function uidLoser({ wanting, holder }: UidSettlement<AcceptedPod>["losers"][number]): Problem {
  const { pod } = wanting.asks;
  const { namespace, manifestName } = holder.asks.pod;
  return {
    code: "UidTaken",
    severity: "error",
    file: wanting.path,
    ...(pod.origin.kind === "file" ? { line: pod.origin.line, column: 1 } : {}),
    path: "metadata.uid",
    message: `the uid ${pod.uid} is that of the pod ${namespace}/${manifestName} in ${holder.path}`,
    advice: "remove metadata.uid: Berth gives every pod its own",
    pod: `${pod.namespace}/${pod.manifestName}`,
  };
}

function configLoser({ claim, holder }: { claim: Claim<SeenConfig>; holder: Held<SeenConfig> }): Problem {
  const [kind, ...name] = claim.key.split("/");
  if (claim.path === holder.path && holder.sealed === true) {
    return {
      code: "DocumentImmutable",
      severity: "error",
      file: claim.path,
      path: "immutable",
      message: `the ${kind} ${name.join("/")} is immutable, and its data has changed; pods go on with what it had`,
      advice: "give it a new name and let the pods use that; or take it out of the file and put it back afterwards",
    };
  }
  return {
    code: "NameTaken",
    severity: "error",
    file: claim.path,
    path: "metadata.name",
    message: `the ${kind} ${name.join("/")} is already defined in ${holder.path}`,
    advice: "rename one of them; this one takes over when the other goes",
  };
}

function whereHeld({ path, asks: { pod } }: Held<AcceptedPod | SeenPod>): string {
  return pod.origin.kind === "file" ? `${path}:${pod.origin.line}` : path;
}
