import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Log, silentLog } from "../../src/base/log.ts";
import { systemdSupervisor } from "../../src/host/systemd.ts";

let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-systemd-"));
  program = join(folder, "notify");
  // Stands in for systemd-notify(1): writes down what it was told, and through which socket.
  await writeFile(program, `#!/bin/sh\nfor word; do echo "$NOTIFY_SOCKET $word" >>${folder}/told; done\n`);
  await chmod(program, 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

const told = async (): Promise<string[]> => {
  const text = await readFile(join(folder, "told"), "utf8");
  await rm(join(folder, "told"));
  return text.trimEnd().split("\n");
};

describe("systemd as supervisor", () => {
  it("is nobody where nobody listens", () => {
    expect(systemdSupervisor({}, silentLog)).toBeUndefined();
    expect(systemdSupervisor({ NOTIFY_SOCKET: "", WATCHDOG_USEC: "1000000" }, silentLog)).toBeUndefined();
  });

  it("is told in the order in which things were said, and a status only when it changed", async () => {
    const supervisor = systemdSupervisor({ NOTIFY_SOCKET: "@here" }, silentLog, 1, program);
    void supervisor?.tell({ kind: "ready", status: "2 pods" });
    void supervisor?.tell({ kind: "alive", status: "2 pods" });
    void supervisor?.tell({ kind: "alive", status: "3 pods;\nREADY=1" });
    void supervisor?.tell({ kind: "reloading", status: "reading the configuration" });
    await supervisor?.tell({ kind: "stopping", status: "leaving" });
    expect(await told()).toEqual(
      [
        "READY=1",
        "WATCHDOG=1",
        "STATUS=2 pods",
        "WATCHDOG=1",
        "WATCHDOG=1",
        "STATUS=3 pods; READY=1",
        "RELOADING=1",
        "STATUS=reading the configuration",
        "STOPPING=1",
        "STATUS=leaving",
      ].map((word) => `@here ${word}`),
    );
  });

  it.each([
    [{ WATCHDOG_USEC: "60000000" }, 60_000],
    [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }, 60_000],
    [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, undefined],
    [{ WATCHDOG_USEC: "0" }, undefined],
    [{ WATCHDOG_USEC: "soon" }, undefined],
    [{}, undefined],
  ])("with %o it waits %s ms for a sign of life", (environment, aliveWithinMs) => {
    const supervisor = systemdSupervisor({ NOTIFY_SOCKET: "/s", ...environment }, silentLog, 7, program);
    expect(supervisor?.aliveWithinMs).toBe(aliveWithinMs);
  });

  it("that cannot be reached is one warning, and no error", async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) };
    const supervisor = systemdSupervisor({ NOTIFY_SOCKET: "/s" }, log, 1, join(folder, "missing"));
    await supervisor?.tell({ kind: "ready", status: "" });
    await supervisor?.tell({ kind: "alive", status: "" });
    expect(warnings).toEqual(["systemd cannot be told how berthd is"]);
  });
});
