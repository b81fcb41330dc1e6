import type { MonoMs, WallMs } from "../base/clock.ts";
import type { Failure, SeenImage, Subject } from "./action.ts";
import type * as v1 from "./v1.ts";

/**
 * What a pod's decisions remember from one plan to the next. Plain data: only decide/ reads or changes its inside.
 * The part that must survive the agent is `PodRecord` (D8).
 */
export type PodMemory = {
  /** First moment that any status was known; the active deadline counts from here (P5, T5). */
  readonly startedWallMs?: WallMs;
  /** The Initialized condition was true once (5.3). */
  readonly initialized: boolean;
  /** Containers by id: what their life so far proved. */
  readonly instances: Readonly<Record<string, InstanceMemory>>;
  /** Containers by name: what the next start of each must know. */
  readonly starts: Readonly<Record<string, StartMemory>>;
  /** Images by reference as sent to the runtime. */
  readonly images: Readonly<Record<string, ImageMemory>>;
  /** Volumes that stand, with the version of their content. */
  readonly volumes: Readonly<Record<string, string>>;
  /** The pod's directories stand. */
  readonly home: "absent" | "made" | "cleared";
  /** Subjects whose last call may or may not have worked: nothing is planned for them until a later look (design 3). */
  readonly inDoubt: readonly Subject[];
  /** Last failure by subject, for steps that are not a container's start. */
  readonly failures: Readonly<Partial<Record<Subject, FailureMemory>>>;
  /** Succeeded or Failed, once reached: sticky for the UID (P1). */
  readonly terminal?: TerminalPhase;
  /** The phase last shown while it was not final: it stands while a final one has to wait for containers to end (P3). */
  readonly phase?: "Pending" | "Running";
  /** Conditions as last shown, for their transition times (5.3). */
  readonly conditions: readonly v1.PodCondition[];
  /** Container statuses as last shown, by name: C5, C9 and table 5.1 look back at them. */
  readonly shown: Readonly<Record<string, v1.ContainerStatus>>;
  /** Restart requests that were carried out, by container name. */
  readonly restarted: Readonly<Record<string, MonoMs>>;
};

export type TerminalPhase = {
  readonly phase: "Succeeded" | "Failed";
  readonly reason?: string;
  readonly message?: string;
  readonly bootId: string;
};

export type InstanceMemory = {
  readonly started?: boolean;
  readonly ready?: boolean;
  readonly postStart?: "running" | "done" | "failed";
  readonly preStop?: "running" | "done";
  /** Deadline of the stop under way: preStop and stop share it. */
  readonly stopBy?: MonoMs;
};

export type StartMemory = {
  /** The image that the coming start uses, found or pulled for it; dropped when the start is done (policy Always pulls each start). */
  readonly image?: SeenImage;
  /** Why the last start failed, shown as state.waiting until a start succeeds (B13). */
  readonly error?: { readonly reason: string; readonly message: string };
  /** No earlier than this (retry after a failed start that is not a restart, B8). */
  readonly retryAt?: MonoMs;
  /** Wall moment of the last restart decision, for the forgetting of the back-off (B6). */
  readonly decidedWallMs?: WallMs;
};

export type ImageMemory = {
  /** Delay in force after the last failed pull (B10). */
  readonly delayMs: number;
  readonly failedAt: MonoMs;
  readonly failure: Failure;
};

export type FailureMemory = { readonly failure: Failure; readonly count: number; readonly retryAt: MonoMs };

/** The part of a pod's memory that stands in pods/<uid>/berth.json. No secret value is ever in it. */
export type PodRecord = {
  readonly version: 1;
  readonly startedWallMs?: WallMs;
  readonly initialized: boolean;
  readonly instances: Readonly<
    Record<
      string,
      { readonly started?: boolean; readonly ready?: boolean; readonly postStart?: "running" | "done" | "failed" }
    >
  >;
  readonly decidedWallMs: Readonly<Record<string, WallMs>>;
  readonly conditions: readonly v1.PodCondition[];
  readonly terminal?: TerminalPhase;
};

/** Memory of a pod that was never looked at. */
export const freshMemory: PodMemory = {
  initialized: false,
  instances: {},
  starts: {},
  images: {},
  volumes: {},
  home: "absent",
  inDoubt: [],
  failures: {},
  conditions: [],
  shown: {},
  restarted: {},
};
