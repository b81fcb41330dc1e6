import { BerthError } from "../base/errors.ts";
import { showFinding } from "./config/finding.ts";
import { type ReadFlags, readFlags } from "./config/flags.ts";
import { helpPage } from "./config/help.ts";
import { type Loaded, loadSettings } from "./config/load.ts";
import { printSettings } from "./config/print.ts";
import { makeLog } from "./log.ts";
import { VERSION } from "./version.ts";
import { wire } from "./wire.ts";

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
  return flags.command === "run" ? run(loaded) : 0;
}

/** Runs the agent until a signal ends it. */
async function run({ settings, findings }: Loaded): Promise<number> {
  const log = makeLog({ format: settings["logging.format"], verbosity: settings["logging.verbosity"] });
  for (const finding of findings) log.warn(showFinding(finding));
  const leaving = new AbortController();
  const { promise: told, resolve: leave } = Promise.withResolvers<void>();
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
    const house = await wire(settings, VERSION, log, leaving.signal);
    process.on("SIGHUP", () => house.rescan());
    log.info("berthd is up", { version: VERSION, node: house.nodeName, pid: process.pid });
    const failure = await Promise.race([told, house.fallen]);
    await house.close();
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

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
