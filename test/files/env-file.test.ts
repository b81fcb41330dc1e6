import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readVolumeFile } from "../../src/files/env-file.ts";
import { scratch } from "./kit.ts";

function volume(): { volume: string; outside: string } {
  const root = scratch();
  const [made, outside] = [join(root, "v"), join(root, "outside")];
  mkdirSync(join(made, "d"), { recursive: true });
  writeFileSync(join(made, "d/env"), "A='x'");
  writeFileSync(outside, "A='host'");
  return { volume: made, outside };
}

it("reads a file, through links that stay inside; a missing one is none", async () => {
  const { volume: root } = volume();
  symlinkSync("d/env", join(root, "link"));
  expect(await readVolumeFile(root, "d/env")).toBe("A='x'");
  expect(await readVolumeFile(root, "link")).toBe("A='x'");
  expect(await readVolumeFile(root, "none")).toBeUndefined();
});

it.each<[string, string, (root: string, outside: string) => void]>([
  ["a link out", "link", (root, outside) => symlinkSync(outside, join(root, "link"))],
  ["a path that climbs", "../outside", () => {}],
  ["an absolute path", "/etc/passwd", () => {}],
  ["a directory", "d", () => {}],
  ["a pipe that nobody writes to", "pipe", (root) => void execFileSync("mkfifo", [join(root, "pipe")])],
  ["a file without end", "big", (root) => writeFileSync(join(root, "big"), "x".repeat(70_000))],
])("refuses %s, without naming a host path", async (_what, path, prepare) => {
  const { volume: root, outside } = volume();
  prepare(root, outside);
  const failure = await readVolumeFile(root, path).then(String, (error: Error) => error.message);
  expect(failure).toMatch(/^the (env file|subPath) /);
  expect(failure).not.toContain(root);
});
