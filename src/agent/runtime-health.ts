import { makeBell, OVER } from "../base/bell.ts";
import type { Clock, MonoMs } from "../base/clock.ts";
import { asBerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { sameData } from "../base/same.ts";
import type { Runtime } from "../ports.ts";
import type { Round } from "./loop.ts";

/** The runtime's own conditions, as all pods' surroundings have them. */
export type RuntimeState = {
  readonly runtimeReady: boolean;
  readonly networkReady: boolean;
  /** Why not, in the runtime's words. */
  readonly message?: string;
};

/** The runtime's conditions in its own words, and when it last said them. */
export type RuntimeTold = RuntimeState & { readonly monoMs: MonoMs };

/**
 * Watches the runtime's conditions.
 *
 * H1  A runtime that does not answer is not ready for pods; that says nothing about its containers.
 * H2  What it told last stands until it tells something else: one call that fails makes no node unready (node.md 2.3).
 */
export type RuntimeHealthWatch = {
  /** As it is for pods (H1). */
  now(): RuntimeState;
  /** As it is for the node (H2); undefined: it has told nothing yet. */
  told(): RuntimeTold | undefined;
  /** One look, told through `onChange` when it differs. */
  look(signal: AbortSignal): Promise<void>;
  /** Looks every few seconds until the signal; beats after each look. */
  readonly run: Round;
  /** A round takes no longer, whatever the runtime does. */
  readonly beatWithinMs: number;
};

const BEAT_MS = 5000;
/** While it does not answer the question is asked more often: pods wait for it. */
const BEAT_WHILE_DOWN_MS = 1000;
/** A Status call that takes longer is as good as none. */
const PATIENCE_MS = 10_000;

/** Nothing is known before the first look: nothing is ready. */
export function makeRuntimeHealth(tools: {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  onChange(state: RuntimeState): void;
}): RuntimeHealthWatch {
  const { runtime, clock, log } = tools;
  let told: RuntimeTold | undefined;
  let state: RuntimeState = { runtimeReady: false, networkReady: false };

  const ask = async (signal: AbortSignal): Promise<RuntimeState> => {
    const patience = new AbortController();
    const leave = (): void => patience.abort(signal.reason);
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
    void clock.sleep(PATIENCE_MS, patience.signal).then((end) => {
      if (end === "elapsed") patience.abort(new Error("the runtime did not tell its status in time"));
    });
    try {
      const { ready, networkReady, message } = await runtime.health(patience.signal);
      const answer = { runtimeReady: ready, networkReady, ...(message === undefined ? {} : { message }) };
      told = { ...answer, monoMs: clock.now().monoMs };
      return answer;
    } catch (error) {
      const { message } = asBerthError(error, "asking the runtime for its status");
      return { runtimeReady: false, networkReady: state.networkReady, message };
    } finally {
      signal.removeEventListener("abort", leave);
      patience.abort(OVER);
    }
  };
  const look = async (signal: AbortSignal): Promise<void> => {
    const next = await ask(signal);
    if (signal.aborted || sameData(next, state)) return;
    state = next;
    log.info("the runtime's conditions changed", { ...next });
    tools.onChange(next);
  };

  return {
    now: () => state,
    told: () => told,
    look,
    beatWithinMs: 3 * (BEAT_MS + PATIENCE_MS),
    async run(signal, beat) {
      const bell = makeBell(clock);
      const stop = runtime.onReconnect(bell.ring);
      try {
        while (!signal.aborted) {
          await look(signal);
          beat();
          await bell.wait(clock.now().monoMs + (state.runtimeReady ? BEAT_MS : BEAT_WHILE_DOWN_MS), signal);
        }
      } finally {
        stop();
      }
    },
  };
}
