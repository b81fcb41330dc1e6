import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { openJournal } from "../../src/journal/journal.ts";
import type { CountedEvent } from "../../src/pod/event.ts";

const forever = new AbortController().signal;
const notRoot = process.getuid?.() !== 0;
const warn = vi.fn();
const info = vi.fn();

let directory = "";
beforeEach(() => {
  const parent = mkdtempSync(join(tmpdir(), "berth-journal-"));
  directory = join(parent, "events");
  warn.mockClear();
  info.mockClear();
  onTestFinished(() => {
    spawnSync("umount", ["--quiet", directory]);
    rmSync(parent, { recursive: true });
  });
});

const opened = (maxBytes = 1 << 20) =>
  openJournal({ directory, maxBytes, flushMs: 3_600_000, log: { ...silentLog, warn, info } });
const event = (n: number, text = ""): CountedEvent => ({
  name: `p.${n}`,
  count: 1,
  firstWallMs: n,
  type: n % 2 === 0 ? "Normal" : "Warning",
  reason: "Started",
  message: `number ${n}${text}`,
  object: { kind: "Pod", namespace: "default", name: "web", uid: "u", fieldPath: "spec.containers{c}" },
  atWallMs: n,
});
const numbers = (events: readonly CountedEvent[]): number[] => events.map(({ atWallMs }) => atWallMs);

describe("the journal of events", () => {
  it("gives back what was put into it, oldest first", async () => {
    const journal = await opened();
    expect(journal.earlier).toEqual([]);
    const node: CountedEvent = { ...event(3), object: { kind: "Node", name: "n" } };
    for (const one of [event(1), event(2), node]) await journal.put(one, forever);
    await journal.close();
    expect((await opened()).earlier).toEqual([event(1), event(2), node]);
  });

  it("writes nothing before its time, and all at once then", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const journal = await openJournal({ directory, maxBytes: 1 << 20, flushMs: 5000, log: silentLog });
    for (const n of [1, 2, 3]) await journal.put(event(n), forever);
    vi.advanceTimersByTime(4999);
    await journal.put(event(4), forever);
    expect(existsSync(directory)).toBe(false);
    vi.advanceTimersByTime(1);
    await journal.flush();
    expect(readFileSync(join(directory, "events.jsonl"), "utf8").trim().split("\n")).toHaveLength(4);
  });

  it("has two generations, and never more than its size", async () => {
    const journal = await opened(8192);
    for (let n = 0; n < 200; n += 1) {
      await journal.put(event(n), forever);
      if (n % 3 === 0) await journal.flush();
      const sizes = existsSync(directory)
        ? readdirSync(directory).map((name) => statSync(join(directory, name)).size)
        : [];
      // A batch is written whole, so that the size may be passed by one batch.
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(8192 + 1024);
    }
    await journal.close();
    const kept = numbers((await opened(8192)).earlier);
    expect(kept.at(-1)).toBe(199);
    expect(kept.length).toBeGreaterThan(15);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, n) => 200 - kept.length + n));
    expect(readdirSync(directory).sort()).toEqual(["events.1.jsonl", "events.jsonl"]);
  });

  it("passes over torn and strange lines, and goes on after a line without its end", async () => {
    mkdirSync(directory);
    const path = join(directory, "events.jsonl");
    const good = JSON.stringify(event(1));
    const strange = [
      "",
      "null",
      "[]",
      "{}",
      good.replace("Warning", "Fatal"),
      good.replace('"uid":"u"', '"uid":7'),
      "\0\0",
      good.replace('"atWallMs":1', '"atWallMs":1e300'),
      good.replace('"count":1', '"count":0.5'),
    ];
    writeFileSync(path, `${strange.join("\n")}\n${good}\n${good.slice(0, 40)}`);
    const journal = await opened();
    expect(journal.earlier).toEqual([event(1)]);
    await journal.put(event(2), forever);
    await journal.close();
    expect(numbers((await opened()).earlier)).toEqual([1, 2]);
  });

  it("reads no more of a huge file than it would have written", async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, "events.jsonl"), `${"x".repeat(100_000)}\n${JSON.stringify(event(1))}\n`);
    expect(numbers((await opened(4096)).earlier)).toEqual([1]);
  });

  it.skipIf(notRoot)(
    "loses nothing but events when the disk is full, and keeps on when there is room again",
    async () => {
      mkdirSync(directory);
      spawnSync("mount", ["-t", "tmpfs", "-o", "size=16k", "none", directory]);
      const journal = await opened();
      await journal.put(event(1), forever);
      await journal.flush();
      spawnSync("dd", ["if=/dev/zero", `of=${join(directory, "filler")}`, "bs=1k"]);
      await journal.put(event(2, "x".repeat(4000)), forever);
      await journal.flush();
      await journal.put(event(3), forever);
      await journal.flush();
      expect(warn).toHaveBeenCalledTimes(1);
      expect(readFileSync(join(directory, "events.jsonl"), "utf8")).toBe(`${JSON.stringify(event(1))}\n`);
      rmSync(join(directory, "filler"));
      await journal.flush();
      expect(info).toHaveBeenCalledTimes(1);
      await journal.close();
      expect(numbers((await opened()).earlier)).toEqual([1, 2, 3]);
    },
  );

  it("keeps a bounded number for a disk that never comes back, the newest ones", async () => {
    writeFileSync(directory, "in the way");
    const journal = await opened();
    for (let n = 0; n < 5000; n += 1) await journal.put(event(n), forever);
    await journal.flush();
    rmSync(directory);
    await journal.close();
    const kept = numbers((await opened()).earlier);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([2000, 3000, 4999]);
  });

  it("cuts a message that would push others out", async () => {
    const journal = await opened();
    await journal.put(event(1, "x".repeat(100_000)), forever);
    await journal.close();
    expect((await opened()).earlier.map(({ message }) => message.length)).toEqual([4096]);
  });

  it("takes nothing after its close", async () => {
    const journal = await opened();
    await journal.close();
    await journal.put(event(1), forever);
    await journal.flush();
    expect(existsSync(directory)).toBe(false);
  });
});
