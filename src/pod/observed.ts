/** What the runtime has of one pod, as far as the agent knows. A join: news only ever moves it forward (decide/join.ts). */
export type ObservedPod = {
  /** Newest attempt first; gone ones are left out. */
  readonly sandboxes: readonly ObservedSandbox[];
  /** All instances over all sandboxes, newest first by creation; gone ones are left out. */
  readonly containers: readonly ObservedContainer[];
  /** False until a list of this pod's objects has been read once. */
  readonly listed: boolean;
};

export type SandboxState = "ready" | "notReady";

export type ObservedSandbox = {
  readonly id: string;
  readonly attempt: number;
  readonly state: SandboxState;
  readonly createdWallMs: number;
  /** Empty for the host network; absent while not known. */
  readonly ips?: readonly string[];
  /** The runtime's handler that it was made with; absent: the runtime's own. */
  readonly handler?: string;
  /** The network mode it was made with; absent while not known. */
  readonly hostNetwork?: boolean;
};

/** Order of life: a container only moves to the right. */
export type ContainerLife = "created" | "running" | "unknown" | "exited";

/** One instance of a container. Names, counts and hashes come back from its labels and annotations. */
export type ObservedContainer = {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  /** Equals the restart count of this instance (S28). */
  readonly attempt: number;
  /** From io.kubernetes.container.hash (S19). */
  readonly hash: string;
  /** Restart back-off in force when it was made, from berth.dev/back-off; the next restart doubles it (D8, B4). */
  readonly backOffMs: number;
  /** cpu and memory that it was made with, from berth.dev/resources; absent where that cannot change. */
  readonly given?: string;
  readonly state: ContainerLife;
  readonly createdWallMs: number;
  readonly startedWallMs?: number;
  readonly finishedWallMs?: number;
  readonly exitCode?: number;
  /** The runtime's word: Completed, Error, OOMKilled, StartError, Unknown (C3). */
  readonly reason?: string;
  /** The runtime's own text. */
  readonly message?: string;
  /** As the runtime shows it to people. */
  readonly image: string;
  readonly imageId: string;
  /** The user that it runs as, where the runtime tells. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] };
  /** What it left at terminationMessagePath or in its log (C4); absent until read. */
  readonly terminationMessage?: string;
  /** Exit code and times are known only after a status was read; list entries lack them. */
  readonly detailed: boolean;
};

/** News about objects of one pod: from an answer, an event, or a list. */
export type Sighting = {
  readonly podUid: string;
  /** The pod's name as its labels have it, where the news shows an object of it: a pod that nobody asks for has no other. */
  readonly pod?: { readonly namespace: string; readonly name: string };
  readonly sandboxes: readonly ObservedSandbox[];
  readonly containers: readonly ObservedContainer[];
  /** Ids that are gone for certain. */
  readonly gone: readonly string[];
  /** When the runtime made this news, where it tells: it may come much later. */
  readonly madeMonoMs?: number;
  /**
   * Set when this is the whole of what a list showed: what was known before `begunMonoMs` and is missing here is gone.
   */
  readonly whole?: { readonly begunMonoMs: number };
};

/** What a pod looks like before anything is known. */
export const nothingObserved: ObservedPod = { sandboxes: [], containers: [], listed: false };
