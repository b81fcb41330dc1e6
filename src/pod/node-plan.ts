import type { MonoMs, Now } from "../base/clock.ts";
import type { Placement } from "./cluster.ts";
import type { DesiredPod, Ending, PodKey } from "./desired.ts";
import type { NodeFacts, NodeSettings } from "./node.ts";
import type { Admission, ResizeRefusal, ResizeWord } from "./plan.ts";
import type { Pressures } from "./pressure.ts";
import type { Shutdown } from "./shutdown.ts";

/** All that a decision between pods may see. */
export type NodePicture = {
  readonly facts: NodeFacts;
  readonly settings: NodeSettings;
  /** Absent: no API server, or it has not told of the node yet. */
  readonly placement?: Placement;
  /** Every pod that has a worker, in arrival order. */
  readonly workers: readonly WorkerFacts[];
  /** The same as of the round before; absent in the first. */
  readonly workersBefore?: readonly WorkerFacts[];
  /** What every source asks for now. */
  readonly asked: readonly DesiredPod[];
  /** The manifest directory was listed whole, or there is none; no pod of a file is removed before (F14, D1). */
  readonly sourcesReady: boolean;
  /** The pods of an API server are all known, or there is no such server; none of them is removed before (F14). */
  readonly boundReady: boolean;
  /** Files that are there and cannot be understood whole: what came from them before may still be meant (D1). */
  readonly brokenFiles: ReadonlySet<string>;
  /** Pods of an earlier agent that no worker knows. */
  readonly strangers: readonly Stranger[];
  /** The host shuts down, and pods are given time to end. */
  readonly shutdown?: Shutdown;
  /** It is known that the host does not shut down: what a shutdown has ended may run again. */
  readonly hostGoesOn: boolean;
  /** What the node is short of; absent: of nothing. */
  readonly pressures?: Pressures;
  /** The runtime has told that it knows no strict supplementalGroupsPolicy. */
  readonly lacksStrictGroups?: true;
  readonly now: Now;
};

/** A pod that nobody works for: it has a record, a home, or something in the runtime with this owner's label. */
export type Stranger = {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** That of its manifest by its record; empty: it came from an API server. Absent: no record tells of it. */
  readonly path?: string;
  /** There is a directory of that UID and nothing else, so that not even its name is known. */
  readonly onlyHome?: true;
};

export type WorkerFacts = {
  /** With the resources that it was given. */
  readonly pod: DesiredPod;
  /** Present: other resources are asked for. */
  readonly asked?: DesiredPod;
  /** Why it has not got them; since when its status says so, as an RFC 3339 text. */
  readonly resize?: ResizeRefusal["kind"];
  readonly resizePendingSince?: string;
  /** Other resources were granted, and not all of it has them. */
  readonly resizing?: true;
  readonly ending?: Ending;
  readonly admission: Admission;
  /** Its plan said so: the name and its resources are free. */
  readonly finished: boolean;
  /** Its plan said so: nothing is left to clean. Only now may the worker leave. */
  readonly cleaned: boolean;
  /** Phase is Succeeded or Failed: it no longer counts in the totals. */
  readonly terminal: boolean;
  /** A shutdown of the host has ended it, in this boot. */
  readonly byShutdown: boolean;
  /** Something of it runs already: it was admitted by an earlier agent and is not asked again. */
  readonly adopted: boolean;
  readonly arrival: number;
};

/** What follows between pods. */
export type NodePlan = {
  /** Pods that get a worker. */
  readonly begin: readonly DesiredPod[];
  /** Workers that are told to end. */
  readonly end: readonly {
    readonly uid: string;
    readonly ending: Omit<Ending, "sinceMonoMs">;
    /** What a critical pod lacks that it gives way to: pods, cpu or memory. */
    readonly lack?: string;
  }[];
  /** Workers that leave: finished, and not asked for. */
  readonly forget: readonly string[];
  /** Strangers to be ended with the orphan's grace (G5). */
  readonly orphans: readonly string[];
  /** The word to each worker, by UID. */
  readonly turns: ReadonlyMap<string, boolean>;
  readonly admissions: ReadonlyMap<string, Admission>;
  /** Of pods that ask for other resources. */
  readonly resizes: ReadonlyMap<string, ResizeWord>;
  /** Names that more than one asks for: who waits for whom. */
  readonly waiting: ReadonlyMap<PodKey, readonly string[]>;
  /** How far the shutdown is. */
  readonly shutdown?: Shutdown;
  /** When to look again at the latest. */
  readonly wakeAt?: MonoMs;
};
