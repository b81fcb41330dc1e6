import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { watchFiles } from "../../src/logs/watch-files.ts";

let directory = "";
const path = (name: string): string => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "berth-watch-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const name of ["a.log", "b.log", "other.log"]) writeFileSync(path(name), "");
});

/** Watches two of the files; resolves with the first word of the kernel. */
function firstStir(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const close = watchFiles([path("a.log"), path("b.log")], () => resolve(true));
  onTestFinished(() => close?.());
  return promise;
}

describe("files that are watched", () => {
  it.each([
    ["is written", () => appendFileSync(path("b.log"), "line\n")],
    ["is renamed", () => renameSync(path("a.log"), path("a.log.1"))],
    ["is removed", () => rmSync(path("a.log"))],
  ])("calls back when one %s", async (_what, act) => {
    const stirred = firstStir();
    act();
    expect(await stirred).toBe(true);
  });

  it("says nothing of a file beside them, nor after its end", async () => {
    let stirs = 0;
    const close = watchFiles([path("a.log")], () => {
      stirs += 1;
    });
    const others = firstStir();
    appendFileSync(path("other.log"), "line\n");
    appendFileSync(path("b.log"), "line\n");
    await others;
    expect(stirs).toBe(0);
    close?.();
    const again = firstStir();
    appendFileSync(path("a.log"), "line\n");
    await again;
    expect(stirs).toBe(0);
  });

  it("watches all or none", async () => {
    let stirs = 0;
    const stir = (): void => {
      stirs += 1;
    };
    expect(watchFiles([path("a.log"), path("missing.log")], stir)).toBeUndefined();
    expect(watchFiles(Array(513).fill(path("a.log")), stir)).toBeUndefined();
    const other = firstStir();
    appendFileSync(path("a.log"), "line\n");
    await other;
    expect(stirs).toBe(0);
  });
});
