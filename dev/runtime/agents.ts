import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ProcessId, stopProcess } from "./daemon.ts";
import type { Places } from "./places.ts";

/** Folder of the agents that work on a private runtime, inside of its own; each has one below it. */
export const AGENTS_FOLDER = "agents";

/** In an agent's folder: the process id of its newest life. */
export const AGENT_FILE = "berthd.json";

/** Ends all agents of a runtime, which would else start again what is being cleared. */
export async function stopAgents(places: Places): Promise<void> {
  const folder = join(places.folder, AGENTS_FOLDER);
  const names = await readdir(folder).catch(() => []);
  await Promise.all(names.map((name) => stopAgent(join(folder, name, AGENT_FILE))));
}

async function stopAgent(file: string): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text) await stopProcess(JSON.parse(text) as ProcessId, 5_000);
}
