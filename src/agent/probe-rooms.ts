import type { Clock } from "../base/clock.ts";
import { asBerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type * as v1 from "../pod/v1.ts";
import type { Handlers, ProbeRequest, ProbeResult } from "../ports.ts";
import { type Gates, RANK, WITHDRAWN } from "./gates.ts";

/** Runs handlers of probes, a bounded number at once. */
export type ProbeRooms = {
  /** Undefined when the signal came before there was room. */
  enter<T>(probe: v1.Probe, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined>;
  run(request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult>;
};

/** The work of an attempt is in its beginning: one that has taken so long only waits, and leaves its place to others. */
const PLACE_MS = 300;

/** Rooms over the agent's gates. */
export function makeProbeRooms(tools: {
  readonly clock: Clock;
  readonly log: Log;
  readonly gates: Gates;
  readonly handlers: Handlers;
}): ProbeRooms {
  const { clock, gates, handlers, log } = tools;
  return {
    async enter<T>(probe: v1.Probe, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
      const gate = probe.exec === undefined ? gates.netProbe : gates.execProbe;
      const running = await gate(RANK.any, signal, async () => {
        const begun = work();
        await whileWorking(begun, clock);
        // Wrapped, since a promise that is returned as it is would be waited for inside.
        return { begun };
      });
      return running === WITHDRAWN ? undefined : running.begun;
    },
    async run(request, signal) {
      try {
        return await handlers.runProbe(request, signal);
      } catch (thrown) {
        const { message } = asBerthError(thrown, `the ${request.probe} probe of container ${request.container.name}`);
        if (!signal.aborted) log.error("a probe's handler failed; this is a fault in Berth", { message });
        return { kind: "discarded", output: message };
      }
    },
  };
}

/** Until the work has ended, or has taken as long as it may keep its place. */
function whileWorking(work: Promise<unknown>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const takeBack = clock.after(PLACE_MS, resolve);
    const end = (): void => {
      takeBack();
      resolve();
    };
    work.then(end, end);
  });
}
