import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../run-command.ts";

/** Resident memory of a process and all below it, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const sizes = await Promise.all((await familyOf(pid)).map(readResidentKiB));
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

/** CPU of a process and all below it over a while, in percent of one core. */
export async function cpuPercent(pid: number, forMs: number): Promise<number> {
  const ticksPerSecond = Number(await runCommand("getconf", ["CLK_TCK"]));
  const before = await ticksOf(pid);
  const begin = performance.now();
  await sleep(forMs);
  const seconds = (performance.now() - begin) / 1000;
  return ((await ticksOf(pid)) - before) / ticksPerSecond / seconds / 0.01;
}

async function ticksOf(pid: number): Promise<number> {
  const ticks = await Promise.all((await familyOf(pid)).map(readTicks));
  return ticks.reduce((sum, one) => sum + one, 0);
}

async function readResidentKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
}

/** User and system time of the process and of its children that have ended. */
async function readTicks(pid: number): Promise<number> {
  const fields = await readStat(pid);
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

async function familyOf(pid: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(await Promise.all(pids.map(async (one) => [one, Number((await readStat(one))[1])] as const)));
  const family = [pid];
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family;
}

/** The fields of /proc/<pid>/stat after the name, from the state on; none for a process that has ended. */
async function readStat(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
