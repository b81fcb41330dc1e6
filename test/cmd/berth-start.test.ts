import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, it } from "vitest";

/** Everything that is loaded before `berth` has read its first word: files of ours, and packages of npm by name. */
function loadedAtStart(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  if (!path.endsWith(".ts")) return seen;
  const source = readFileSync(path, "utf8");
  for (const [, names = "", from = ""] of source.matchAll(/^(?:import|export) ([^;"]*? from )?"([^"]+)"/gm)) {
    if (names.startsWith("type ") || from.startsWith("node:")) continue;
    if (from.startsWith(".")) loadedAtStart(resolve(dirname(path), from), seen);
    else seen.add(from);
  }
  return seen;
}

it("berth starts without a library: YAML, gRPC and the like are loaded by the commands that need them", () => {
  const loaded = [...loadedAtStart(resolve(import.meta.dirname, "../../src/cmd/berth.ts"))];
  expect(loaded).toContain(resolve(import.meta.dirname, "../../src/cmd/berth/get-pods.ts"));
  expect(loaded.filter((name) => !name.startsWith("/"))).toEqual([]);
});
