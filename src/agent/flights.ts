import type { Clock, MonoMs } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Notice } from "../decide/moment.ts";
import type { Action, Outcome, Subject } from "../pod/action.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { ObservedPod } from "../pod/observed.ts";
import type { Flight, InFlight } from "../pod/plan.ts";
import { type Perform, WITHDRAWAL } from "./perform.ts";
import type { Step } from "./step.ts";

/** The actions of one pod that are under way, one for each subject at most. */
export type Flights = {
  readonly inFlight: InFlight;
  /** False when the subject is taken: the action is not begun. */
  start(action: Action): boolean;
  withdraw(subject: Subject): void;
  withdrawAll(): void;
  /** Cuts off even what is meant to finish, and what goes on aside. */
  giveUp(): void;
  /** When nothing is under way any more. */
  idle(): Promise<void>;
};

/** What a worker lends to its actions, and what it wants to be told. */
export type FlightCrew = {
  readonly clock: Clock;
  readonly log: Log;
  readonly perform: Perform;
  pod(): DesiredPod;
  observed(): ObservedPod;
  closeRecord(): Promise<void>;
  onBegun(action: Action): void;
  onNotice(notice: Notice): void;
  /** Called after the subject is free again. `queuedMs` is the part of `durationMs` before the action began. */
  onSettled(action: Action, outcome: Outcome, durationMs: number, queuedMs: number): void;
};

/** A flight with the moment at which it left its queue. */
type TimedFlight = Flight & { readonly begunMonoMs?: MonoMs };

/** No flight yet. */
export function makeFlights(crew: FlightCrew): Flights {
  /** @bound Actions of a pod under way: one for each subject of its plan. */
  const flights = new Map<Subject, TimedFlight>();
  /** @bound Ways to withdraw them: one for each action under way. */
  const withdrawals = new Map<Subject, AbortController>();
  const life = new AbortController();
  /** @bound Whoever waits for a pod to rest: the worker alone. */
  const waiters = new Set<() => void>();
  let asides = 0;

  const change = (subject: Subject, changes: Partial<TimedFlight>): TimedFlight | undefined => {
    const flight = flights.get(subject);
    if (flight !== undefined) flights.set(subject, { ...flight, ...changes });
    return flight;
  };
  const tellIdle = (): void => {
    if (flights.size > 0 || asides > 0) return;
    for (const resolve of waiters) resolve();
    waiters.clear();
  };
  const begin = (action: Action): void => {
    const flight = flights.get(action.subject);
    if (flight === undefined || flight.action !== action || flight.begun) return;
    change(action.subject, { begun: true, begunMonoMs: crew.clock.now().monoMs });
    crew.onBegun(action);
  };
  const aside = async (doing: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    asides += 1;
    try {
      await work(life.signal);
    } catch (error) {
      if (!life.signal.aborted) crew.log.warn(`${doing} failed`, { error });
    } finally {
      asides -= 1;
      tellIdle();
    }
  };
  const stepOf = (action: Action, withdrawn: AbortSignal): Step => ({
    get pod() {
      return crew.pod();
    },
    get observed() {
      return crew.observed();
    },
    withdrawn,
    givenUp: life.signal,
    begun: () => begin(action),
    notice: crew.onNotice,
    aside: (doing, work) => void aside(doing, work),
    closeRecord: crew.closeRecord,
  });
  const fly = async (action: Action, withdrawn: AbortSignal): Promise<void> => {
    const outcome = await crew.perform(action, stepOf(action, withdrawn));
    const { subject } = action;
    const { monoMs } = crew.clock.now();
    const { sinceMonoMs = monoMs, begunMonoMs = monoMs } = flights.get(subject) ?? {};
    flights.delete(subject);
    withdrawals.delete(subject);
    crew.onSettled(action, outcome, monoMs - sinceMonoMs, begunMonoMs - sinceMonoMs);
    tellIdle();
  };
  const withdraw = (subject: Subject): void => {
    const flight = flights.get(subject);
    if (flight === undefined || flight.withdrawn) return;
    change(subject, { withdrawn: true });
    const ends = !flight.begun || WITHDRAWAL[flight.action.kind] !== "finish";
    if (ends) withdrawals.get(subject)?.abort();
  };

  return {
    inFlight: flights,
    start(action) {
      const { subject } = action;
      if (flights.has(subject)) return false;
      const withdrawal = new AbortController();
      withdrawals.set(subject, withdrawal);
      flights.set(subject, { action, sinceMonoMs: crew.clock.now().monoMs, begun: false, withdrawn: false });
      void fly(action, AbortSignal.any([withdrawal.signal, life.signal]));
      return true;
    },
    withdraw,
    withdrawAll() {
      for (const subject of [...flights.keys()]) withdraw(subject);
    },
    giveUp: () => life.abort(),
    idle: () =>
      new Promise((resolve) => {
        waiters.add(resolve);
        tellIdle();
      }),
  };
}
