import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AGENT_FILE } from "../runtime/agents.ts";
import { type Daemon, isRunning, startDaemon } from "../runtime/daemon.ts";
import { messageOf } from "../say.ts";
import { type AgentSettings, agentConfig } from "./config.ts";
import { programOf } from "./programs.ts";

/** One life of berthd. */
export type Berthd = Daemon & {
  /** Its own log file: berthd-1.log for the first life, and so on. */
  readonly log: string;
  /** Waits until /readyz says 200. Throws with the end of the log when it ends before, or at the deadline. */
  ready(withinMs?: number): Promise<void>;
};

/** Writes the configuration and starts berthd on it with further flags and variables. Does not wait until it is ready. */
export async function startBerthd(
  settings: AgentSettings,
  flags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Berthd> {
  const { places } = settings;
  for (const folder of [places.folder, places.dropIns]) await mkdir(folder, { recursive: true });
  await writeFile(places.config, agentConfig(settings));
  const program = programOf("berthd");
  const log = await nextLog(places.folder);
  const own = ["--config", places.config, "--config-dir", places.dropIns, "--root-dir", places.root];
  const env = { ...process.env, ...environment };
  const daemon = await startDaemon(program.command, [...program.args, ...own, ...flags], log, env);
  await writeFile(join(places.folder, AGENT_FILE), JSON.stringify(daemon.id));
  return { ...daemon, log, ready: (withinMs = 20_000) => waitReady(daemon, settings.port, log, withinMs) };
}

async function nextLog(folder: string): Promise<string> {
  const lives = (await readdir(folder)).filter((name) => /^berthd-\d+\.log$/.test(name)).length;
  return join(folder, `berthd-${lives + 1}.log`);
}

async function waitReady(daemon: Daemon, port: number, log: string, withinMs: number): Promise<void> {
  let answer = "no answer";
  for (const end = performance.now() + withinMs; performance.now() < end; await sleep(20)) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      if (response.ok) return;
      answer = `${response.status} ${await response.text()}`;
    } catch (thrown) {
      answer = messageOf(thrown);
    }
    if (!(await isRunning(daemon.id))) throw new Error(`berthd ended before it was ready:\n${await logEnd(log)}`);
  }
  throw new Error(`berthd was not ready within ${withinMs} ms (${answer}):\n${await logEnd(log)}`);
}

/** The last lines of a log, for messages. */
export async function logEnd(log: string, lines = 25): Promise<string> {
  const text = await readFile(log, "utf8").catch(() => "(no log)");
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}
