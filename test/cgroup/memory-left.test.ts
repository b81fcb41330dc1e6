import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readHierarchies } from "../../src/cgroup/hierarchies.ts";
import { readMemoryLeft } from "../../src/cgroup/memory-left.ts";

/** What is left of `/kubepods` in a tree of that version with these files. */
function leftWith(version: 1 | 2, files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), "berth-cgroup-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "kubepods"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "kubepods", name), text);
  const other = { folder: "/nowhere", version: 1, controllers: ["cpu"] } as const;
  return readMemoryLeft([other, { folder, version, controllers: ["cpuset", "memory"] }], "/kubepods");
}

const ONE = { "memory.limit_in_bytes": "1000\n", "memory.usage_in_bytes": "700\n" };
const TWO = { "memory.max": "1000\n", "memory.current": "700\n", "memory.stat": "anon 9\ninactive_file 200\n" };

it.each<[string, 1 | 2, Readonly<Record<string, string>>, object | undefined]>([
  [
    "version 1: the working set of all below it",
    1,
    { ...ONE, "memory.stat": "inactive_file 1\ntotal_inactive_file 200\n" },
    { available: 500, capacity: 1000 },
  ],
  ["version 2", 2, TWO, { available: 500, capacity: 1000 }],
  ["more is used than there may be", 2, { ...TWO, "memory.current": "1300\n" }, { available: 0, capacity: 1000 }],
  ["version 1 without a limit", 1, { ...ONE, "memory.limit_in_bytes": "9223372036854771712\n" }, undefined],
  ["version 2 without a limit", 2, { ...TWO, "memory.max": "max\n" }, undefined],
  ["what cannot be understood", 2, { ...TWO, "memory.stat": "" }, undefined],
  ["a cgroup that is not there", 2, {}, undefined],
])("%s (node.md 5.1)", async (_, version, files, expected) => {
  expect(await leftWith(version, files)).toEqual(expected);
});

it("of this host nothing is thrown", async () => {
  expect(await readMemoryLeft(await readHierarchies(), "/not-there")).toBeUndefined();
});
