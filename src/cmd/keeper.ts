import { isDeepStrictEqual } from "node:util";
import { makePulse } from "../agent/pulse.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { AgentHealth } from "../pod/view.ts";
import type { Supervisor, SupervisorNews, View } from "../ports.ts";

/** What a keeper sees of a running agent. */
export type KeptHouse = {
  readonly view: Pick<View, "health" | "pods" | "problems">;
  /** Resolves when it turns out that it cannot stand. */
  readonly fallen: Promise<unknown>;
  rescan(): void;
  close(): Promise<void>;
};

/** Keeps one agent running, tells the supervisor how it is, and exchanges it when its settings change. */
export type Keeper<H extends KeptHouse> = {
  readonly house: () => H;
  /** Resolves with the reason when no agent can be kept. */
  readonly fallen: Promise<unknown>;
  /**
   * Reads the settings again. When they differ, the agent leaves and another one begins, which touches no container; else
   * only the manifests are read again. Broken settings change nothing. One reload at a time; never throws.
   */
  reload(): Promise<void>;
  /** The agent leaves. */
  leave(): Promise<void>;
};

/** A keeper whose first house stands. Throws what `build` throws. */
export async function startKeeper<S, H extends KeptHouse>(tools: {
  readonly settings: S;
  /** The settings as they are written now; undefined, when they are broken, which it has told. */
  readAgain(): Promise<S | undefined>;
  build(settings: S): Promise<H>;
  readonly supervisor: Supervisor | undefined;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<Keeper<H>> {
  const { supervisor, log } = tools;
  const { promise: fallen, resolve: fall } = Promise.withResolvers<unknown>();
  let { settings } = tools;
  let opens = 0;
  let house = await open(settings);
  let pulse = startPulse(house, tools);
  let last: Promise<void> = Promise.resolve();
  let leaving = false;

  async function open(wanted: S): Promise<H> {
    const opened = await tools.build(wanted);
    opens += 1;
    const mine = opens;
    void opened.fallen.then((reason) => {
      if (mine === opens) fall(reason);
    });
    return opened;
  }
  const tell = async (kind: SupervisorNews["kind"], status: string): Promise<void> =>
    supervisor?.tell({ kind, status });

  const exchange = async (next: S): Promise<void> => {
    pulse.stop();
    await house.close();
    try {
      house = await open(next);
      settings = next;
      log.info("the new settings are in effect");
    } catch (error) {
      log.error("berthd cannot run with the new settings and goes on with the old ones", { error });
      house = await open(settings);
    }
    pulse = startPulse(house, tools);
  };
  const reloadNow = async (): Promise<void> => {
    if (leaving) return;
    await tell("reloading", "reading the configuration and the manifests again");
    const next = await tools.readAgain();
    if (next !== undefined && !isDeepStrictEqual(next, settings)) return exchange(next);
    house.rescan();
    await tell("ready", statusOf(house));
  };

  return {
    house: () => house,
    fallen,
    reload() {
      last = last.then(reloadNow).catch(fall);
      return last;
    },
    async leave() {
      leaving = true;
      await last;
      pulse.stop();
      await tell("stopping", "leaving; pods go on running");
      await house.close();
    },
  };
}

function startPulse(
  house: KeptHouse,
  { supervisor, clock, log }: { readonly supervisor: Supervisor | undefined; readonly clock: Clock; readonly log: Log },
): { stop(): void } {
  if (supervisor === undefined) return { stop: () => {} };
  const leaving = new AbortController();
  const health = (): AgentHealth => house.view.health();
  const pulse = makePulse({ supervisor, clock, log, health, status: () => statusOf(house) });
  pulse(leaving.signal).catch((error: unknown) =>
    log.error("the signs of life failed; this is a fault in Berth", { error }),
  );
  return { stop: () => leaving.abort() };
}

/** What `systemctl status` shows. */
function statusOf({ view }: KeptHouse): string {
  const pods = view.pods().length;
  const problems = view.problems().filter(({ severity }) => severity === "error").length;
  return [`${pods} pods`, ...(problems === 0 ? [] : [`${problems} problems, see: berth get problems`])].join("; ");
}
