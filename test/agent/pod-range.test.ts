import { afterEach, expect, it } from "vitest";
import { type PodRange, startPodRange } from "../../src/agent/pod-range.ts";
import { BerthError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import { handClock, seededChance } from "../kit/clock.ts";

let range: PodRange;
afterEach(() => range.stop());

/** A runtime that notes what it is told, and refuses it while `isDown`. */
function open() {
  const clock = handClock();
  const told: string[] = [];
  const state = { isDown: false, reconnect: (): void => {} };
  range = startPodRange(
    {
      async setPodRange(next) {
        told.push(next);
        if (state.isDown) throw new BerthError("RuntimeUnavailable", "away");
      },
      onReconnect(listener) {
        state.reconnect = listener;
        return () => {};
      },
    },
    { clock, chance: seededChance(1), log: silentLog },
  );
  return { clock, told, state };
}

it("tells the runtime a range once, another one, and the same again after a reconnect (node.md 2.2)", async () => {
  const { clock, told, state } = open();
  range.set("");
  await clock.advance(60_000);
  expect(told).toEqual([]);
  range.set("10.1.0.0/24,fd00::/64");
  range.set("10.1.0.0/24,fd00::/64");
  await clock.settle();
  range.set("10.1.0.0/24,fd00::/64");
  await clock.advance(60_000);
  range.set("10.2.0.0/24");
  await clock.settle();
  expect(told).toEqual(["10.1.0.0/24,fd00::/64", "10.2.0.0/24"]);
  state.reconnect();
  await clock.settle();
  expect(told).toEqual(["10.1.0.0/24,fd00::/64", "10.2.0.0/24", "10.2.0.0/24"]);
});

it("tells it again, ever more seldom, until the runtime takes it", async () => {
  const { clock, told, state } = open();
  state.isDown = true;
  range.set("10.1.0.0/24");
  await clock.advance(120_000);
  const tries = told.length;
  expect(tries).toBeGreaterThan(5);
  expect(tries).toBeLessThan(15);
  state.isDown = false;
  await clock.advance(60_000);
  expect(told.length).toBe(tries + 1);
});
