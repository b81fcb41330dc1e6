import { describe, expect, it } from "vitest";
import { makeRuntimeHealth } from "../../src/agent/runtime-health.ts";
import { LIST_PACE, makeRuntimeWatch, type WholeList } from "../../src/agent/runtime-watch.ts";
import { silentLog } from "../../src/base/log.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import type { Sighting } from "../../src/pod/observed.ts";
import { handClock, seededChance } from "../kit/clock.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { makeFakeRuntime } from "../kit/runtime/fake.ts";

const never = new AbortController().signal;
const pod = desiredPod(plainPod("web"));

function bench(events = true, sharedEvents = false) {
  const clock = handClock();
  const fake = makeFakeRuntime({ clock, chance: seededChance(1), events, sharedEvents });
  const seen: Sighting[] = [];
  const lists: WholeList[] = [];
  const leaving = new AbortController();
  const watch = makeRuntimeWatch({
    runtime: fake.runtime,
    clock,
    log: silentLog,
    meter: silentMeter,
    pace: LIST_PACE,
    see: (news) => void seen.push(news),
    seeAll: (list) => void lists.push(list),
  });
  const over = Promise.all([watch.follow(leaving.signal), watch.list(leaving.signal, () => {})]);
  return { clock, fake, seen, lists, leaving, over };
}

describe("watching the runtime", () => {
  it("R1 takes every piece of news at once, however many come", async () => {
    const { clock, fake, seen } = bench();
    await clock.advance(5000);
    for (let attempt = 0; attempt < 50; attempt += 1) void fake.runtime.runSandbox({ pod, attempt }, never);
    await clock.advance(62);
    expect(seen.length).toBe(50);
  });

  it("R2 lists once more soon after the stream has opened, then every minute", async () => {
    const { clock, lists } = bench();
    await clock.advance(3000);
    const early = lists.length;
    await clock.advance(600_000);
    expect([early, lists.length - early]).toEqual([3, 10]);
  });

  it("R3 lists every second without a stream, and while it is broken", async () => {
    const { clock, lists } = bench(false);
    await clock.advance(10_050);
    expect(lists.length).toBe(11);
  });

  it("R3 lists every second beside a stream that others listen to as well", async () => {
    const { clock, lists } = bench(true, true);
    await clock.advance(3000);
    const early = lists.length;
    await clock.advance(10_000);
    expect(lists.length - early).toBe(10);
  });

  it("R4 keeps on when the list fails, and lists at once after a reconnect", async () => {
    const { clock, fake, lists, seen } = bench();
    await clock.advance(70_000);
    const before = lists.length;
    void fake.restart(20_000);
    await clock.advance(19_000);
    expect(lists.length).toBe(before);
    await clock.advance(1010);
    expect(lists.length).toBeGreaterThan(before);
    void fake.runtime.runSandbox({ pod, attempt: 0 }, never);
    await clock.advance(100);
    expect(seen.length).toBe(1);
  });

  it("ends with its signal and leaves no timer behind", async () => {
    const { clock, leaving, over } = bench();
    await clock.advance(5000);
    leaving.abort();
    await over;
    expect(clock.sleepers).toBe(0);
  });
});

describe("the runtime's health", () => {
  it("tells changes only, and takes a runtime that does not answer for not ready", async () => {
    const clock = handClock();
    const fake = makeFakeRuntime({ clock, chance: seededChance(1) });
    const told: unknown[] = [];
    const health = makeRuntimeHealth({
      runtime: fake.runtime,
      clock,
      log: silentLog,
      onChange: ({ runtimeReady, networkReady }) => told.push([runtimeReady, networkReady]),
    });
    void health.run(never, () => {});
    await clock.advance(60_000);
    expect(told).toEqual([[true, true]]);
    fake.health({ networkReady: false });
    await clock.advance(5100);
    fake.faults.script("Status", { kind: "times out before" });
    await clock.advance(20_000);
    expect(told).toEqual([
      [true, true],
      [true, false],
      [false, false],
      [true, false],
    ]);
  });
});
