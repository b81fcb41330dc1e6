import { readFile } from "node:fs/promises";
import type { HostUsage } from "../pod/usage.ts";

/** The kernel counts processor time in hundredths of a second, whatever its own tick is. */
const TICK_NANOSECONDS = 10_000_000;
/** Fields of the line `cpu` in /proc/stat that are work: all but idle and iowait; guest time is part of user time. */
const WORK_FIELDS = [0, 1, 2, 5, 6, 7];

/** What the whole host uses now. */
export async function readHostUsage(procDir = "/proc"): Promise<HostUsage> {
  const [stat = "", memory = "", load = "", most = ""] = await Promise.all(
    ["stat", "meminfo", "loadavg", "sys/kernel/pid_max"].map((name) => readFile(`${procDir}/${name}`, "utf8")),
  );
  const ticks = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? "").split(" ").map(Number);
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(memory)?.[1] ?? 0);
  return {
    atWallMs: Date.now(),
    cpuCoreNanoSeconds: WORK_FIELDS.reduce((sum, field) => sum + (ticks[field] ?? 0), 0) * TICK_NANOSECONDS,
    memoryBytes: Math.max(0, kib("MemTotal") - kib("MemAvailable")) * 1024,
    ...(kib("SwapTotal") === 0
      ? {}
      : { swap: { usedBytes: (kib("SwapTotal") - kib("SwapFree")) * 1024, freeBytes: kib("SwapFree") * 1024 } }),
    tasks: { most: Number(most), now: Number(/\/(\d+)/.exec(load)?.[1] ?? 0) },
  };
}
