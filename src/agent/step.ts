import type { Chance, Clock } from "../base/clock.ts";
import { asBerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Notice } from "../decide/moment.ts";
import type { ActionKind, ActionOf, Outcome, Seen } from "../pod/action.ts";
import type { Credentials } from "../pod/credential.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";
import type { HostResolver, NodeFacts, NodeSettings } from "../pod/node.ts";
import type { ObservedContainer, ObservedPod, ObservedSandbox } from "../pod/observed.ts";
import type { Handlers, PodFiles, Runtime } from "../ports.ts";
import type { ClusterShelf } from "./cluster-shelf.ts";
import type { Documents } from "./documents.ts";
import type { Gates } from "./gates.ts";
import type { PodCgroups } from "./pod-cgroups.ts";
import type { SharedImages } from "./shared-images.ts";

/** Carries out one kind of action: one thing, nothing left to choose. What it throws becomes a failed outcome. */
export type Performer<K extends ActionKind> = (action: ActionOf<K>, step: Step) => Promise<Outcome>;
/** A new kind of action does not compile until it has its entry. */
export type Performers = { readonly [K in ActionKind]: Performer<K> };

/** What an action knows of the pod that it is done for. */
export type Step = {
  readonly pod: DesiredPod;
  /** As known now, not as it was planned. */
  readonly observed: ObservedPod;
  /** Aborts when the action is withdrawn while it queues; afterwards only for kinds that can be ended under way. */
  readonly withdrawn: AbortSignal;
  /** For calls that finish once begun: aborts only when the worker itself is given up. */
  readonly givenUp: AbortSignal;
  /** Said when the action has left its queue. */
  begun(): void;
  /** Something worth telling was met on the way. */
  notice(notice: Notice): void;
  /** Work that nobody waits for and whose failure is worth a log line; it ends with the worker. */
  aside(doing: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** The pod's record is no longer written; resolves when no write is under way. */
  closeRecord(): Promise<void>;
};

/** All that performers act through. */
export type Tools = {
  readonly runtime: Runtime;
  readonly images: SharedImages;
  readonly files: PodFiles;
  readonly documents: Documents;
  /** Variables of services for a pod of an API server; undefined while they are not known. Absent: there are none. */
  readonly services?: ClusterShelf["services"];
  /** Absent where all images are pulled without credentials. */
  readonly credentials?: Credentials;
  readonly handlers: Handlers;
  readonly gates: Gates;
  readonly facts: NodeFacts;
  /** Absent where the resolver file stays as it was at start. */
  readonly resolver?: HostResolver;
  readonly settings: NodeSettings;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly meter: Meter;
  /** Absent where pods get no cgroup of the agent's making. */
  readonly cgroups?: PodCgroups;
};

/** The action did what it was to do. */
export const done = (seen?: Seen): Outcome => (seen === undefined ? { kind: "done" } : { kind: "done", seen });

/** The action's answer proved this much of the pod's objects. */
export function proved(
  step: Step,
  news: {
    readonly sandboxes?: readonly ObservedSandbox[];
    readonly containers?: readonly ObservedContainer[];
    readonly gone?: readonly string[];
  },
): Outcome {
  const sighting = { podUid: step.pod.uid, sandboxes: [], containers: [], gone: [], ...news };
  return done({ kind: "objects", sighting });
}

/** The action failed by what was thrown; `reason` is the word for statuses where it is not the usual one of the step. */
export function failed(thrown: unknown, doing: string, reason?: string): Outcome {
  const { code, message, effect } = asBerthError(thrown, doing);
  return { kind: "failed", failure: { code, message, effect, ...(reason === undefined ? {} : { reason }) } };
}
