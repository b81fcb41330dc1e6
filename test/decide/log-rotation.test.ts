import { describe, expect, it } from "vitest";
import {
  areSettled,
  judgeLog,
  type LogWork,
  noteLookedAtAll,
  noteSpace,
  spaceBeatMs,
} from "../../src/decide/log-rotation.ts";

const MIB = 1024 * 1024;
const limits = { maxBytes: 10 * MIB, intervalMs: 10_000 };

describe("one log (cri-mapping 4.4)", () => {
  it.each([
    { what: "never looked at", before: undefined, bytes: 3 * MIB, pauseMs: 10_000 },
    { what: "did not grow", before: 3 * MIB, bytes: 3 * MIB, pauseMs: 10_000 },
    { what: "grew slowly", before: 3 * MIB, bytes: 3 * MIB + 10, pauseMs: 10_000 },
    { what: "grew by 1 MiB in a second", before: 3 * MIB, bytes: 4 * MIB, pauseMs: 6000 },
    { what: "grew by 5 MiB in a second", before: 3 * MIB, bytes: 8 * MIB, pauseMs: 400 },
    { what: "is all but full", before: 3 * MIB, bytes: 10 * MIB - 1, pauseMs: 50 },
    { what: "was cut short", before: 3 * MIB, bytes: MIB, pauseMs: 10_000 },
  ])("that $what is looked at when it may be full", ({ before, bytes, pauseMs }) => {
    const look = before === undefined ? undefined : { bytes: before, atMonoMs: 0 };
    expect(judgeLog(look, { bytes, atMonoMs: 1000 }, limits)).toEqual({ kind: "wait", pauseMs });
  });

  it("is rotated from its limit on", () => {
    expect(judgeLog(undefined, { bytes: 10 * MIB, atMonoMs: 0 }, limits)).toEqual({ kind: "rotate" });
  });
});

describe("whether logs may rest (L5)", () => {
  const settled: LogWork = { look: { bytes: 1, atMonoMs: 0 }, busy: false, compressing: false, failedUntil: 0 };
  const { look: _, ...unseen } = settled;
  it.each<[string, LogWork, boolean]>([
    ["looked at, nothing to do", settled, true],
    ["not looked at yet", unseen, false],
    ["being opened again", { ...settled, busy: true }, false],
    ["being compressed", { ...settled, compressing: true }, false],
    ["to be tried again later", { ...settled, failedUntil: 101 }, false],
    ["to be tried again now", { ...settled, failedUntil: 100 }, true],
  ])("%s", (_, log, expected) => {
    expect(areSettled([settled, log], 100)).toBe(expected);
  });
});

describe("the free space", () => {
  const watch = { freeBytes: 1000 * MIB, lookedMonoMs: 0, quietMs: 0 };
  const at = (freeMib: number, monoMs: number) => ({ freeBytes: freeMib * MIB, monoMs });

  it.each([
    { maxMib: 10, largestMib: 0, beatMs: 200 },
    { maxMib: 10, largestMib: 5, beatMs: 150 },
    { maxMib: 10, largestMib: 10, beatMs: 100 },
    { maxMib: 10, largestMib: 20, beatMs: 100 },
    { maxMib: 25, largestMib: 0, beatMs: 500 },
    { maxMib: 100, largestMib: 0, beatMs: 1000 },
    { maxMib: 0, largestMib: 0, beatMs: 100 },
  ])("is asked for each $beatMs ms with logs of $largestMib of $maxMib MiB", ({ maxMib, largestMib, beatMs }) => {
    expect(spaceBeatMs({ maxBytes: maxMib * MIB }, largestMib * MIB)).toBe(beatMs);
  });

  it("raises an alarm when a quarter of a limit is gone since it was at its most", () => {
    expect(noteSpace(watch, at(998, 100), limits).alarm).toBe(false);
    expect(noteSpace(watch, at(997, 100), limits).alarm).toBe(true);
    const grown = noteSpace(watch, at(1010, 100), limits);
    expect(grown.alarm).toBe(false);
    expect(noteSpace(grown.watch, at(1007, 200), limits).alarm).toBe(true);
  });

  it("becomes quieter while others take the space, and listens again when a log does", () => {
    let seen = watch;
    for (const quietMs of [100, 200, 400, 800, 1600, 2000, 2000]) {
      seen = noteLookedAtAll(seen, { freeBytes: seen.freeBytes - 10 * MIB, monoMs: 0 }, 4 * MIB);
      expect(seen.quietMs).toBe(quietMs);
    }
    expect(noteSpace(seen, at(100, 1999), limits).alarm).toBe(false);
    expect(noteSpace(seen, at(100, 2000), limits).alarm).toBe(true);
    expect(noteLookedAtAll(seen, at(seen.freeBytes / MIB - 10, 0), 5 * MIB).quietMs).toBe(0);
    expect(noteLookedAtAll(seen, at(0, 0), undefined).quietMs).toBe(0);
  });
});
