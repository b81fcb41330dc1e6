import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, it } from "vitest";
import { makePod, openHouse } from "../serve/house.ts";

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

it("a watch that is interrupted ends by the signal, as a shell's loop wants to see it; port-forward ends well", async () => {
  const house = await openHouse();
  house.put(makePod("web"));
  try {
    const interrupted = async (...words: string[]): Promise<unknown> => {
      const program = resolve(import.meta.dirname, "../../src/cmd/berth.ts");
      const child = spawn(process.execPath, [program, "--socket", house.socket, ...words]);
      const ended = once(child, "exit");
      await once(child.stdout, "data");
      child.kill("SIGINT");
      return ended;
    };
    const ends = await Promise.all([interrupted("get", "pods", "-w"), interrupted("port-forward", "web", ":80")]);
    expect(ends).toEqual([
      [null, "SIGINT"],
      [0, null],
    ]);
  } finally {
    await house.close();
  }
});
