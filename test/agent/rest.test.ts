import { expect, it } from "vitest";
import { restAfter } from "../../src/agent/rest.ts";
import { handClock } from "../kit/clock.ts";

const never = new AbortController().signal;

it("work that looks at all pods takes at most a fifth of the time", async () => {
  const clock = handClock();
  const { monoMs } = clock.now();
  await clock.advance(50);
  let rested = false;
  void restAfter(monoMs, clock, never)?.then(() => {
    rested = true;
  });
  await clock.advance(199);
  expect(rested).toBe(false);
  await clock.advance(1);
  expect(rested).toBe(true);
});

it("short work has no rest", () => {
  const clock = handClock();
  expect(restAfter(clock.now().monoMs, clock, never)).toBeUndefined();
});
