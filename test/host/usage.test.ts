import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readHostUsage } from "../../src/host/usage.ts";

const KIB = 1024;

it("reads processor time, memory, swap and tasks", async () => {
  const proc = mkdtempSync(join(tmpdir(), "berth-proc-"));
  try {
    mkdirSync(join(proc, "sys/kernel"), { recursive: true });
    writeFileSync(join(proc, "stat"), "cpu  10 20 30 1000 500 1 2 3 4 5\ncpu0 1 1 1 1\n");
    writeFileSync(join(proc, "loadavg"), "0.10 0.20 0.30 2/345 6789\n");
    writeFileSync(join(proc, "sys/kernel/pid_max"), "4194304\n");
    const memory = "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 400 kB\n";
    writeFileSync(join(proc, "meminfo"), `${memory}SwapTotal: 0 kB\nSwapFree: 0 kB\n`);
    expect(await readHostUsage(proc)).toEqual({
      atWallMs: expect.any(Number),
      cpuCoreNanoSeconds: (10 + 20 + 30 + 1 + 2 + 3) * 10_000_000,
      memoryBytes: 600 * KIB,
      tasks: { most: 4_194_304, now: 345 },
    });
    writeFileSync(join(proc, "meminfo"), `${memory}SwapTotal: 100 kB\nSwapFree: 30 kB\n`);
    expect(await readHostUsage(proc)).toMatchObject({ swap: { usedBytes: 70 * KIB, freeBytes: 30 * KIB } });
  } finally {
    rmSync(proc, { recursive: true });
  }
});
