import type { Bench } from "./bench.ts";

/** One thing that the agent relies on, whatever runtime it works with. */
export type Case = {
  /** Ends the sentence "the agent relies on it that ...". */
  readonly that: string;
  /** Only for runtimes that have the event stream, or only for those that have not. */
  readonly only?: "with events" | "without events";
  readonly holds: (bench: Bench) => Promise<void>;
};
