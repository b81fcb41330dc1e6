import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { makePressureGauge } from "../../src/host/pressure.ts";

const never = new AbortController().signal;

/** A /proc with these files. */
function procWith(files: Readonly<Record<string, string>>): string {
  const proc = mkdtempSync(join(tmpdir(), "berth-proc-"));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, "sys/kernel"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(proc, name), text);
  return proc;
}

const PROC = {
  meminfo: "MemTotal:  1000 kB\nMemFree:   100 kB\nMemAvailable: 700 kB\nInactive: 300 kB\nInactive(file):  50 kB\n",
  loadavg: "0.10 0.20 0.30 2/400 12345\n",
  "sys/kernel/pid_max": "4194304\n",
  "sys/kernel/threads-max": "1000\n",
};

it("what is left is what no working set takes, and ids up to the lower of both bounds (node.md 5.1)", async () => {
  const { readings, rootDevice } = await makePressureGauge("/", procWith(PROC)).read(never);
  expect(readings.get("memory.available")).toEqual({ available: 150 * 1024, capacity: 1000 * 1024 });
  expect(readings.get("pid.available")).toEqual({ available: 600, capacity: 1000 });
  expect(readings.get("nodefs.available")?.capacity).toBeGreaterThan(0);
  expect(rootDevice).toBeGreaterThan(0);
});

it("of this host all can be read", async () => {
  const { readings } = await makePressureGauge("/").read(never);
  expect([...readings.keys()]).toEqual(expect.arrayContaining(["memory.available", "pid.available"]));
});

it("garbage is no reading, and what is missing is an error", async () => {
  const { readings } = await makePressureGauge("/", procWith({ ...PROC, meminfo: "", loadavg: "" })).read(never);
  expect([readings.has("memory.available"), readings.has("pid.available")]).toEqual([false, false]);
  await expect(makePressureGauge("/", procWith({})).read(never)).rejects.toMatchObject({ code: "FileFailed" });
});
