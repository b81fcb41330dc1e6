import { describe, expect, it } from "vitest";
import { goDuration, goDurationOfMillis, humanDuration } from "../../src/pod/duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("durations in Go's form", () => {
  it.each<[number, string]>([
    [0, "0s"],
    [10 * SECOND, "10s"],
    [80 * SECOND, "1m20s"],
    [160 * SECOND, "2m40s"],
    [300 * SECOND, "5m0s"],
    [1500, "1.5s"],
    [1001, "1.001s"],
    [150, "150ms"],
    [1.001, "1.001ms"],
    [0.0025, "2.5µs"],
    [0.000001, "1ns"],
    [HOUR, "1h0m0s"],
    [25 * HOUR + 90_500, "25h1m30.5s"],
    [-1500, "-1.5s"],
  ])("%d ms is %s", (durationMs, text) => {
    expect(goDuration(durationMs)).toBe(text);
  });

  it("tells image pulls in whole milliseconds", () => {
    expect(goDurationOfMillis(1234.9)).toBe("1.234s");
    expect(goDurationOfMillis(0.4)).toBe("0s");
  });
});

describe("ages as kubectl prints them", () => {
  it.each<[number, string]>([
    [-5 * SECOND, "<invalid>"],
    [-1 * SECOND, "0s"],
    [0, "0s"],
    [5999, "5s"],
    [119 * SECOND, "119s"],
    [120 * SECOND, "2m"],
    [190 * SECOND, "3m10s"],
    [10 * MINUTE + 5 * SECOND, "10m"],
    [179 * MINUTE, "179m"],
    [3 * HOUR, "3h"],
    [7 * HOUR + 59 * MINUTE, "7h59m"],
    [8 * HOUR + 59 * MINUTE, "8h"],
    [47 * HOUR, "47h"],
    [2 * DAY, "2d"],
    [4 * DAY + 3 * HOUR, "4d3h"],
    [8 * DAY + 3 * HOUR, "8d"],
    [729 * DAY, "729d"],
    [730 * DAY, "2y"],
    [760 * DAY, "2y30d"],
    [8 * 365 * DAY + DAY, "8y"],
  ])("%d ms is %s", (durationMs, text) => {
    expect(humanDuration(durationMs)).toBe(text);
  });
});
