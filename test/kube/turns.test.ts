import { expect, it } from "vitest";
import { makeTurns, waits } from "../../src/kube/turns.ts";

it("lets a burst go at once and then keeps to the rate, and allows a burst again after a rest (node.md 1.1)", () => {
  const waitMs = waits({ perSecond: 50, burst: 100 });
  const first = Array.from({ length: 150 }, () => waitMs(1000));
  expect(first.slice(0, 100)).toEqual(Array(100).fill(0));
  expect(first.slice(100)).toEqual(Array.from({ length: 50 }, (_, index) => (index + 1) * 20));
  // Two seconds later the last of them has had its turn a second ago, which makes room for 50.
  const second = Array.from({ length: 60 }, () => waitMs(3000));
  expect(second.filter((ms) => ms === 0).length).toBe(50);
  expect(waitMs(60_000)).toBe(0);
  expect(Array.from({ length: 100 }, () => waitMs(60_000)).at(-1)).toBe(20);
});

it("a request that is given up does not wait for its turn", async () => {
  const turns = makeTurns({ perSecond: 0.001, burst: 1 });
  await turns.take(new AbortController().signal);
  const over = new AbortController();
  const waiting = turns.take(over.signal);
  over.abort(new Error("given up"));
  await expect(waiting).rejects.toThrow("given up");
});
