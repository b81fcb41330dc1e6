import { noteOver } from "../decide/bound-over.ts";
import { intake } from "../decide/intake.ts";
import { join, joinMessage } from "../decide/join.ts";
import { news } from "../decide/news.ts";
import { isGone, nextNodePlan } from "../decide/node-plan.ts";
import { noteOutcome } from "../decide/outcome.ts";
import { nextPlan } from "../decide/plan.ts";
import { memoryOf, recordOf } from "../decide/record.ts";
import { allocatedPod, noteAsked, noteGranted } from "../decide/resize.ts";
import { shrinkEnding } from "../decide/shrink-ending.ts";
import { beginShutdown, isByShutdown, isShutdownOver } from "../decide/shutdown.ts";
import { noteStatus, podStatus } from "../decide/status.ts";

/** Every decision that the loops ask for. A test or a simulation may hand in another one to see that it is noticed. */
export type Rules = {
  readonly allocatedPod: typeof allocatedPod;
  readonly beginShutdown: typeof beginShutdown;
  readonly intake: typeof intake;
  readonly isGone: typeof isGone;
  readonly isByShutdown: typeof isByShutdown;
  readonly isShutdownOver: typeof isShutdownOver;
  readonly join: typeof join;
  readonly joinMessage: typeof joinMessage;
  readonly memoryOf: typeof memoryOf;
  readonly news: typeof news;
  readonly nextNodePlan: typeof nextNodePlan;
  readonly nextPlan: typeof nextPlan;
  readonly noteAsked: typeof noteAsked;
  readonly noteGranted: typeof noteGranted;
  readonly noteOutcome: typeof noteOutcome;
  readonly noteOver: typeof noteOver;
  readonly noteStatus: typeof noteStatus;
  readonly podStatus: typeof podStatus;
  readonly recordOf: typeof recordOf;
  readonly shrinkEnding: typeof shrinkEnding;
};

/** The rules of decide/. */
export const berthRules: Rules = {
  allocatedPod,
  beginShutdown,
  intake,
  isByShutdown,
  isGone,
  isShutdownOver,
  join,
  joinMessage,
  memoryOf,
  news,
  nextNodePlan,
  nextPlan,
  noteAsked,
  noteGranted,
  noteOutcome,
  noteOver,
  noteStatus,
  podStatus,
  recordOf,
  shrinkEnding,
};
