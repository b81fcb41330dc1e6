import { OVER } from "../base/bell.ts";
import { unlessAborted } from "../base/unless-aborted.ts";

/** One run for all callers that want the same thing at the same time. */
export type Share<T> = {
  /**
   * Joins the run of this key, or begins it. The run is cancelled when the last caller has left; a caller whose signal
   * aborts leaves at once, and its promise rejects with the signal's reason.
   */
  join(caller: Caller<T>): Promise<T>;
};

export type Caller<T> = {
  readonly key: string;
  readonly signal: AbortSignal;
  /** The work itself; it says `begun` when it has left its queue. */
  readonly run: (signal: AbortSignal, begun: () => void) => Promise<T>;
  /** Called once, when the run has begun or had begun already. */
  readonly onBegun?: () => void;
};

type Run<T> = {
  readonly abort: AbortController;
  readonly listeners: Set<() => void>;
  promise?: Promise<T>;
  begun: boolean;
  callers: number;
};

/** A share whose runs are forgotten when they settle or are cancelled. */
export function makeShare<T>(): Share<T> {
  /** @bound Look-ups and pulls under way: one for each image that a pod waits for. */
  const runs = new Map<string, Run<T>>();

  const forget = (key: string, run: Run<T>): void => {
    if (runs.get(key) === run) runs.delete(key);
  };
  const begin = ({ key, run: work }: Caller<T>): Run<T> => {
    const run: Run<T> = { abort: new AbortController(), listeners: new Set(), begun: false, callers: 0 };
    runs.set(key, run);
    run.promise = work(run.abort.signal, () => {
      run.begun = true;
      for (const listener of run.listeners) listener();
      run.listeners.clear();
    }).finally(() => forget(key, run));
    return run;
  };

  return {
    async join(caller) {
      caller.signal.throwIfAborted();
      const run = runs.get(caller.key) ?? begin(caller);
      run.callers += 1;
      if (run.begun) caller.onBegun?.();
      else if (caller.onBegun !== undefined) run.listeners.add(caller.onBegun);
      try {
        if (run.promise === undefined) throw new Error("a shared run has no promise");
        return await unlessAborted(run.promise, caller.signal);
      } finally {
        if (caller.onBegun !== undefined) run.listeners.delete(caller.onBegun);
        run.callers -= 1;
        if (run.callers === 0) {
          forget(caller.key, run);
          run.abort.abort(OVER);
        }
      }
    },
  };
}
