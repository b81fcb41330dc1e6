import { systemClock } from "../base/clock.ts";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { ownOomScore } from "../host/oom-score.ts";
import { systemdSupervisor } from "../host/systemd.ts";
import { showFinding } from "./config/finding.ts";
import { type ReadFlags, readFlags } from "./config/flags.ts";
import { helpPage } from "./config/help.ts";
import { type Loaded, loadSettings } from "./config/load.ts";
import { printSettings } from "./config/print.ts";
import { type Keeper, startKeeper } from "./keeper.ts";
import { makeLog } from "./log.ts";
import { VERSION } from "./version.ts";
import { type House, wire } from "./wire.ts";

const FAILED = 1;
const WRONG_USE = 2;

/** Runs berthd's command line. The answer is the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  if ("complaint" in flags) {
    process.stderr.write(`berthd: ${flags.complaint}\nSee: berthd --help\n`);
    return WRONG_USE;
  }
  switch (flags.command) {
    case "help":
      process.stdout.write(helpPage());
      return 0;
    case "version":
      process.stdout.write(`berthd ${VERSION}\n`);
      return 0;
    case "checkConfig":
    case "printConfig":
    case "run":
      return withSettings(flags, await loadSettings(flags, process.env));
  }
}

async function withSettings(flags: ReadFlags, loaded: Loaded): Promise<number> {
  const isBroken = loaded.findings.some(({ severity }) => severity === "error");
  if (flags.command !== "run" || isBroken) {
    for (const finding of loaded.findings) process.stderr.write(`${showFinding(finding)}\n`);
  }
  if (isBroken) return FAILED;
  if (flags.command === "printConfig") process.stdout.write(printSettings(loaded.settings));
  if (flags.command === "checkConfig") process.stdout.write("the configuration is good\n");
  return flags.command === "run" ? run(flags, loaded) : 0;
}

/** Runs the agent until a signal ends it. */
async function run(flags: ReadFlags, { settings, findings }: Loaded): Promise<number> {
  const log = makeLog({ format: settings["logging.format"], verbosity: settings["logging.verbosity"] });
  for (const finding of findings) log.warn(showFinding(finding));
  const supervisor = systemdSupervisor(process.env, log);
  if (supervisor !== undefined) await checkOomScore(log);
  const leaving = new AbortController();
  const { promise: told, resolve: leave } = Promise.withResolvers<void>();
  let keeper: Keeper<House> | undefined;
  let asked = 0;
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      asked += 1;
      if (asked > 1) process.exit(FAILED); // whoever asks twice does not want to wait
      log.info("leaving: containers go on running", { signal: name });
      leaving.abort();
      leave();
    });
  }
  try {
    // From the first moment on: without a listener this signal would end the process.
    process.on("SIGHUP", () => void keeper?.reload());
    keeper = await startKeeper({
      settings,
      readAgain: () => readAgain(flags, log),
      build: (wanted) => wire(wanted, VERSION, log, leaving.signal),
      supervisor,
      clock: systemClock,
      log,
    });
    log.info("berthd is up", { version: VERSION, node: keeper.house().nodeName, pid: process.pid });
    const failure = await Promise.race([told, keeper.fallen]);
    await keeper.leave();
    if (failure !== undefined) throw failure;
    log.info("berthd has left");
    return 0;
  } catch (error) {
    if (leaving.signal.aborted) return 0;
    if (!(error instanceof BerthError)) throw error;
    log.error(`berthd cannot start: ${error.message}`, { code: error.code });
    return FAILED;
  }
}

/** The settings as they are written now; undefined when they are broken. What is found is told either way. */
async function readAgain(flags: ReadFlags, log: Log): Promise<Loaded["settings"] | undefined> {
  const { settings, findings } = await loadSettings(flags, process.env);
  const broken = findings.some(({ severity }) => severity === "error");
  for (const finding of findings) log[finding.severity === "error" ? "error" : "warn"](showFinding(finding));
  if (broken) log.error("the configuration is broken: what was in effect stays so");
  return broken ? undefined : settings;
}

/** The unit asks for -999, which takes a capability that not every host grants. */
async function checkOomScore(log: Log): Promise<void> {
  const score = await ownOomScore();
  if (score <= PROTECTED_OOM_SCORE) return;
  log.warn("the kernel may end berthd when memory runs out: the host did not grant its OOMScoreAdjust=", { score });
}

const PROTECTED_OOM_SCORE = -900;

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
