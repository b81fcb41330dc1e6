import { type Gate, makeGate } from "../base/gate.ts";
import type { Meter } from "../pod/metrics.ts";

/**
 * The only bounds on work that runs at once. No gate spans a hook or a grace period, and stops have none: a pod that is to
 * end never waits for one that is to begin.
 */
export const GATES = {
  /** Homes and records of pods: few at once, so that of many pods the first are soon with the runtime. */
  home: 4,
  /** Sandboxes, creates and starts: more at once only queue inside the runtime. */
  start: 8,
  pull: 5,
  /** Reads of single containers after a list. */
  read: 8,
  execProbe: 16,
} as const;
export type GateName = keyof typeof GATES;
export type GateLimits = Readonly<Record<GateName, number>>;

/** Lower goes first: finishing a pod comes before beginning one. */
export const RANK = { start: 0, create: 1, sandbox: 2, home: 0, record: 1, any: 0 } as const;

/** The answer of a pass whose signal aborted in the queue. */
export const WITHDRAWN: unique symbol = Symbol("withdrawn");

/** Runs the work once there is room, or answers WITHDRAWN when the signal aborts first. The signal ends only the queueing. */
export type Pass = <T>(rank: number, signal: AbortSignal, work: () => Promise<T>) => Promise<T | typeof WITHDRAWN>;
export type Gates = Readonly<Record<GateName | "netProbe", Pass>>;

/** Probes over the network at once: they cost so little that only their sockets are bounded. @limit The next one waits. */
const NET_PROBES = 128;

/** One gate for each name. */
export function makeGates(limits: GateLimits, meter: Meter): Gates {
  const pass = (name: GateName): Pass => makePass(name, makeGate(limits[name]), meter);
  return {
    home: pass("home"),
    start: pass("start"),
    pull: pass("pull"),
    read: pass("read"),
    execProbe: pass("execProbe"),
    netProbe: makePass("netProbe", makeGate(NET_PROBES), meter),
  };
}

function makePass(name: keyof Gates, gate: Gate, meter: Meter): Pass {
  const report = (): void => {
    meter.set("berth_gate_inside", { gate: name }, gate.inside);
    meter.set("berth_gate_waiting", { gate: name }, gate.waiting);
  };
  return async (rank, signal, work) => {
    const entering = gate.enter(rank, signal);
    report();
    const leave = await entering;
    if (leave === undefined) {
      report();
      return WITHDRAWN;
    }
    try {
      return await work();
    } finally {
      leave();
      report();
    }
  };
}
