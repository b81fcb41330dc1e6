import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";

it("a sleep ends in its time, or early with its signal, and leaves nothing on the signal", async () => {
  const leaving = new AbortController();
  const { signal } = leaving;
  const begun = systemClock.now().monoMs;
  expect(await systemClock.sleep(30, signal)).toBe("elapsed");
  expect(systemClock.now().monoMs - begun).toBeGreaterThan(28);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  const long = [systemClock.sleep(3_600_000, signal), systemClock.sleep(Number.POSITIVE_INFINITY, signal)];
  leaving.abort();
  expect(await Promise.all(long)).toEqual(["aborted", "aborted"]);
  expect(await systemClock.sleep(0, signal)).toBe("aborted");
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
