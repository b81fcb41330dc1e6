import type { MonoMs, Now } from "../base/clock.ts";
import type { Action, Subject } from "./action.ts";
import type { DesiredPod, DocumentKey, Ending } from "./desired.ts";
import type { PodMemory } from "./memory.ts";
import type { ObservedPod } from "./observed.ts";

/** All that a decision about one pod may see. A new fact is a new field, never a new argument. */
export type Picture = {
  readonly desired: DesiredPod;
  readonly ending?: Ending;
  readonly observed: ObservedPod;
  readonly verdicts: Verdicts;
  readonly memory: PodMemory;
  readonly inFlight: InFlight;
  readonly around: Around;
  readonly now: Now;
};

/** What to do now, what to give up, why the rest waits, and when to look again at the latest. */
export type Plan = {
  readonly actions: readonly Action[];
  readonly withdraw: readonly Subject[];
  readonly holds: readonly Hold[];
  readonly wakeAt?: MonoMs;
  readonly memory: PodMemory;
  /** The pod ended, nothing of it can run any more and its volumes are unmounted: name and resources are free (8.3). */
  readonly finished: boolean;
  /** Finished, and nothing is left to clean as far as the ending asks: the worker may leave once it is told to. */
  readonly cleaned: boolean;
};

/** A reason for waiting, as data; statuses, `describe` and `explain` are made of holds. */
export type Hold = {
  readonly subject: Subject;
  /** The word that a status shows: CrashLoopBackOff, ImagePullBackOff, PodInitializing, ... (4.3). */
  readonly reason: string;
  /** For people, without the reason. Of a container it is the text of state.waiting; else the bare cause (events add theirs). */
  readonly message: string;
  /** The image that the reason tells of, as people wrote it: a container's own, or that of a volume. */
  readonly image?: string;
  readonly until?: MonoMs;
  readonly needs: "time" | "image" | "document" | "volume" | "name" | "room" | "network" | "runtime" | "sibling";
};

/** Actions under way by subject. Withdrawn ones stay here until they settle. */
export type InFlight = ReadonlyMap<Subject, Flight>;
export type Flight = {
  readonly action: Action;
  readonly sinceMonoMs: MonoMs;
  /** False while it still queues at a gate. */
  readonly begun: boolean;
  readonly withdrawn: boolean;
};

/** Answers of the prober by container id; a missing entry means that there is no such probe or it has not spoken. */
export type Verdicts = ReadonlyMap<string, ContainerVerdicts>;
export type ContainerVerdicts = {
  readonly startup?: "passed" | "failed";
  readonly liveness?: "passed" | "failed";
  readonly readiness?: "passed" | "failed";
};

/**
 * Versions of documents; "unheard": whether it is there is not known yet, for its server has not been heard. "expired": a token
 * that can no longer be used, and has no successor yet.
 */
export type DocumentVersions = ReadonlyMap<DocumentKey, string | "missing" | "unheard" | "expired">;

/** The node's word to a pod. */
export type Around = {
  /** Whether the pod's name is its own now: an older pod of that name has finished (T13). */
  readonly turn: boolean;
  /** A source asks for this UID (again): what is left of an ended pod is kept for its next life (T8, T16, T17). */
  readonly asked: boolean;
  readonly admission: Admission;
  /** Why the pod has not got the resources yet that it asks for. */
  readonly resize?: ResizeRefusal;
  readonly networkReady: boolean;
  /** Why not, in the runtime's words. */
  readonly networkMessage?: string;
  readonly runtimeReady: boolean;
  /** Versions of the documents that the pod uses. */
  readonly documents: DocumentVersions;
  /** False while the services of the API server that the pod is from are not known; absent: nothing waits for them. */
  readonly servicesHeard?: boolean;
  /** Container names that people asked to restart, with the moment of asking. */
  readonly restartRequests: ReadonlyMap<string, MonoMs>;
  /** Boot of the host, to tell what a reboot ended. */
  readonly bootId: string;
  /** Restart back-off ceiling, from crashLoopBackOff.maxContainerRestartPeriod. */
  readonly maxRestartDelayMs: number;
};

export type Admission =
  | { readonly kind: "waiting" }
  | { readonly kind: "admitted" }
  | { readonly kind: "refused"; readonly reason: string; readonly message: string };

/** What let a pod have the resources that it asks for, by the kubelet's names. */
export type ResizeTrigger =
  | "pod_updated"
  | "pod_resized"
  | "pod_terminated"
  | "pods_added"
  | "pods_removed"
  | "periodic_retry";

/** Other resources that a pod does not get, or not yet. */
export type ResizeRefusal = Exclude<ResizeWord, { kind: "granted" }>;

/** What becomes of a wish for other resources (S26). */
export type ResizeWord =
  | { readonly kind: "granted"; readonly trigger: ResizeTrigger }
  /** Not now, or never on this node. */
  | { readonly kind: "deferred" | "infeasible"; readonly message: string };
