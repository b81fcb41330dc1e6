import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { playScenario } from "../kit/scenario/run.ts";

/** With UPDATE_GOLDEN=1 the stories are written down anew; look at the difference before it is kept. */
const isUpdating = process.env.UPDATE_GOLDEN === "1";
const folder = import.meta.dirname;
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".txt"))
  .map((name) => name.slice(0, -".txt".length));

describe("scenarios", () => {
  it.each(names)("%s", async (name) => {
    const story = await playScenario(readFileSync(join(folder, `${name}.txt`), "utf8"));
    const golden = join(folder, "golden", `${name}.txt`);
    if (isUpdating) writeFileSync(golden, story);
    expect(existsSync(golden), "there is no golden story; write it with UPDATE_GOLDEN=1").toBe(true);
    expect(story).toBe(readFileSync(golden, "utf8"));
  });
});
