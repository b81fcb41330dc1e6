import type { BoundFacts } from "./bound.ts";
import type * as v1 from "./v1.ts";

/** `Pod.namespace/name` as people and sources know it; the name carries the node's suffix (spec I, F10). */
export type PodKey = `${string}/${string}`;

/** Where a pod was written down. */
export type Origin =
  | {
      readonly kind: "file";
      readonly path: string /** 0-based place in the file. */;
      readonly document: number;
      readonly line: number;
    }
  | { readonly kind: "api" };

/**
 * `init` runs to its end before the next, `sidecar` is an init container with restartPolicy Always; `ephemeral` was put into a
 * pod of an API server while that ran, to look at it: made once, never again, and nothing of the pod depends on it.
 */
export type ContainerRole = "init" | "sidecar" | "app" | "ephemeral";

export type RestartPolicy = "Always" | "OnFailure" | "Never";

/** One container of a desired pod, with what decisions need worked out at the door. */
export type DesiredContainer = {
  readonly name: string;
  readonly role: ContainerRole;
  /** As written in the manifest. */
  readonly image: string;
  /** As sent to the runtime: with `:latest` when it has neither tag nor digest (B12). Absent when it does not parse. */
  readonly imageRef?: string;
  /** Why the image name does not parse: a sentence that names it. */
  readonly imageProblem?: string;
  readonly pullPolicy: "Always" | "IfNotPresent" | "Never";
  /** The container's own policy if set, else the pod's (S20); a plain init container's Always counts as OnFailure (S10). */
  readonly restartPolicy: RestartPolicy;
  /** Looked at before restartPolicy, only when the container sets its own policy (S20). */
  readonly restartRules: readonly v1.ContainerRestartRule[];
  /** Lower-case hexadecimal digest of name and image only (S19). */
  readonly hash: string;
  /** Volumes that it mounts, image volumes among them. */
  readonly volumes: readonly string[];
  /** Of an ephemeral container: the one whose processes it is to see. */
  readonly target?: string;
  /** The defaulted v1 container. */
  readonly spec: v1.Container;
};

/**
 * A ConfigMap or Secret by `Kind/namespace/name`, a token of a service account (token-use.ts), or a runtime class
 * (runtime-class.ts).
 */
export type DocumentKey = `${"ConfigMap" | "Secret" | "Token" | "RuntimeClass"}/${string}/${string}`;

/** One volume of a desired pod. */
export type DesiredVolume = {
  readonly name: string;
  readonly spec: v1.Volume;
  /** Documents that its content comes from. */
  readonly documents: readonly DocumentUse[];
};

export type DocumentUse = { readonly key: DocumentKey; readonly optional: boolean };

/** A pod that somebody asked for: decoded, checked, defaulted, with its identity. Never changed in place. */
export type DesiredPod = {
  /** Stable digest of content, node name, path and name; or metadata.uid as written (1.2). */
  readonly uid: string;
  readonly namespace: string;
  /** With the node's suffix: `<name>-<nodeName>`. */
  readonly name: string;
  /** As written in the manifest; equals `name` for pods of an API server. */
  readonly manifestName: string;
  readonly origin: Origin;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Defaulted (1.3, cri-mapping 0). */
  readonly spec: v1.PodSpec;
  /** In start order: init containers and sidecars as written, then app containers as written; ephemeral ones last. */
  readonly containers: readonly DesiredContainer[];
  readonly volumes: readonly DesiredVolume[];
  /** All documents that env, envFrom, volumes and imagePullSecrets use. */
  readonly documents: readonly DocumentUse[];
  readonly restartPolicy: RestartPolicy;
  /** terminationGracePeriodSeconds after defaulting; 0 is possible (T3). */
  readonly graceSeconds: number;
  readonly hostNetwork: boolean;
  readonly activeDeadlineSeconds?: number;
  /** First seen, for kubernetes.io/config.seen; of a pod of an API server when that created it. */
  readonly seenWallMs: number;
  /** Present for pods of an API server. */
  readonly bound?: BoundFacts;
};

/** Why a pod ends. Never taken back; the grace only shrinks (T2). */
export type Ending = {
  readonly cause: EndCause;
  readonly graceSeconds: number;
  /** Monotonic moment at which the pod was told to end. */
  readonly sinceMonoMs: number;
  /** Phase, reason and message that the status shows once it ended (8.2); absent: none is forced (P4). */
  readonly result?: { readonly phase: "Failed" | "Succeeded"; readonly reason?: string; readonly message?: string };
};
/** All causes for which a pod ends. */
export const END_CAUSES = [
  "removed",
  "replaced",
  "orphaned",
  "finished",
  "deadline",
  "evicted",
  "overused",
  "preempted",
  "shutdown",
  "deleted",
] as const;
export type EndCause = (typeof END_CAUSES)[number];

/** Whether a container is of the init containers, sidecars among them. */
export const isOfInit = ({ role }: DesiredContainer): boolean => role === "init" || role === "sidecar";

/** `namespace/name`. */
export const podKey = (pod: { namespace: string; name: string }): PodKey => `${pod.namespace}/${pod.name}`;

/** `name_namespace(uid)`, as messages and events name a pod. */
export const podId = (pod: { namespace: string; name: string; uid: string }): string =>
  `${pod.name}_${pod.namespace}(${pod.uid})`;
