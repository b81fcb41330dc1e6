import { berthRules, type Rules } from "../../src/agent/rules.ts";
import { makeTrace } from "./engine/trace.ts";
import { type Host, makeHost } from "./host/host.ts";
import { calm, schedule } from "./host/play.ts";
import type { Ears } from "./host/witness.ts";
import { INVARIANTS } from "./invariants/all.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { isAtRest } from "./invariants/liveness.ts";
import type { Script } from "./script/script.ts";

/** How a simulation ended. */
export type Result = {
  readonly hash: string;
  readonly wakes: number;
  /** Hours that sandboxes stood, all together. */
  readonly podHours: number;
  readonly lines: readonly string[];
  readonly atMs: number;
  /** The first invariant that was broken. */
  readonly broken?: Broken;
  /** How often each kind of fault has struck. */
  readonly struck: ReadonlyMap<string, number>;
};
export type Broken = { readonly number: number; readonly name: string; readonly what: string; readonly atMs: number };

export type SimulateOptions = {
  readonly rules?: Rules;
  /** Keeps the lines of the trace. */
  readonly read?: boolean;
  readonly invariants?: readonly Invariant[];
};

/** Plays a script to its end, or until an invariant is broken. To be called outside of promise reactions. */
export function simulate(script: Script, options: SimulateOptions = {}): Result {
  const trace = makeTrace(options.read ?? false);
  let broken: Broken | undefined;
  const listeners: Ears[] = [];
  const ears = earsOf(listeners);
  const host = makeHost({ seed: script.seed, events: script.events, rules: options.rules ?? berthRules, trace }, ears);
  for (const { number, name, watch } of options.invariants ?? INVARIANTS) {
    const fail = (what: string): void => {
      const atMs = host.clock.now().monoMs;
      trace.note(atMs, "BROKEN", `${number} ${name}: ${what}`);
      broken ??= { number, name, what, atMs };
    };
    listeners.push(watch({ host, script, fail }));
  }
  play(host, script, () => broken !== undefined);
  return {
    hash: trace.hash(),
    wakes: host.clock.wakes,
    podHours: podHoursOf(host),
    lines: trace.lines,
    atMs: host.clock.now().monoMs,
    ...(broken === undefined ? {} : { broken }),
    struck: host.runtime.faults.struck,
  };
}

function podHoursOf({ truth, clock }: Host): number {
  const { monoMs } = clock.now();
  return [...truth.boxes.values()].reduce(
    (sum, { madeAt, lostAt }) => sum + ((lostAt ?? monoMs) - madeAt) / 3_600_000,
    0,
  );
}

function play(host: Host, script: Script, isOver: () => boolean): void {
  schedule(host, script);
  host.start();
  host.clock.runUntil(script.calmAtMs, isOver);
  if (isOver()) return;
  host.trace.note(script.calmAtMs, "do", "calm");
  calm(host, script);
  // Whoever has come to rest by then has had time for the longest back-off and the longest deadline.
  host.clock.runUntil(script.calmAtMs + (script.endAtMs - script.calmAtMs) / 2, isOver);
  if (!isOver() && !isAtRest(host)) host.clock.runUntil(script.endAtMs, isOver);
  if (isOver()) return;
  host.ears.calm();
  host.life()?.end();
}

type Hearing = (...args: readonly unknown[]) => void;

/** One witness that tells all. */
function earsOf(listeners: readonly Ears[]): Required<Ears> {
  const all = (kind: keyof Ears): Hearing => {
    let hearing: readonly Hearing[] = [];
    let known = 0;
    return (...args) => {
      if (known !== listeners.length) {
        known = listeners.length;
        hearing = listeners.flatMap((ears) => (ears[kind] === undefined ? [] : [ears[kind] as Hearing]));
      }
      for (const hear of hearing) hear(...args);
    };
  };
  return {
    record: all("record"),
    call: all("call"),
    answer: all("answer"),
    shown: all("shown"),
    told: all("told"),
    directory: all("directory"),
    took: all("took"),
    nodePlan: all("nodePlan"),
    plan: all("plan"),
    hook: all("hook"),
    hooked: all("hooked"),
    cleared: all("cleared"),
    fault: all("fault"),
    life: all("life"),
    step: all("step"),
    calm: all("calm"),
  };
}
