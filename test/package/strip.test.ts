import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stripProgram } from "../../dev/package/strip.ts";

it("leaves a program that is smaller and still runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-strip-"));
  try {
    const whole = readFileSync(process.execPath);
    const stripped = stripProgram(whole);
    expect(stripped.length).toBeLessThan(whole.length);
    writeFileSync(join(folder, "node"), stripped);
    chmodSync(join(folder, "node"), 0o755);
    expect(execFileSync(join(folder, "node"), ["-p", "process.version"], { encoding: "utf8" }).trim()).toBe(
      process.version,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("refuses what is not such a program", () => {
  expect(() => stripProgram(Buffer.from("#!/bin/sh\nexit 0\n"))).toThrow("ELF");
});
