import { asBerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ObservedContainer, ObservedPod, Sighting } from "../pod/observed.ts";
import type { Runtime } from "../ports.ts";
import { type Gates, RANK } from "./gates.ts";

/**
 * Reads what lists leave out: how a container ended, and when one that an earlier agent has started began. Nothing is read
 * for containers that have not changed.
 */
export type Details = {
  /** Reads what is missing of this pod and tells it as news; resolves when all has been tried. */
  fill(podUid: string, observed: ObservedPod): Promise<void>;
};

/** No read is under way yet; reads end with the signal. */
export function makeDetails(tools: {
  readonly runtime: Runtime;
  readonly gates: Gates;
  readonly log: Log;
  readonly signal: AbortSignal;
  see(news: Sighting): void;
}): Details {
  const { runtime, gates, log, signal } = tools;
  /** @bound Containers being read: one entry for each whose end or start is not known. */
  const reading = new Set<string>();

  const read = async (podUid: string, id: string): Promise<void> => {
    reading.add(id);
    try {
      await gates.read(RANK.any, signal, async () => {
        const container = await runtime.container(id, signal);
        const news = container === undefined ? { containers: [], gone: [id] } : { containers: [container], gone: [] };
        tools.see({ podUid, sandboxes: [], ...news });
      });
    } catch (thrown) {
      // The next list finds the same gap and asks again.
      if (!signal.aborted) log.debug(asBerthError(thrown, "reading a container").message, { id });
    } finally {
      reading.delete(id);
    }
  };

  return {
    async fill(podUid, { containers }) {
      const missing = containers.filter((container) => lacksDetail(container) && !reading.has(container.id));
      await Promise.all(missing.map(({ id }) => read(podUid, id)));
    },
  };
}

/** An exit without its code, or a running container whose start is not known. */
export function lacksDetail({ detailed, state, startedWallMs }: ObservedContainer): boolean {
  return !detailed && (state === "exited" || (state === "running" && startedWallMs === undefined));
}

/** A pod with only those of its containers that have ended: when the running ones began can be read later. */
export const exitedOnly = (observed: ObservedPod): ObservedPod => ({
  ...observed,
  containers: observed.containers.filter(({ state }) => state === "exited"),
});
