import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { outsideReactions } from "./engine/drain.ts";
import type { Script } from "./script/script.ts";
import { simulate } from "./simulate.ts";

const FOLDER = join(import.meta.dirname, "regressions");
const scripts = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

describe("what the simulation has found once", () => {
  it.each(scripts)("%s", async (name) => {
    const script = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Script;
    const { broken, lines } = await outsideReactions(() => simulate(script, { read: true }));
    expect(broken, lines.slice(-40).join("\n")).toBeUndefined();
  });
});
