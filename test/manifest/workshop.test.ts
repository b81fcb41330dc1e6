import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { CompileRequest } from "../../src/manifest/compile.ts";
import { isSimple, makeWorkshop } from "../../src/manifest/workshop.ts";
import { startCpuTime } from "../kit/cpu-time.ts";
import { aManifest, bytesOf } from "./kit.ts";

const workshop = makeWorkshop();
afterAll(() => workshop.close());

const request = (content: string | object): CompileRequest => ({
  ...{ path: "/m/a.yaml", bytes: bytesOf(content), nodeName: "n", unknownFields: "error", seenWallMs: 1 },
});
/** Time of a processor that this thread used at the longest between two turns of its event loop, until the work was done. */
async function longestStall(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = usedMs();
  const look = (): void => {
    const now = usedMs();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const beat = setInterval(look, 1);
  await work;
  clearInterval(beat);
  look();
  return longest;
}

function usedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const manyPods = (count: number): string =>
  Array.from({ length: count }, (_, at) => JSON.stringify(aManifest({}, {}, { name: `p${at}` }))).join("\n---\n");

describe("the workshop", () => {
  it.each<[string, string | object, boolean]>([
    ["one pod", aManifest(), true],
    ["shell words that look like anchors", aManifest({}, { command: ["sh", "-c", "a && b & ls *.log"] }), true],
    ["aliases", "a: &a [1]\nb: *a\n", false],
    ["many small documents", manyPods(200), true],
    ["one document of many marks", `[${"1,".repeat(2_000)}]`, false],
    ["a large file", "a".repeat(300_000), false],
  ])("knows what is done in a moment: %s", (_name, content, simple) => {
    expect(isSimple(bytesOf(content))).toBe(simple);
  });

  it("compiles the same in the thread as here", async () => {
    const text = JSON.stringify(aManifest());
    const here = await workshop.compile(request(text));
    const there = await workshop.compile(request(`${text}\n#${" ".repeat(300_000)}`));
    expect(there.late).toBe(false);
    expect(there.file.documents).toEqual(here.file.documents);
  });

  it.each<[string, string]>([
    ["nesting", "[".repeat(5_000_000)],
    ["mappings in mappings", "{a: ".repeat(1_000_000)],
    ["lines without end", "a: b\n".repeat(1_900_000)],
  ])("gives up on %s within a second, and goes on", async (_name, text) => {
    // Starting the thread is no part of a file's second.
    await workshop.compile(request("a: &a 1\nb: *a\n"));
    const cpuMs = startCpuTime();
    const { file } = await workshop.compile(request(text));
    expect(cpuMs()).toBeLessThan(1_500);
    expect(file).toMatchObject({ reading: "broken", problems: [{ file: "/m/a.yaml" }] });
    const next = await workshop.compile(request(manyPods(1)));
    expect(next.file.problems).toEqual([]);
  });

  it.each<[string, (manifest: object) => string]>([
    ["JSON", (manifest) => JSON.stringify(manifest)],
    ["YAML", (manifest) => stringify(manifest)],
  ])("has 10,000 variables in %s compiled in time", async (_name, written) => {
    const env = Array.from({ length: 10_000 }, (_, at) => ({ name: `A${at}`, value: "$(A0)" }));
    const { file, late } = await workshop.compile(request(written(aManifest({}, { env }))));
    expect({ late, problems: file.problems }).toEqual({ late: false, problems: [] });
    expect(file.documents).toMatchObject([{ kind: "pod" }]);
  });

  it("lets others have their turn", async () => {
    const stall = await longestStall(workshop.compile(request(manyPods(300))));
    expect(stall).toBeLessThan(50);
  });
});
