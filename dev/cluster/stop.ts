import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ProcessId, stopProcess } from "../runtime/daemon.ts";

const fileOf = (folder: string): string => join(folder, "processes.json");

/** Writes down what was started, so that another program can end it. */
export async function noteProcesses(folder: string, started: readonly ProcessId[]): Promise<void> {
  await writeFile(fileOf(folder), JSON.stringify([...(await readProcesses(folder)), ...started]));
}

/** Ends the cluster of a folder, whole or half, and removes the folder: the last started first, etcd at the end. */
export async function stopCluster(folder: string): Promise<void> {
  for (const id of (await readProcesses(folder)).reverse()) await stopProcess(id, GRACE_MS);
  await rm(folder, { recursive: true, force: true });
}

/** Nothing that it stores outlives it, so nothing is worth a long wait. */
const GRACE_MS = 3000;

async function readProcesses(folder: string): Promise<ProcessId[]> {
  const text = await readFile(fileOf(folder), "utf8").catch(() => "[]");
  return JSON.parse(text) as ProcessId[];
}
