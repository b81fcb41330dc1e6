import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { AgentHealth } from "../pod/view.ts";
import type { Supervisor } from "../ports.ts";

/**
 * Tells the supervisor how the agent is.
 *
 * P1  Ready is said once: when the first full pass over the manifests is done. What cannot come to pass by itself, such as
 *     an unmounted directory, does not hold up the start of the host for ever: after a minute it is said all the same, and
 *     the status says what is missing.
 * P2  A sign of life is given only while every loop of the agent goes round, several times within what the supervisor
 *     waits. A loop that hangs stops the signs, which is logged, and the supervisor begins the agent anew.
 */
export function makePulse(tools: {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly log: Log;
  health(): AgentHealth;
  /** One line on how things are, without what is wrong. */
  status(): string;
}): (signal: AbortSignal) => Promise<void> {
  const { supervisor, clock, log } = tools;

  const words = (): string => [tools.status(), ...tools.health().reasons].join("; ");

  const untilReady = async (signal: AbortSignal): Promise<void> => {
    const begunMonoMs = clock.now().monoMs;
    while (!tools.health().ready && clock.now().monoMs - begunMonoMs < PATIENCE_MS) {
      if ((await clock.sleep(GLANCE_MS, signal)) === "aborted") return;
    }
    await supervisor.tell({ kind: "ready", status: words() });
  };

  return async (signal) => {
    await untilReady(signal);
    const { aliveWithinMs } = supervisor;
    if (aliveWithinMs === undefined) return;
    let gave = true;
    while ((await clock.sleep(aliveWithinMs / TIMES, signal)) === "elapsed") {
      const { live, reasons } = tools.health();
      if (live) await supervisor.tell({ kind: "alive", status: words() });
      else if (gave) log.error("no sign of life is given to the supervisor any more", { reasons });
      gave = live;
    }
  };
}

const PATIENCE_MS = 60_000;
const GLANCE_MS = 100;
/** Signs of life within what the supervisor waits: a late one or two do no harm. */
const TIMES = 3;
