import type { Clock } from "../base/clock.ts";
import type { ObservedSandbox } from "../pod/observed.ts";

/** What events have told of sandboxes lately, for those who have just made one and want its addresses without asking. */
export type SandboxNews = {
  /** Takes note of a sandbox that an event shows. */
  note(sandbox: ObservedSandbox): void;
  /** The ready sandbox with its addresses, if an event has told or tells in time. */
  told(id: string, patienceMs: number, signal: AbortSignal): Promise<ObservedSandbox | undefined>;
};

/** Sandboxes whose addresses an event has told. @limit The oldest is forgotten, which costs a status read. */
const MOST_REMEMBERED = 64;

/** No news yet. */
export function makeSandboxNews(clock: Clock): SandboxNews {
  /** @bound MOST_REMEMBERED */
  const recent = new Map<string, ObservedSandbox>();
  /** @bound Sandboxes whose addresses are waited for: one for each being made. */
  const waiting = new Map<string, (sandbox: ObservedSandbox) => void>();

  async function wait(id: string, patienceMs: number, signal: AbortSignal): Promise<ObservedSandbox | undefined> {
    const enough = new AbortController();
    const { promise, resolve } = Promise.withResolvers<ObservedSandbox | undefined>();
    waiting.set(id, resolve);
    void clock.sleep(patienceMs, AbortSignal.any([enough.signal, signal])).then(() => resolve(undefined));
    try {
      return await promise;
    } finally {
      enough.abort();
      waiting.delete(id);
    }
  }

  return {
    note(sandbox) {
      if (sandbox.state !== "ready" || sandbox.ips === undefined) return;
      recent.delete(sandbox.id);
      recent.set(sandbox.id, sandbox);
      const oldest = recent.size > MOST_REMEMBERED ? recent.keys().next().value : undefined;
      if (oldest !== undefined) recent.delete(oldest);
      waiting.get(sandbox.id)?.(sandbox);
    },
    async told(id, patienceMs, signal) {
      return recent.get(id) ?? (signal.aborted ? undefined : wait(id, patienceMs, signal));
    },
  };
}
