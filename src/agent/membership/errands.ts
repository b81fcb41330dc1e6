import { makeBell } from "../../base/bell.ts";
import type { Chance, Clock, MonoMs } from "../../base/clock.ts";
import { asBerthError, type BerthError } from "../../base/errors.ts";
import { patienceMs, WATCH_PATIENCE } from "../../decide/api-patience.ts";
import type { Round } from "../loop.ts";
import type { Contact, Topic } from "./contact.ts";

/** Requests to the API server that follow from what is known of single things: one at a time, of each thing the newest. */
export type Errands<K> = {
  /** There may be something to do about it, now or after a while; what is due earlier is not put off. */
  look(key: K, afterMs?: number): void;
  readonly run: Round;
};

/** Whether an errand asked the server for anything: only then does its success tell that the server is there. */
export type Settled = "asked" | "nothing to do";

/** Somebody wrote at the same time, or the object is another one, of which the watch is about to tell. */
const CONFLICT_MS = 2000;
/** What the server knows otherwise: another try without news of it would most likely end alike. */
const UNFIT_MS = 60_000;
/** What the server refuses is offered again so seldom: it costs a request each time. */
const REFUSED_MS = 300_000;

/**
 * No errands yet.
 *
 * E1  After a failure all wait, ever longer; a refusal makes only the one wait that it concerns. What needs no request says
 *     nothing of the server, unless it was the last that waited.
 * E2  After an outage, in which a server may refuse everything, all that waits is tried again, and no pause goes on.
 * E3  Nothing is done before `mayBegin`.
 */
export function makeErrands<K>(tools: {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  readonly topic: Topic;
  readonly doing: string;
  mayBegin(): boolean;
  settle(key: K, signal: AbortSignal): Promise<Settled>;
  /** What was believed of it was wrong: the watch tells at once what there really is. */
  forget(key: K): void;
}): Errands<K> {
  const { clock, chance, contact, topic } = tools;
  const bell = makeBell(clock);
  const back = makeBell(clock);
  /** @bound Things that whoever calls knows. */
  const waiting = new Map<K, MonoMs>();
  let pausing = false;
  let returns = 0;
  /** Failures in a row that made everybody wait. */
  let failures = 0;
  /** Somebody was told of a failure, and not yet that it goes well again. */
  let isFailing = false;

  const look = (key: K, afterMs = 0): void => {
    const dueMonoMs = clock.now().monoMs + afterMs;
    waiting.set(key, Math.min(dueMonoMs, waiting.get(key) ?? dueMonoMs)); // what was heard meanwhile is not put off
    bell.ring();
  };
  const failed = (error: BerthError): void => {
    isFailing = true;
    contact.failed(topic, error);
  };
  /** How long everybody waits after a failure; 0 for one that concerns this thing alone. */
  const pauseAfter = (key: K, error: BerthError, isOld: boolean): number => {
    switch (error.code) {
      case "ApiConflict":
        look(key, CONFLICT_MS);
        return 0;
      case "ApiExists":
      case "ApiNotFound":
        tools.forget(key);
        look(key, UNFIT_MS);
        return 0;
      case "ApiForbidden":
      case "ApiRefused":
        failed(error);
        look(key, REFUSED_MS);
        return 0;
      default:
        failed(error);
        look(key);
        failures = isOld ? 1 : failures + 1;
        return patienceMs(WATCH_PATIENCE, failures, error, chance);
    }
  };

  return {
    look,
    async run(signal) {
      contact.onBack(() => {
        for (const key of waiting.keys()) look(key);
        returns += 1;
        if (pausing) back.ring();
      }, signal);
      while (!signal.aborted) {
        const { monoMs } = clock.now();
        const begins = tools.mayBegin();
        const due = begins ? [...waiting].find(([, dueMonoMs]) => dueMonoMs <= monoMs)?.[0] : undefined;
        if (due === undefined) {
          const next = Math.min(...waiting.values());
          await bell.wait(begins && Number.isFinite(next) ? next : undefined, signal);
          continue;
        }
        waiting.delete(due);
        const returnsBefore = returns;
        try {
          const settled = await tools.settle(due, signal);
          if (settled === "nothing to do" && waiting.size > 0) continue;
          if (isFailing) contact.well(topic);
          isFailing = false;
          failures = 0;
        } catch (thrown) {
          if (signal.aborted) return;
          // What was begun before the server's return says nothing of it.
          const pauseMs = pauseAfter(due, asBerthError(thrown, tools.doing), returns !== returnsBefore);
          pausing = true;
          if (pauseMs > 0 && (await back.wait(clock.now().monoMs + pauseMs, signal)) === "rung") failures = 1;
          pausing = false;
        }
      }
    },
  };
}
