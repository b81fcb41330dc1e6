// Ends every pod of one root directory and clears its files: what `apt purge berth` runs before it removes the state.
// It takes berthd's flags. Exit code 1 when a pod may still be running or cannot be cleared: nothing must be removed then.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { BerthError } from "../base/errors.ts";
import { readFlags } from "./config/flags.ts";
import { loadSettings } from "./config/load.ts";
import type { Settings } from "./config/settings.ts";
import { emptied } from "./emptied.ts";
import { makeLog } from "./log.ts";
import { findPodProcesses } from "./pod-processes.ts";
import { VERSION } from "./version.ts";
import { type House, wire } from "./wire.ts";

/** The runtime may just be starting; longer than this it is down. */
const RUNTIME_WITHIN_MS = 60_000;
/** Pods end by their own graces; one that takes so much longer needs a person. */
const LATE_MS = 120_000;
const USUAL_GRACE_SECONDS = 30;
const GLANCE_MS = 500;

async function main(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  if ("complaint" in flags) return complain(flags.complaint, 2);
  const { settings } = await loadSettings(flags, process.env);
  const uids = await podsIn(settings);
  if (uids.length === 0) return 0;
  const scratch = await mkdtemp(join(tmpdir(), "berth-purge-"));
  try {
    return await endAll(alone(settings, scratch), uids);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Everything as it was, but for sockets and ports, where they meet nobody's, and the host's shutdown, which goes on as it may. */
function alone(settings: Settings, scratch: string): Settings {
  return {
    ...settings,
    socketPath: `${scratch}.sock`,
    viewSocketPath: "",
    healthzPort: 0,
    metricsBindAddress: "",
    allowKubelet: true,
    shutdownGracePeriod: 0,
    shutdownGracePeriodCriticalPods: 0,
    shutdownGracePeriodByPodPriority: [],
  };
}

/** Starts the agent, which finds that nobody asks for its pods any more, and waits until it has ended all of them. */
async function endAll(settings: Settings, uids: readonly string[]): Promise<number> {
  const log = makeLog({ format: "text", verbosity: 0 });
  process.stderr.write(`berth: ending ${uids.length} pods; each has its own grace period\n`);
  const leaving = new AbortController();
  const house = await wire(settings, VERSION, log, leaving.signal, emptied);
  try {
    const left = await untilNone(settings, house, leaving.signal);
    if (left.length === 0) return 0;
    if (house.view.health().ready) return complain(`${left.length} pods did not end: ${left.join(", ")}`, 1);
    const alive = await findPodProcesses(left);
    if (alive.length > 0) return complain(`the runtime does not answer, and pods are running: ${alive.join(", ")}`, 1);
    process.stderr.write("berth: the runtime does not answer, but no process of a pod is running\n");
    return 0;
  } finally {
    leaving.abort();
    await house.close();
  }
}

/** The pods that are left: none, or those that did not end in time or cannot without a runtime. */
async function untilNone(settings: Settings, house: House, signal: AbortSignal): Promise<readonly string[]> {
  const begunMonoMs = systemClock.now().monoMs;
  let patienceMs = RUNTIME_WITHIN_MS;
  for (;;) {
    const left = await podsIn(settings);
    const waitedMs = systemClock.now().monoMs - begunMonoMs;
    if (house.view.health().ready) patienceMs = Math.max(patienceMs, LATE_MS + longestGraceMs(house));
    if (left.length === 0 || waitedMs > patienceMs) return left;
    await systemClock.sleep(GLANCE_MS, signal);
  }
}

function longestGraceMs({ view }: House): number {
  const graces = view.pods().map(({ spec }) => spec?.terminationGracePeriodSeconds ?? USUAL_GRACE_SECONDS);
  return Math.max(0, ...graces) * 1000;
}

/** Pods whose files are there. */
async function podsIn({ rootDir }: Settings): Promise<readonly string[]> {
  return readdir(join(rootDir, "pods")).catch(() => []);
}

function complain(message: string, exitCode: number): number {
  process.stderr.write(`berth: ${message}\n`);
  return exitCode;
}

void main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    if (!(error instanceof BerthError)) throw error;
    process.exitCode = complain(error.message, 1);
  },
);
