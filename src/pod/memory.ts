import type { MonoMs, WallMs } from "../base/clock.ts";
import type { Cause, Failure, SeenImage, Subject } from "./action.ts";
import type { Allocation } from "./allocation.ts";
import type * as v1 from "./v1.ts";

/**
 * What a pod's decisions remember from one plan to the next. Plain data: only decide/ reads or changes its inside.
 * The part that must survive the agent is `PodRecord` (D8).
 */
export type PodMemory = {
  /** First moment that any status was known; the active deadline counts from here (P5, T5). */
  readonly startedWallMs?: WallMs;
  /** The same moment on this agent's own clock, so that a jump of the wall clock moves no deadline. */
  readonly startedAt?: MonoMs;
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
  /** The pod's directories: not known to stand, made, without volumes (only logs are left), removed whole. */
  readonly home: "absent" | "made" | "cleared" | "gone";
  /** Ids of sandboxes whose stop was answered: their network is gone for certain, whatever their state was before. */
  readonly stoppedSandboxes: readonly string[];
  /**
   * Subjects whose last call may or may not have worked, with the moment since when: nothing is planned for them until a
   * look begun later has answered (design 3).
   */
  readonly inDoubt: Readonly<Partial<Record<Subject, MonoMs>>>;
  /** Subjects that were in doubt when the look under way was planned. */
  readonly lookFor?: readonly Subject[];
  /** Begin of the last look that was answered. */
  readonly lookedAt?: MonoMs;
  /** Last failure by `kind subject`, for steps that are not a container's start. */
  readonly failures: Readonly<Record<string, FailureMemory>>;
  /**
   * Succeeded or Failed, once decided: sticky for the UID (P1). From then on the plan treats the pod as ending by itself, with
   * its own grace (T18); so does an exceeded activeDeadlineSeconds (T5). Containers may still run: what a status shows before
   * they have stopped is rule P3's business.
   */
  readonly terminal?: TerminalPhase;
  /** The phase last shown while it was not final: it stands while a final one has to wait for containers to end (P3). */
  readonly phase?: "Pending" | "Running";
  /** Conditions as last shown, for their transition times (5.3). */
  readonly conditions: readonly v1.PodCondition[];
  /** Container statuses as last shown, by name: C5, C9 and table 5.1 look back at them. */
  readonly shown: Readonly<Record<string, v1.ContainerStatus>>;
  /** What it was given, while that differs from what is asked for (S26). */
  readonly allocated?: Allocation;
  /** Other resources were granted, and not all that runs has them yet: since when, and for which generation of the pod. */
  readonly resizing?: Resizing;
  /** What the pod's cgroup was last made for; of pods only whose resources may change. */
  readonly bounds?: Allocation;
  /** Restart requests that were carried out, by container name. */
  readonly restarted: Readonly<Record<string, MonoMs>>;
};

export type Resizing = {
  /** On the clock of the agent that granted it. */
  readonly sinceAt?: MonoMs;
  readonly generation?: number;
  /** The sandbox has heard of it. */
  readonly told?: true;
};

export type TerminalPhase = {
  readonly phase: "Succeeded" | "Failed";
  readonly reason?: string;
  readonly message?: string;
  readonly bootId: string;
};

/** How far a postStart hook is. `due`: the start was asked for; an agent that finds due or running runs it (again). */
export type PostStart = "due" | "running" | "done" | "failed";

export type InstanceMemory = {
  readonly started?: boolean;
  readonly ready?: boolean;
  /** Absent where there is no such hook, or the instance was started by an agent that left no record: it is not run (G1). */
  readonly postStart?: PostStart;
  /**
   * `cut`: given up before its end. Its container is signalled without it, but an agent that finds it alive runs it again.
   * `earlier`: it ended under an earlier agent, whose Killing event may be lost with it.
   */
  readonly preStop?: "running" | "done" | "cut" | "earlier";
  /**
   * Set once it is decided that this instance stops; never taken back. preStop and stop share the deadline; on the wall clock
   * it stands too, so that the next agent goes on with the rest of the grace.
   */
  readonly stop?: { readonly cause: Cause; readonly by: MonoMs; readonly byWallMs?: WallMs };
  /** Why an earlier agent stopped it, from the record. */
  readonly stopCause?: Cause;
  /** StartContainer failed for certain: it is dead even where the runtime still calls it created. */
  readonly startFailed?: boolean;
  /** Wall minus monotonic clock when it was first seen alive: tells whether the clock jumped before its end was seen. */
  readonly clockGapMs?: number;
  /** When it ended, on this agent's clock; fixed when its end is first seen, so that clock jumps move no back-off. */
  readonly endedAt?: MonoMs;
  /** The resources that it has since it was changed while running (S26). */
  readonly given?: string;
  /** Its termination message was read, or cannot be. */
  readonly messageRead?: boolean;
};

export type StartMemory = {
  /** Since when the coming start has waited for its image; an image learnt earlier does not serve it (B11). */
  readonly wantedAt?: MonoMs;
  /** The image that the coming start uses, found or pulled for it; dropped when the container is made. */
  readonly image?: SeenImage;
  /** The restart that was decided: after which instance, and the back-off that the new one carries (B4, B6). */
  readonly decision?: { readonly after: string; readonly backOffMs: number };
  /** Why the last start failed, shown as state.waiting until a start succeeds (B13). */
  readonly error?: { readonly reason: string; readonly message: string };
  /** No earlier than this (retry after a failed start that is not a restart, B8). */
  readonly retryAt?: MonoMs;
  /** Moment of the last restart decision, for the forgetting of the back-off (B6): on both clocks. */
  readonly decidedWallMs?: WallMs;
  readonly decidedAt?: MonoMs;
  /** One more than the highest attempt so far: the count goes on from there when no instance is left (S25, S28). */
  readonly attempt?: number;
  /** A restart of all containers takes its instances away: it begins anew however they ended (S24, S25). */
  readonly anew?: true;
};

export type ImageMemory = {
  /** What the last look-up or pull told, and when. */
  readonly seen?: SeenImage | "missing";
  readonly seenAt?: MonoMs;
  /** When a pull last succeeded. */
  readonly pulledAt?: MonoMs;
  /** The last failed pull with the back-off in force since (B10); a later success does not clear it. */
  readonly failed?: FailedPull;
};

export type FailedPull = {
  readonly delayMs: number;
  readonly at: MonoMs;
  readonly failure: Failure;
  /** Since when statuses show it; absent until then. */
  readonly shownFrom?: MonoMs;
};

export type FailureMemory = {
  readonly failure: Failure;
  readonly count: number;
  readonly retryAt: MonoMs;
  /** Of a volume: the version that failed. Another version is tried at once. */
  readonly version?: string;
  /** Of a stop: the instance. Its successor is stopped without a wait. */
  readonly id?: string;
};

/** The part of a pod's memory that stands in pods/<uid>/berth.json. No secret value is ever in it. */
export type PodRecord = {
  readonly version: 1;
  readonly startedWallMs?: WallMs;
  readonly initialized: boolean;
  readonly instances: Readonly<Record<string, InstanceRecord>>;
  readonly decidedWallMs: Readonly<Record<string, WallMs>>;
  /** By container name, one more than its highest attempt so far; absent in records of earlier versions. */
  readonly attempts?: Readonly<Record<string, number>>;
  readonly conditions: readonly v1.PodCondition[];
  readonly terminal?: TerminalPhase;
  readonly allocated?: Allocation;
  /** Other resources were granted, and not all that ran had them. */
  readonly resizing?: Pick<Resizing, "generation">;
};

export type InstanceRecord = {
  readonly started?: boolean;
  readonly ready?: boolean;
  readonly postStart?: PostStart;
  /** The cause for which it was stopped: a probe's kill restarts whatever the exit code was (S18). */
  readonly stopCause?: Cause;
  /** When the grace of its stop is used up; absent in records of earlier versions. */
  readonly stopByWallMs?: WallMs;
  /** Its preStop has ended: the next agent does not run it again. */
  readonly preStop?: "done";
  readonly given?: string;
};

/** Memory of a pod that was never looked at. */
export const freshMemory: PodMemory = {
  initialized: false,
  instances: {},
  starts: {},
  images: {},
  volumes: {},
  home: "absent",
  stoppedSandboxes: [],
  inDoubt: {},
  failures: {},
  conditions: [],
  shown: {},
  restarted: {},
};
