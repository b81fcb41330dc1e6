import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A running process, told apart from a later one with the same number by its start time (clock ticks since boot). */
export type ProcessId = { pid: number; startTicks: number };

/** A daemon in a session of its own, so that Ctrl-C at the terminal reaches only the program that minds it. */
export type Daemon = {
  id: ProcessId;
  /** Waits until its log holds a match, and hands back the first group. Throws when it ends before, or at the deadline. */
  waitForLine(pattern: RegExp, timeoutMs: number): Promise<string>;
  /** SIGTERM, after the grace SIGKILL. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL at once, as in a crash. */
  kill(): Promise<void>;
};

/** Starts a daemon whose output goes to a log file, begun anew. */
export async function startDaemon(program: string, args: string[], log: string, env = process.env): Promise<Daemon> {
  const file = openSync(log, "w");
  const child = spawn(program, args, { detached: true, stdio: ["ignore", file, file], env });
  closeSync(file);
  await once(child, "spawn");
  child.unref();
  const id = await identify(child.pid ?? -1);
  if (!id) throw new Error(`${program} ended at once:\n${await tail(log)}`);
  return {
    id,
    async waitForLine(pattern, timeoutMs) {
      for (const deadline = performance.now() + timeoutMs; performance.now() < deadline; await sleep(10)) {
        const found = pattern.exec(await readFile(log, "utf8"));
        if (found) return found[1] ?? found[0];
        if (!(await isRunning(id))) throw new Error(`${program} ended before it was ready:\n${await tail(log)}`);
      }
      throw new Error(`${program} was not ready within ${timeoutMs} ms:\n${await tail(log)}`);
    },
    stop: (graceMs = 10_000) => stopProcess(id, graceMs),
    kill: () => killProcess(id),
  };
}

/** Names a process for good; undefined when there is none with this number. */
export async function identify(pid: number): Promise<ProcessId | undefined> {
  const startTicks = await readStartTicks(pid);
  return startTicks === undefined ? undefined : { pid, startTicks };
}

/** Whether a process still runs (a zombie does not). */
export async function isRunning(id: ProcessId): Promise<boolean> {
  return (await readStartTicks(id.pid)) === id.startTicks;
}

/** Ends a process: SIGTERM, and after the grace SIGKILL. Returns when it is gone. */
export async function stopProcess(id: ProcessId, graceMs: number): Promise<void> {
  if (await isRunning(id)) trySignal(id.pid, "SIGTERM");
  const start = performance.now();
  while ((await isRunning(id)) && performance.now() - start < graceMs) await sleep(10);
  await killProcess(id);
}

/** Ends a process by SIGKILL. Returns when it is gone. */
export async function killProcess(id: ProcessId): Promise<void> {
  while (await isRunning(id)) {
    trySignal(id.pid, "SIGKILL");
    await sleep(10);
  }
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself in the meantime
  }
}

async function readStartTicks(pid: number): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : Number(rest[18]);
  } catch {
    return undefined;
  }
}

async function tail(log: string): Promise<string> {
  return (await readFile(log, "utf8")).trimEnd().split("\n").slice(-15).join("\n");
}
