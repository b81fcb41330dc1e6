import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compareTraces, noteTraces, type Traces } from "../../../dev/leftovers.ts";
import { checkout } from "../../../dev/paths.ts";
import { tryCommand } from "../../../dev/run-command.ts";
import { placesOf } from "../../../dev/runtime/places.ts";
import { sampleFolder } from "../../../dev/sample.ts";
import { eventually } from "../../kit/eventually.ts";

let before: Traces;

beforeEach(async () => {
  before = await noteTraces();
});

afterEach(async () => {
  await program("down.ts");
});

function program(file: string) {
  return tryCommand(process.execPath, [join(checkout, "dev", file)]);
}

/** Everything is as it was; what other private runtimes of this host do meanwhile is theirs. */
async function nothingIsLeft(): Promise<void> {
  const { key } = placesOf(sampleFolder);
  const others = (await readdir("/run/berth-dev").catch(() => [])).filter((name) => /^[0-9a-f]{8}$/.test(name));
  await eventually("nothing is left", async () => {
    const lines = compareTraces(before, await noteTraces());
    const ours = lines.filter((line) => line.includes(key) || line.includes(sampleFolder));
    expect(ours).toEqual([]);
    if (others.length === 0) expect(lines).toEqual([]);
  });
}

describe("make run", () => {
  it("shows the examples coming up, ends with three commands, and make down leaves nothing", async () => {
    const finished = await program("run.ts");
    expect(finished.code, finished.stderr).toBe(0);
    for (const name of ["hello", "log-sidecar", "prepared-site"]) {
      expect(finished.stdout).toMatch(new RegExp(`^${name}-\\S+ +(1/1|2/2) +Running`, "m"));
    }
    expect(finished.stdout.match(/^ {2}(sudo )?dev\/berth /gm)).toHaveLength(3);
    const shown = await tryCommand(join(checkout, "dev/berth"), [
      "exec",
      "hello",
      "--",
      "wget",
      "-qO-",
      "localhost:8080",
    ]);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining("Hello from hello") });
    expect((await program("down.ts")).code).toBe(0);
    await nothingIsLeft();
  });

  it("twice in a row is as good as once", async () => {
    for (const _ of [1, 2]) expect((await program("run.ts")).code).toBe(0);
    expect((await program("down.ts")).code).toBe(0);
    await nothingIsLeft();
  });

  it.each([
    ["it begins to start containerd", "starting a private containerd"],
    ["it starts berthd", "starting berthd"],
    ["the first pod is shown", "ContainerCreating"],
  ])("Ctrl-C when %s leaves nothing", async (_, words) => {
    const child = spawn(process.execPath, [join(checkout, "dev/run.ts")], { stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "close");
    let seen = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        const already = seen.includes(words);
        seen += chunk;
        if (!already && seen.includes(words)) child.kill("SIGINT");
      });
    }
    expect(await ended, seen).toEqual([130, null]);
    await nothingIsLeft();
  });
});
