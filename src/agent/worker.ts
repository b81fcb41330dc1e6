import { type Bell, makeBell, OVER } from "../base/bell.ts";
import type { Clock, MonoMs, WallMs } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { sameData } from "../base/same.ts";
import type { Known } from "../decide/join.ts";
import type { Moment } from "../decide/moment.ts";
import type { Action, Outcome } from "../pod/action.ts";
import type { DesiredPod, Ending } from "../pod/desired.ts";
import type { PodEvent } from "../pod/event.ts";
import type { PodMemory } from "../pod/memory.ts";
import type { Meter } from "../pod/metrics.ts";
import type { NodeFacts } from "../pod/node.ts";
import type { WorkerFacts } from "../pod/node-plan.ts";
import type { ObservedPod, Sighting } from "../pod/observed.ts";
import type { Admission, Around, Hold, Picture, Plan, ResizeWord, Verdicts } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";
import { countAction } from "./action-counts.ts";
import { makeFlights } from "./flights.ts";
import { makeLookCounts } from "./look-counts.ts";
import type { Perform } from "./perform.ts";
import type { RecordKeeper } from "./record-keeper.ts";
import type { Rules } from "./rules.ts";
import { makeResizeDesk } from "./worker-resize.ts";

/**
 * One pod's loop: picture, plan, act, wait for the bell, look again. It decides nothing; order and reasons are the plan's.
 *
 * W1  Each plan is made from a picture of its own moment, and never while another one is being carried out.
 * W2  A subject has at most one action in flight.
 * W3  A withdrawn action stays in flight until it has settled, and is withdrawn once.
 * W4  What an outcome proved and left behind is in the next picture.
 * W5  News that changes nothing makes no plan; a worker that waits has no timer unless its plan asked for one.
 * W6  An ending is never taken back, and its grace only shrinks.
 * W7  The record follows the memory: asked for after every plan, never after the pod's home was cleared.
 * W8  A status is told when it, or the pod's ending, differs from the last one told, and only then.
 * W9  A worker that leaves begins nothing more; what it has begun in the runtime finishes, and nothing is stopped.
 */
export type Worker = {
  readonly uid: string;
  /** What nextNodePlan may know of it. */
  facts(): WorkerFacts;
  show(): Shown;
  /** All that is known of its objects, for whoever comes after it. */
  known(): Known;
  ring(): void;
  /** The same UID is asked for with other content (F13), or its server shows that it is over (node.md 3.4). */
  update(pod: DesiredPod): void;
  see(news: Sighting): void;
  /** Something happened outside the worker's own actions. */
  notice(moment: Moment): void;
  tell(word: { readonly turn: boolean; readonly admission: Admission; readonly resize?: ResizeWord }): void;
  end(ending: Ending): void;
  /** Asks for a restart; false when the pod has no such container. */
  restart(container: string): boolean;
  /** Goes on until the signal: the pod was forgotten, or the agent leaves. */
  run(signal: AbortSignal): Promise<void>;
};

/** What people are shown of a pod, and what that follows from. */
export type Shown = {
  readonly pod: DesiredPod;
  readonly observed: ObservedPod;
  readonly status: v1.PodStatus;
  readonly holds: readonly Hold[];
  readonly memory: PodMemory;
  readonly ending?: Ending;
  readonly endingSinceWallMs?: WallMs;
};

/** What a worker begins with: fresh, or as an earlier agent left it. */
export type WorkerStart = {
  readonly pod: DesiredPod;
  readonly known: Known;
  readonly memory: PodMemory;
  readonly ending?: Ending;
  /** Something of it runs already. */
  readonly adopted: boolean;
  readonly arrival: number;
};

export type WorkerTools = {
  readonly rules: Rules;
  readonly clock: Clock;
  readonly facts: NodeFacts;
  readonly log: Log;
  readonly meter: Meter;
  readonly perform: Perform;
  readonly keeper: RecordKeeper;
  verdicts(): Verdicts;
  /** Told after each plan, whatever it was: what runs may have to be asked (R9). */
  onPlanned(picture: Picture): void;
  /** What is around the pod besides its turn, its admission and what people asked for. */
  around(pod: DesiredPod): Omit<Around, "turn" | "admission" | "restartRequests">;
  /** The record's text for this memory; undefined for a pod that has none to keep. */
  keep(pod: DesiredPod, memory: PodMemory, ending: Ending | undefined): void;
  onStatus(worker: Worker): void;
  onObserved(worker: Worker): void;
  /** What nextNodePlan may know has changed. */
  onFacts(): void;
  onEvents(events: readonly PodEvent[]): void;
};

/** A plan that failed through a fault in Berth is tried again after so long. */
const AFTER_FAULT_MS = 1000;
/** How long a worker that leaves waits for what it has begun. */
const LEAVING_MS = 5000;

/** A worker that has not looked yet. */
export function makeWorker(start: WorkerStart, tools: WorkerTools): Worker {
  const { rules, clock, log, meter } = tools;
  const bell: Bell = makeBell(clock);
  const counted = makeLookCounts(tools, start.adopted);
  /** @bound Restarts that people asked for: one for each container of the pod. */
  const restartRequests = new Map<string, MonoMs>();
  let { pod: asked, known, memory, ending } = start;
  /** With the resources that it was given, which may not be those that are asked for yet (S26). */
  let pod = rules.allocatedPod(asked, memory);
  let turn = false;
  let admission: Admission = { kind: "waiting" };
  /** @bound Why a pod waits: what its last plan said. */
  let holds: readonly Hold[] = [];
  let status: v1.PodStatus = {};
  let endingShown: Ending | undefined;
  let over = { finished: false, cleaned: false };
  let endingSinceWallMs = clock.now().wallMs;

  const resizes = makeResizeDesk({ clock, meter, tell: (moment) => tellNews(moment) });
  const flights = makeFlights({
    clock,
    log,
    perform: tools.perform,
    pod: () => pod,
    observed: () => known.observed,
    closeRecord: tools.keeper.close,
    onBegun: (action) => tellNews({ kind: "begun", action }),
    onNotice(notice) {
      if (notice.kind === "httpsFallback") meter.add("kubelet_lifecycle_handler_http_fallbacks_total", {});
      tellNews({ kind: "noticed", notice });
    },
    onSettled: settle,
  });

  function picture(): Picture {
    const resize = resizes.refusal();
    return {
      desired: pod,
      ...(ending === undefined ? {} : { ending }),
      observed: known.observed,
      verdicts: tools.verdicts(),
      memory,
      inFlight: new Map(flights.inFlight),
      around: { ...tools.around(pod), turn, admission, restartRequests, ...(resize === undefined ? {} : { resize }) },
      now: clock.now(),
    };
  }

  function tellNews(moment: Moment): void {
    const events = rules.news(picture(), moment, clock.now());
    if (events.length > 0) tools.onEvents(events);
  }

  function settle(action: Action, outcome: Outcome, durationMs: number, queuedMs: number): void {
    try {
      logOutcome(log, action, outcome, durationMs);
      countAction(meter, pod, action, outcome, durationMs);
      tellNews({ kind: "settled", action, outcome, durationMs, queuedMs });
      memory = rules.noteOutcome(memory, action, outcome, clock.now());
      believe(action, outcome);
    } catch (error) {
      log.error("an outcome could not be noted; this is a fault in Berth", { error, action: action.kind });
    }
    bell.ring();
  }

  function believe(action: Action, outcome: Outcome): void {
    if (outcome.kind !== "done" || outcome.seen === undefined) return;
    if (outcome.seen.kind === "objects") see(outcome.seen.sighting);
    if (outcome.seen.kind === "message" && action.kind === "read-message") {
      learn(rules.joinMessage(known, action.id, outcome.seen.text, clock.now().monoMs));
    }
  }

  function see(news: Sighting): void {
    learn(rules.join(known, news, clock.now().monoMs));
  }

  function learn(next: Known): void {
    const before = known.observed;
    known = next;
    if (known.observed === before) return;
    over = { ...over, cleaned: false };
    tools.onObserved(worker);
    bell.ring();
  }

  /** One round; answers when to look again at the latest. */
  function look(): MonoMs | undefined {
    const plan = rules.nextPlan(picture());
    const { terminal } = plan.memory;
    if (terminal !== undefined && memory.terminal === undefined) tellNews({ kind: "terminal", terminal });
    meter.add("berth_plans_total", {});
    if (resizes.follow(memory, plan.memory, pod)) tools.onFacts();
    memory = plan.memory;
    carryOut(plan);
    enterHolds(plan.holds);
    const now = picture();
    showStatus(now);
    tools.onPlanned({ ...now, memory });
    tools.keep(pod, memory, ending);
    noteFinished(plan);
    return plan.wakeAt;
  }

  function carryOut(plan: Plan): void {
    for (const subject of plan.withdraw) flights.withdraw(subject);
    for (const action of plan.actions) {
      if (!flights.start(action)) log.error("a plan named a subject that is in flight", { action: action.kind });
    }
  }

  function enterHolds(entered: readonly Hold[]): void {
    const before = holds;
    holds = entered;
    for (const hold of entered) {
      if (!before.some((other) => sayTheSame(hold, other))) tellNews({ kind: "held", hold });
    }
  }

  function showStatus(now: Picture): void {
    const next = rules.podStatus(now, holds, tools.facts);
    memory = rules.noteStatus(now, next);
    if (sameData(next, status) && sameData(ending, endingShown)) return;
    const terminal = isTerminal(status);
    status = next;
    endingShown = ending;
    tools.onStatus(worker);
    if (isTerminal(next) !== terminal) tools.onFacts();
  }

  function noteFinished(plan: Plan): void {
    const idle = flights.inFlight.size === 0;
    const now = { finished: plan.finished, cleaned: plan.cleaned && idle };
    if (now.finished === over.finished && now.cleaned === over.cleaned) return;
    over = now;
    tools.onFacts();
  }

  function lookSafely(): MonoMs | undefined {
    try {
      return counted({ pod, ending: ending !== undefined, finished: over.finished }, look);
    } catch (error) {
      log.error("the pod's plan failed; this is a fault in Berth", { error });
      return clock.now().monoMs + AFTER_FAULT_MS;
    }
  }

  function hearOfResize(word: ResizeWord | undefined): void {
    if (memory.allocated === undefined || word === undefined || !resizes.hear(word, asked)) return;
    if (word.kind === "granted") {
      memory = rules.noteGranted(memory, asked, clock.now().monoMs);
      pod = asked;
      tellNews({ kind: "resize", stage: "started", pod });
    }
    tools.onFacts();
    bell.ring();
  }

  async function leave(): Promise<void> {
    flights.withdrawAll();
    const waited = new AbortController();
    await Promise.race([flights.idle(), clock.sleep(LEAVING_MS, waited.signal)]);
    waited.abort(OVER);
    flights.giveUp();
    tools.keep(pod, memory, ending);
    await tools.keeper.flush();
  }

  const worker: Worker = {
    uid: pod.uid,
    facts: () => ({
      pod,
      ...resizes.facts(memory, asked),
      ...(ending === undefined ? {} : { ending }),
      admission,
      ...over,
      terminal: isTerminal(status),
      byShutdown: rules.isByShutdown(memory, tools.facts.bootId),
      adopted: start.adopted,
      arrival: start.arrival,
    }),
    known: () => known,
    show: () => ({
      pod,
      observed: known.observed,
      status,
      holds,
      memory,
      ...(ending === undefined ? {} : { ending, endingSinceWallMs }),
    }),
    ring: () => bell.ring(),
    update(next) {
      resizes.asked(asked, next);
      const noted = rules.noteAsked(memory, pod, next, start.adopted || admission.kind === "admitted");
      memory = rules.noteOver(noted, next);
      asked = next;
      pod = rules.allocatedPod(asked, memory);
      if (memory.allocated === undefined) resizes.settled();
      bell.ring();
    },
    see,
    notice: tellNews,
    tell(word) {
      hearOfResize(word.resize);
      if (word.turn === turn && sameAdmission(word.admission, admission)) return;
      const { kind } = word.admission;
      if (kind === "refused" && !sameAdmission(word.admission, admission)) {
        meter.add("kubelet_admission_rejections_total", { reason: word.admission.reason });
        tellNews(word.admission);
      }
      turn = word.turn;
      admission = word.admission;
      bell.ring();
    },
    end(told) {
      if (ending === undefined) {
        endingSinceWallMs = clock.now().wallMs;
        tellNews({ kind: "ending", ending: told });
      }
      ending = rules.shrinkEnding(ending, told);
      // What was clean enough for a pod that stays to be seen is not for one that goes.
      over = { ...over, cleaned: false };
      tools.onFacts();
      bell.ring();
    },
    restart(container) {
      if (!pod.containers.some(({ name, role }) => name === container && role !== "ephemeral")) return false;
      restartRequests.set(container, clock.now().monoMs);
      bell.ring();
      return true;
    },
    async run(signal) {
      while (!signal.aborted) {
        const wakeAt = lookSafely();
        // A moment that has passed already would make a loop that never rests.
        const until = wakeAt === undefined ? undefined : Math.max(wakeAt, clock.now().monoMs + 1);
        await bell.wait(until, signal);
      }
      await leave();
    },
  };
  return worker;
}

const isTerminal = ({ phase }: v1.PodStatus): boolean => phase === "Succeeded" || phase === "Failed";

const sayTheSame = (one: Hold, other: Hold): boolean =>
  one.subject === other.subject && one.reason === other.reason && one.message === other.message;

function sameAdmission(one: Admission, other: Admission): boolean {
  if (one.kind !== other.kind) return false;
  return one.kind !== "refused" || other.kind !== "refused" || one.reason === other.reason;
}

function logOutcome(log: Log, action: Action, outcome: Outcome, durationMs: number): void {
  const fields = { action: action.kind, subject: action.subject, durationMs: Math.round(durationMs) };
  if (outcome.kind === "failed") log.warn(outcome.failure.message, { ...fields, ...outcome.failure });
  else log.debug(outcome.kind, fields);
}
