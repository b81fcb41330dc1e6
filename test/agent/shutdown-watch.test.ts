import { expect, it } from "vitest";
import { makeShutdownWatch } from "../../src/agent/shutdown-watch.ts";
import { type Log, silentLog } from "../../src/base/log.ts";
import { type Meter, silentMeter } from "../../src/pod/metrics.ts";
import { handClock, seededChance } from "../kit/clock.ts";
import { type FakeShutdown, makeFakeShutdown } from "../kit/host-shutdown.ts";

/** The watch over a host by hand, whose pods have ended when the test says so. */
function watched(host: FakeShutdown = makeFakeShutdown(() => {})) {
  const clock = handClock();
  const warnings: string[] = [];
  const told: boolean[] = [];
  const shown = new Map<string, number>();
  const meter: Meter = { ...silentMeter, set: (name, _labels, value) => void shown.set(name, value) };
  const over = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) };
  const watch = makeShutdownWatch({
    delay: host.delay,
    diary: host.diary,
    meter,
    groups: [{ priority: 0, graceSeconds: 30 }],
    clock,
    chance: seededChance(1),
    log,
    node: { shutDown: () => over.promise, goOn: () => {} },
    tell: (goesOn) => told.push(goesOn),
  });
  const run = watch(leaving.signal, () => {});
  return { clock, host, shown, warnings, told, podsEnd: over.resolve, leave: () => leaving.abort(), run };
}

it("D1: the lock is held until the pods have ended, and taken again when the shutdown was called off", async () => {
  const { clock, host, told, podsEnd } = watched();
  await clock.advance(10);
  expect(host.held()).toBe(1);
  host.prepare(true);
  await clock.advance(20_000);
  expect({ held: host.held(), told }).toEqual({ held: 1, told: [true] });
  podsEnd();
  await clock.advance(10);
  expect(host.held()).toBe(0);
  host.prepare(false);
  await clock.advance(2000);
  expect({ held: host.held(), told }).toEqual({ held: 1, told: [true, false] });
});

it("D2: where there is nobody to ask this is said once; whoever comes later is asked", async () => {
  const { clock, host, warnings } = watched();
  host.absent = true;
  host.lose();
  await clock.advance(300_000);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/logind/);
  host.absent = false;
  host.grantedMs = 5000;
  await clock.advance(60_000);
  expect(host.held()).toBe(1);
  expect(warnings[1]).toMatch(/waits only 5 s.* promised 30 s/);
});

it("D2: a lock that was lost while pods end is not given up before they have", async () => {
  const { clock, host, podsEnd } = watched();
  await clock.advance(10);
  host.prepare(true);
  await clock.advance(10);
  host.lose();
  await clock.advance(10_000);
  expect(host.held()).toBe(1);
  podsEnd();
  await clock.advance(10);
  expect(host.held()).toBe(0);
});

it("D3: an agent that leaves gives it back at once", async () => {
  const { clock, host, leave, run } = watched();
  await clock.advance(10);
  leave();
  await run;
  expect(host.held()).toBe(0);
});

it("D4: when it began and ended is shown, and kept for the agent after the reboot", async () => {
  const { clock, host, shown, podsEnd } = watched();
  await clock.advance(10);
  const before = clock.now().wallMs;
  host.prepare(true);
  await clock.advance(5000);
  expect(host.diary.last).toEqual({ startWallMs: before });
  podsEnd();
  await clock.advance(10);
  const took = { startWallMs: before, endWallMs: before + 5000 };
  expect(host.diary.last).toEqual(took);
  const times = {
    kubelet_graceful_shutdown_start_time_seconds: before / 1000,
    kubelet_graceful_shutdown_end_time_seconds: before / 1000 + 5,
  };
  expect(Object.fromEntries(shown)).toEqual(times);
  host.prepare(false);
  const next = watched(host);
  await next.clock.advance(10);
  expect(Object.fromEntries(next.shown)).toEqual(times);
});

it("D4: a disk that takes nothing holds up no shutdown", async () => {
  const full = makeFakeShutdown(() => {});
  const keep = () => Promise.reject(new Error("no space left on device"));
  const { clock, host, warnings, podsEnd } = watched({ ...full, diary: { last: undefined, keep } });
  await clock.advance(10);
  full.prepare(true);
  podsEnd();
  await clock.advance(10);
  expect(host.held()).toBe(0);
  expect(warnings[0]).toContain("cannot be kept");
});
