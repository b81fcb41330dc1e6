import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import type { ObservedContainer } from "../../src/pod/observed.ts";
import { forever, house } from "./kit.ts";
import { podOf, requestOf } from "./pods.ts";

const exited = (changes: Partial<ObservedContainer> = {}): ObservedContainer => ({
  id: "abc",
  sandboxId: "s",
  name: "c0",
  attempt: 0,
  hash: "0",
  backOffMs: 0,
  state: "exited",
  createdWallMs: 0,
  exitCode: 1,
  reason: "Error",
  image: "i",
  imageId: "i",
  detailed: true,
  ...changes,
});

async function withInstance(terminationMessagePolicy: string) {
  const { files } = house();
  const pod = podOf({ containers: [{ terminationMessagePolicy }] });
  await files.makeHome(pod, forever);
  const path = (await files.prepareContainer(requestOf(pod), forever)).at(-1)?.hostPath ?? "";
  const log = files.logPath(pod, "c0", 0);
  mkdirSync(dirname(log), { recursive: true });
  return { path, log, read: (container = exited()) => files.readMessage(pod, container, forever) };
}

const line = (text: string, tag = "F"): string => `2030-01-01T00:00:00.000000001Z stderr ${tag} ${text}\n`;

describe("a termination message (4.2)", () => {
  it("is the last 4096 bytes of the file", async () => {
    const { path, read } = await withInstance("File");
    writeFileSync(path, `${"a".repeat(10)}${"b".repeat(4096)}`);
    expect(await read()).toBe("b".repeat(4096));
  });

  it("is read from a huge file without reading it", async () => {
    const { path, read } = await withInstance("File");
    truncateSync(path, 2 ** 40);
    expect(await read()).toBe("\0".repeat(4096));
  });

  it("is empty when the file is empty or gone", async () => {
    const { path, read, log } = await withInstance("File");
    writeFileSync(log, line("not this"));
    expect(await read()).toBe("");
    rmSync(path);
    expect(await read()).toBe("");
  });

  it("falls back to the last 80 lines, 2048 bytes, only after a failure", async () => {
    const { path, log, read } = await withInstance("FallbackToLogsOnError");
    const lines = Array.from({ length: 100 }, (_, n) => line(`n${n}`));
    writeFileSync(log, lines.join(""));
    expect(await read()).toBe(Array.from({ length: 80 }, (_, n) => `n${n + 20}\n`).join(""));
    expect(await read(exited({ exitCode: 0 }))).toBe("");
    expect(await read(exited({ reason: "ContainerCannotRun" }))).toBe("");
    writeFileSync(path, "own words");
    expect(await read()).toBe("own words");
    rmSync(path);
    writeFileSync(log, `garbage\n${line("x".repeat(3000), "P")}${line("end")}`);
    expect(await read()).toBe(`${"x".repeat(2044)}end\n`);
    rmSync(log);
    expect(await read()).toBe("");
  });

  it("tells why it could not be read", async () => {
    const { path, read } = await withInstance("File");
    rmSync(path);
    mkdirSync(path);
    expect(await read()).toMatch(/^Error on reading termination message: EISDIR/);
  });
});
