import { readFile, stat, statfs } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import type { PressureGauge, PressureReading, PressureSignal } from "../pod/pressure.ts";

/** What is left of this host: memory and process ids from /proc, the disk of the root directory (node.md 5.1). */
export function makePressureGauge(rootDir: string, procDir = "/proc"): PressureGauge {
  const text = (name: string): Promise<string> => readFile(`${procDir}/${name}`, "utf8");
  return {
    async read() {
      try {
        const [memory, load, pidMax, threadsMax, disk, { dev }] = await Promise.all([
          text("meminfo"),
          text("loadavg"),
          text("sys/kernel/pid_max"),
          text("sys/kernel/threads-max"),
          statfs(rootDir),
          stat(rootDir),
        ]);
        const readings: [PressureSignal, PressureReading | undefined][] = [
          ["memory.available", memoryOf(memory)],
          ["pid.available", processesOf(load, Math.min(Number(pidMax), Number(threadsMax)))],
          ["nodefs.available", { available: disk.bavail * disk.bsize, capacity: disk.blocks * disk.bsize }],
          ["nodefs.inodesFree", { available: disk.ffree, capacity: disk.files }],
        ];
        return { readings: new Map(readings.flatMap(([signal, one]) => counted(signal, one))), rootDevice: dev };
      } catch (cause) {
        throw new BerthError("FileFailed", "cannot read how much is left of the host", { cause });
      }
    },
  };
}

/** A capacity of nothing is one that is not counted: some file systems have inodes without end. */
const counted = (
  signal: PressureSignal,
  reading: PressureReading | undefined,
): readonly (readonly [PressureSignal, PressureReading])[] =>
  reading === undefined || !(reading.capacity > 0) ? [] : [[signal, reading]];

/** All but the working set, which is what is used without the file pages that nobody touched lately. */
function memoryOf(meminfo: string): PressureReading | undefined {
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(meminfo)?.[1] ?? Number.NaN) * 1024;
  const available = bytes("MemFree") + bytes("Inactive\\(file\\)");
  return Number.isNaN(available) ? undefined : { available, capacity: bytes("MemTotal") };
}

/** The fourth field of loadavg counts all threads: `running/all`. */
function processesOf(loadavg: string, capacity: number): PressureReading | undefined {
  const tasks = Number(loadavg.split(" ")[3]?.split("/")[1] ?? Number.NaN);
  return Number.isNaN(tasks) ? undefined : { available: Math.max(0, capacity - tasks), capacity };
}
