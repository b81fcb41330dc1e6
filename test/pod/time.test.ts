import { describe, expect, it } from "vitest";
import { formatMicroTime, formatNanoTime, formatTime, parseTime } from "../../src/pod/time.ts";

const DAY_MS = 86_400_000;

describe("RFC 3339 times", () => {
  it.each<[number, string]>([
    [0, "1970-01-01T00:00:00Z"],
    [999, "1970-01-01T00:00:00Z"],
    [-1, "1969-12-31T23:59:59Z"],
    [1_767_323_045_678, "2026-01-02T03:04:05Z"],
    [951_782_400_000, "2000-02-29T00:00:00Z"],
    [4_107_542_400_000, "2100-03-01T00:00:00Z"],
    [Number.MAX_SAFE_INTEGER, "9999-12-31T23:59:59Z"],
  ])("%d is %s", (wallMs, text) => {
    expect(formatTime(wallMs)).toBe(text);
  });

  it("agrees with the platform on every day from 1900 to 2200, in both directions", () => {
    const wrong: string[] = [];
    for (let day = -70 * 365; day < 230 * 366; day += 1) {
      const wallMs = day * DAY_MS + ((day * 7919) % DAY_MS);
      const iso = new Date(wallMs).toISOString();
      if (formatMicroTime(wallMs) !== iso.replace("Z", "000Z") || parseTime(iso) !== wallMs) wrong.push(iso);
    }
    expect(wrong).toEqual([]);
  });

  it("writes finer digits where they are asked for", () => {
    expect(formatNanoTime(1_767_323_045_067)).toBe("2026-01-02T03:04:05.067000000Z");
    expect(formatMicroTime(-1)).toBe("1969-12-31T23:59:59.999000Z");
  });

  it("reads offsets and fractions", () => {
    expect(parseTime("2026-01-02T03:04:05+01:30")).toBe(parseTime("2026-01-02T01:34:05Z"));
    expect(parseTime("2026-01-02T03:04:05.678912345Z")).toBe(1_767_323_045_678);
    expect(parseTime("2026-01-02t03:04:05.6-00:00")).toBe(1_767_323_045_600);
  });

  it.each([
    "",
    "yesterday",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T03:04:05",
  ])("refuses %j", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});
