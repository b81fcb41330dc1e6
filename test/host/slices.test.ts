import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { systemdSlices } from "../../src/host/slices.ts";

const { signal } = new AbortController();

/** A busctl that notes its arguments, a line each call, and complains of a method as it is told to. */
function busctl(complaints: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "berth-busctl-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "busctl");
  const cases = Object.entries(complaints).map(([method, words]) => `*${method}*) echo '${words}' >&2; exit 1;;`);
  writeFileSync(
    program,
    `#!/bin/sh\necho "$*" >>${folder}/calls\ncase "$*" in *"-- call"*) ;; *) echo 'no end of options' >&2; exit 1;; esac\ncase "$*" in ${cases.join(" ")} esac\n`,
  );
  chmodSync(program, 0o755);
  const calls = () =>
    existsSync(join(folder, "calls"))
      ? readFileSync(join(folder, "calls"), "utf8")
          .trim()
          .split("\n")
          .map((line) => line.slice(line.indexOf(".Manager ") + ".Manager ".length))
      : [];
  return { slices: systemdSlices(program), calls };
}

const PROPERTIES = [
  { name: "CPUWeight", value: 39n },
  { name: "MemoryMax", value: 4096n },
];

it("a slice is started as a transient unit with its parent, its accounting and its limits", async () => {
  const { slices, calls } = busctl();
  await slices.ensure("a-b.slice", "a.slice", PROPERTIES, signal);
  expect(calls()).toEqual([
    "StartTransientUnit ssa(sv)a(sa(sv)) a-b.slice replace 9 Description s pods of Berth: a-b.slice Wants as 1 a.slice DefaultDependencies b false CPUAccounting b true MemoryAccounting b true IOAccounting b true TasksAccounting b true CPUWeight t 39 MemoryMax t 4096 0",
  ]);
});

it.each(["Unit a-b.slice already exists.", "Unit a-b.slice was already loaded or has a fragment file."])(
  "one that is there has its limits changed: %s",
  async (words) => {
    const { slices, calls } = busctl({ StartTransientUnit: `Call failed: ${words}` });
    await slices.ensure("a-b.slice", "a.slice", PROPERTIES, signal);
    expect(calls().at(-1)).toBe("SetUnitProperties sba(sv) a-b.slice true 2 CPUWeight t 39 MemoryMax t 4096");
  },
);

it("what systemd complains of otherwise is told, and a slice that is gone need not be stopped", async () => {
  const refusing = busctl({ StartTransientUnit: "Call failed: Access denied" });
  await expect(refusing.slices.ensure("a.slice", "-.slice", [], signal)).rejects.toMatchObject({
    ...{ code: "HostRefused", message: expect.stringContaining("Access denied") },
  });
  const gone = busctl({ StopUnit: "Call failed: Unit a.slice not loaded." });
  await gone.slices.stop("a.slice", signal);
  expect(gone.calls()).toEqual(["StopUnit ss a.slice replace"]);
  await expect(busctl({ StopUnit: "Connection refused" }).slices.stop("a.slice", signal)).rejects.toThrow("refused");
});
