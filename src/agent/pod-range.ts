import { makeBell } from "../base/bell.ts";
import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Runtime } from "../ports.ts";
import { backOffMs } from "./back-off.ts";
import { startLoop } from "./loop.ts";

/** The addresses that the node's pods are to have. */
export type PodRange = {
  /** In CIDR notation, several with commas between them; empty: nothing is known, and the runtime keeps what it has. */
  set(range: string): void;
  stop(): Promise<void>;
};

/**
 * Tells the runtime the range of addresses of the node's pods, for networks that it sets up itself (node.md 2.2): a new one,
 * and the same again to a runtime that was connected anew. One that fails is told again, ever more seldom; no pod waits for it.
 */
export function startPodRange(
  runtime: Pick<Runtime, "setPodRange" | "onReconnect">,
  { clock, chance, log }: { readonly clock: Clock; readonly chance: Chance; readonly log: Log },
): PodRange {
  const bell = makeBell(clock);
  const leaving = new AbortController();
  let wanted = "";
  let told = "";
  const forget = runtime.onReconnect(() => {
    told = "";
    bell.ring();
  });
  const run = async (signal: AbortSignal): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      const range = wanted;
      if (range === told || range === "") {
        await bell.wait(undefined, signal);
        continue;
      }
      try {
        told = range;
        await runtime.setPodRange(range, signal);
        log.info("the runtime knows the addresses of the node's pods", { range });
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        told = "";
        failures += 1;
        if (failures === 1) log.warn("the runtime did not take the addresses of the node's pods", { range, error });
        await clock.sleep(backOffMs(failures, chance), signal);
      }
    }
  };
  const loop = startLoop("pod range", run, { clock, log, signal: leaving.signal });
  return {
    set(range) {
      wanted = range;
      bell.ring();
    },
    async stop() {
      forget();
      leaving.abort();
      await loop.over;
    },
  };
}
