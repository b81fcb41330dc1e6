import { sameData } from "../base/same.ts";
import { type DesiredPod, type DocumentKey, podKey } from "../pod/desired.ts";
import type { Problem } from "../pod/problem.ts";
import type { AcceptedPod, IntakeState } from "../pod/source.ts";

/**
 * What the sources ask for: accepted pods, versions of documents, and which pods use which document.
 *
 * T1  A take names exactly the pods that differ: content under the same UID, or the version of a document that they use.
 * T2  Its cost follows the number of pods and documents in the set, not their product.
 */
export type Store = {
  state(): IntakeState;
  /** Takes the newest set of the manifest directory and answers what that changes. */
  take(state: IntakeState): Change;
  /** Takes the pods that an API server has bound to the node: all of them. */
  takeBound(pods: readonly AcceptedPod[]): Change;
  /** Every accepted pod, in the set's order. */
  asked(): readonly DesiredPod[];
  accepted(podUid: string): AcceptedPod | undefined;
  /** Whether this very pod is asked for: its UID under its name. */
  asksFor(pod: { readonly uid: string; readonly namespace: string; readonly name: string }): boolean;
  versions(pod: DesiredPod): ReadonlyMap<DocumentKey, string | "missing">;
};

export type Change = {
  /** UIDs that came or went: the node has to plan. */
  readonly pods: readonly string[];
  /** UIDs of pods whose content differs under the same UID. */
  readonly updated: readonly string[];
  /** UIDs of pods that use a document which came, changed or went. */
  readonly documents: readonly string[];
  readonly problems: boolean;
};

const noVersions: ReadonlyMap<DocumentKey, string | "missing"> = new Map();

/** A store that holds what an earlier agent left. */
export function makeStore(first: IntakeState, firstBound: readonly AcceptedPod[] = []): Store {
  let state = first;
  let bound = firstBound;
  let byUid = index([...first.accepted, ...firstBound]);
  let users = indexDocuments([...first.accepted, ...firstBound]);

  const replace = (next: IntakeState, nextBound: readonly AcceptedPod[]): Change => {
    const before = { state, byUid };
    if (next.accepted !== state.accepted || nextBound !== bound) {
      const all = [...next.accepted, ...nextBound];
      byUid = index(all);
      users = indexDocuments(all);
    }
    state = next;
    bound = nextBound;
    const uids = [...byUid.keys()];
    return {
      pods: [
        ...uids.filter((uid) => !before.byUid.has(uid)),
        ...[...before.byUid.keys()].filter((uid) => !byUid.has(uid)),
      ],
      updated: uids.filter((uid) => differs(before.byUid.get(uid), byUid.get(uid))),
      documents: usersOf(changedDocuments(before.state, next), users),
      problems: !sameProblems(before.state.problems, next.problems),
    };
  };

  return {
    state: () => state,
    take: (next) => replace(next, bound),
    takeBound: (pods) => replace(state, pods),
    asked: () => [...state.accepted, ...bound].map(({ pod }) => pod),
    accepted: (uid) => byUid.get(uid),
    asksFor(pod) {
      const accepted = byUid.get(pod.uid);
      return accepted !== undefined && podKey(accepted.pod) === podKey(pod);
    },
    versions(pod) {
      if (pod.documents.length === 0) return noVersions;
      // What a file of the host says is not what its cluster says.
      const known = pod.origin.kind === "file" ? state.configs : undefined;
      return new Map(pod.documents.map(({ key }) => [key, known?.get(key)?.version ?? "missing"]));
    },
  };
}

const index = (pods: readonly AcceptedPod[]): ReadonlyMap<string, AcceptedPod> =>
  new Map(pods.map((accepted) => [accepted.pod.uid, accepted]));

function indexDocuments(pods: readonly AcceptedPod[]): ReadonlyMap<DocumentKey, readonly string[]> {
  const users = new Map<DocumentKey, string[]>();
  for (const { pod } of pods) {
    for (const { key } of pod.documents) {
      const uids = users.get(key);
      if (uids === undefined) users.set(key, [pod.uid]);
      else uids.push(pod.uid);
    }
  }
  return users;
}

function changedDocuments(before: IntakeState, next: IntakeState): readonly DocumentKey[] {
  if (before.configs === next.configs) return [];
  const keys = new Set([...before.configs.keys(), ...next.configs.keys()]);
  return [...keys].filter((key) => before.configs.get(key)?.version !== next.configs.get(key)?.version);
}

function usersOf(keys: readonly DocumentKey[], users: ReadonlyMap<DocumentKey, readonly string[]>): readonly string[] {
  return [...new Set(keys.flatMap((key) => users.get(key) ?? []))];
}

/** Intake keeps the object of a pod that did not change; a new object is compared by what it says. */
function differs(before: AcceptedPod | undefined, next: AcceptedPod | undefined): boolean {
  if (before === undefined || next === undefined || before.pod === next.pod) return false;
  return !sameData(before.pod, next.pod);
}

function sameProblems(before: readonly Problem[], next: readonly Problem[]): boolean {
  return sameData(before, next);
}
