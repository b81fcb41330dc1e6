import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ShutdownDelay, ShutdownLock } from "../pod/shutdown.ts";
import { ask, type Child, keepRunning } from "./children.ts";

/** Programs and files of systemd that are used; tests name others. */
export type LogindMeans = {
  readonly busctl: string;
  readonly inhibit: string;
  /** Raises what logind grants. */
  readonly dropIn: string;
};

/** Those of a host. */
export const HOST_MEANS: LogindMeans = {
  busctl: "busctl",
  inhibit: "systemd-inhibit",
  dropIn: "/etc/systemd/logind.conf.d/99-berth.conf",
};

const LOGIN = ["org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"] as const;
const SYSTEMD = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"] as const;
const SIGHUP = "1";
/** Pauses until logind has read its files again. */
const REREAD_MS = [100, 200, 400, 800, 1600];
/** A child that has not said that it works. @limit It is ended. */
const LONGEST_START_MS = 10_000;

/**
 * The host's shutdown as logind tells it and lets it be delayed (node.md 5.4). Node.js can neither speak D-Bus nor hold a file
 * descriptor that was passed to it: the lock is held by a run of systemd-inhibit(1), PrepareForShutdown is heard by one of
 * busctl(1). Both end when the agent does, by whatever end.
 */
export function logindDelay(log: Log, means: LogindMeans = HOST_MEANS): ShutdownDelay {
  return {
    async take(delayMs, signal) {
      const grantedMs = await raiseGrant(delayMs, means, log, signal);
      const state = makeState();
      const children: Child[] = [];
      const close = (): void => {
        for (const child of children) child.end();
        state.end();
      };
      try {
        // Heard before it is asked for, so that nothing falls between.
        const monitor = await begin(
          "setpriv",
          [...WITH_AGENT, means.busctl, ...MONITOR],
          /^Monitoring/,
          (line) => state.hear(signalOf(line)),
          signal,
        );
        children.push(monitor);
        const inhibitor = await begin(means.inhibit, INHIBIT, /^held$/, () => {}, signal);
        children.push(inhibitor);
        let released = false;
        void monitor.over.then(state.end);
        void inhibitor.over.then(() => released || state.end());
        state.hear((await property("PreparingForShutdown", means, signal)) === true);
        const lock: ShutdownLock = {
          grantedMs,
          preparing: state.read,
          release() {
            released = true;
            inhibitor.end();
          },
          close,
        };
        return lock;
      } catch (error) {
        close();
        throw error;
      }
    },
  };
}

const MATCH = "type='signal',interface='org.freedesktop.login1.Manager',member='PrepareForShutdown'";
const MONITOR = ["--system", "monitor", "--json=short", `--match=${MATCH}`];
/** A monitor does not read, and so would outlive an agent that was killed. */
const WITH_AGENT = ["--pdeathsig", "TERM"];
const INHIBIT = [
  ...["--what=shutdown", "--mode=delay", "--who=berthd", "--why=pods are given time to end"],
  // The lock is held as long as the program under it runs, which is as long as the agent keeps its standard input open.
  ...["sh", "-c", "echo held; exec cat"],
];

/** What was heard last; undefined for a line that is about something else. */
function signalOf(line: string): boolean | undefined {
  try {
    const { member, payload } = JSON.parse(line) as { member?: string; payload?: { data?: unknown[] } };
    const [preparing] = payload?.data ?? [];
    return member === "PrepareForShutdown" && typeof preparing === "boolean" ? preparing : undefined;
  } catch {
    return undefined;
  }
}

/** The newest word, for one reader: words that came while it was busy count as one. */
function makeState() {
  let newest: boolean | undefined;
  let over = false;
  let wake = (): void => {};
  const end = (): void => {
    over = true;
    wake();
  };
  const change = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    return promise;
  };
  return {
    hear(word: boolean | undefined): void {
      if (word === undefined) return;
      newest = word;
      wake();
    },
    end,
    async *read(signal: AbortSignal): AsyncGenerator<boolean> {
      signal.addEventListener("abort", end, { once: true });
      try {
        while (!signal.aborted) {
          const word = newest;
          newest = undefined;
          if (word !== undefined) yield word;
          else if (over) return;
          else await change();
        }
      } finally {
        signal.removeEventListener("abort", end);
      }
    },
  };
}

/** Starts a child and waits until it says that it works. Throws HostRefused when it ends before, or takes too long. */
async function begin(
  program: string,
  args: readonly string[],
  works: RegExp,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<Child> {
  const { promise: working, resolve } = Promise.withResolvers<void>();
  const child = keepRunning(program, args, (line) => (works.test(line) ? resolve() : onLine(line)));
  const limit = new AbortController();
  const tooLong = sleep(LONGEST_START_MS, "it does not answer", {
    signal: AbortSignal.any([limit.signal, signal]),
  }).catch(() => "it was given up");
  const failure = await Promise.race([working, child.over, tooLong]);
  limit.abort();
  if (typeof failure !== "string") return child;
  child.end();
  throw new BerthError("HostRefused", `${program}: ${failure}`);
}

/** How long logind will wait, once it was asked to wait so long; what cannot be changed stays as it is. */
async function raiseGrant(
  delayMs: number,
  means: LogindMeans,
  log: Log,
  signal: AbortSignal,
): Promise<number | undefined> {
  const granted = await grant(means, signal);
  if (granted === undefined || granted >= delayMs) return granted;
  try {
    await mkdir(dirname(means.dropIn), { recursive: true });
    await writeFile(means.dropIn, dropIn(delayMs), { mode: 0o644 });
    await ask(
      means.busctl,
      ["--system", "call", ...SYSTEMD, "KillUnit", "ssi", "systemd-logind.service", "main", SIGHUP],
      signal,
    );
  } catch (error) {
    log.debug("logind could not be asked for a longer delay", { error });
    return granted;
  }
  for (const pauseMs of REREAD_MS) {
    await sleep(pauseMs, undefined, { signal });
    const now = await grant(means, signal);
    if (now !== undefined && now >= delayMs) return now;
  }
  return grant(means, signal);
}

function dropIn(delayMs: number): string {
  const seconds = Math.ceil(delayMs / 1000);
  return `# Written by berthd, so that pods have their shutdownGracePeriod.\n[Login]\nInhibitDelayMaxSec=${seconds}\n`;
}

async function grant(means: LogindMeans, signal: AbortSignal): Promise<number | undefined> {
  const microseconds = await property("InhibitDelayMaxUSec", means, signal);
  return typeof microseconds === "number" ? microseconds / 1000 : undefined;
}

/** A property of logind's manager. Throws HostRefused where there is no logind. */
async function property(name: string, { busctl }: LogindMeans, signal: AbortSignal): Promise<unknown> {
  const text = await ask(busctl, ["--system", "--json=short", "get-property", ...LOGIN, name], signal);
  try {
    return (JSON.parse(text) as { data?: unknown }).data;
  } catch {
    throw new BerthError("HostRefused", `${busctl} answers about ${name} with what cannot be read`);
  }
}
