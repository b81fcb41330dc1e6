import { expect, it, onTestFinished } from "vitest";
import { makeLogCare } from "../../src/agent/log-care.ts";
import type { Roster } from "../../src/agent/roster.ts";
import { silentLog } from "../../src/base/log.ts";
import { handClock } from "../kit/clock.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";

const MIB = 1024 * 1024;
const limits = { maxBytes: 10 * MIB, maxFiles: 5, intervalMs: 10_000, workers: 1 };

/** Containers whose logs grow with the clock, at so many bytes a millisecond, on one disk. */
function bench(names: readonly string[]) {
  const clock = handClock();
  const pod = desiredPod(plainPod("web"));
  const rates = new Map<string, number>();
  const begun = new Map<string, { atMs: number; bytes: number }>(names.map((name) => [name, { atMs: 0, bytes: 0 }]));
  const rotated: { name: string; bytes: number; atMs: number }[] = [];
  const faults = { reopen: (): Promise<void> => Promise.resolve(), otherBytes: 0, missing: false, noWatches: false };
  const watchers = new Set<() => void>();
  let looks = 0;

  const size = (name: string): number => {
    const { atMs, bytes } = begun.get(name) ?? { atMs: 0, bytes: 0 };
    return bytes + (clock.now().monoMs - atMs) * (rates.get(name) ?? 0);
  };
  const containers = names.map((name) => ({ id: name, name, attempt: 0, state: "running" }));
  const roster = { all: () => [{ show: () => ({ pod, observed: { containers } }) }] } as unknown as Pick<Roster, "all">;
  const care = makeLogCare({
    keeping: {
      async size(name) {
        looks += 1;
        return faults.missing ? undefined : size(name);
      },
      freeBytes: async () =>
        2 ** 40 -
        faults.otherBytes -
        [...begun.keys()].reduce((sum, name) => sum + size(name), 0) -
        rotated.reduce((sum, { bytes }) => sum + bytes, 0),
      watch(paths, onStir) {
        if (faults.noWatches || faults.missing) return undefined;
        expect(paths).toEqual(containers.map(({ name }) => name));
        watchers.add(onStir);
        const goesOn = [...rates.values()].some((rate) => rate > 0);
        const takeBack = goesOn ? clock.after(1, onStir) : () => {};
        return () => {
          takeBack();
          watchers.delete(onStir);
        };
      },
      async rotate(name, _files, reopen) {
        await reopen();
        rotated.push({ name, bytes: size(name), atMs: clock.now().monoMs });
        begun.set(name, { atMs: clock.now().monoMs, bytes: 0 });
      },
      compress: async () => {},
    },
    limits,
    runtime: { reopenLog: () => faults.reopen() },
    roster,
    files: { logPath: (_pod, name) => name },
    clock,
    log: silentLog,
  });
  const leaving = new AbortController();
  const over = care.run(leaving.signal, () => {});
  onTestFinished(async () => {
    leaving.abort();
    await over;
    expect(clock.sleepers).toBe(0);
    expect(watchers.size).toBe(0);
  });
  const write = (name: string, bytesPerMs: number): void => {
    begun.set(name, { atMs: clock.now().monoMs, bytes: size(name) });
    rates.set(name, bytesPerMs);
    if (bytesPerMs > 0) for (const onStir of watchers) onStir();
  };
  /** A container begins, as the roster tells of it. */
  const begin = (name: string): void => {
    begun.set(name, { atMs: clock.now().monoMs, bytes: 0 });
    containers.push({ id: name, name, attempt: 0, state: "running" });
    care.stir();
  };
  return { clock, write, begin, rotated, faults, looks: () => looks };
}

it("L5 looks at quiet logs once a minute where the kernel watches them", async () => {
  const { clock, looks, rotated } = bench(["a", "b"]);
  await clock.advance(0);
  const before = looks();
  await clock.advance(600_000);
  expect(looks() - before).toBe(20);
  expect(rotated).toEqual([]);
});

it("L5 keeps a log within twice its limit that rested and is then written at 50 MiB a second", async () => {
  const { clock, write, rotated } = bench(["a", "b", "c"]);
  await clock.advance(47_123);
  write("b", (50 * MIB) / 1000);
  await clock.advance(1000);
  expect(rotated.length).toBeGreaterThanOrEqual(3);
  expect(Math.max(...rotated.map(({ bytes }) => bytes))).toBeLessThan(20 * MIB);
});

it("L5 knows of a container that begins while all rest, and rests again when it is quiet", async () => {
  const { clock, begin, write, rotated, looks } = bench(["a"]);
  await clock.advance(33_333);
  begin("b");
  write("b", (50 * MIB) / 1000);
  await clock.advance(1000);
  expect(rotated.length).toBeGreaterThanOrEqual(3);
  expect(Math.max(...rotated.map(({ bytes }) => bytes))).toBeLessThan(20 * MIB);
  write("b", 0);
  await clock.advance(60_000);
  const before = looks();
  await clock.advance(60_000);
  expect(looks() - before).toBe(2);
});

it("L1 looks at quiet logs every interval and no more where the kernel does not watch", async () => {
  const { clock, looks, rotated, faults } = bench(["a", "b"]);
  faults.noWatches = true;
  await clock.advance(100_000);
  expect(looks()).toBe(22);
  expect(rotated).toEqual([]);
});

it("L1 L2 keeps a log within twice its limit that was quiet and is then written at 50 MiB a second", async () => {
  const { clock, write, rotated } = bench(["a", "b", "c"]);
  write("a", 9.99 * 1024);
  await clock.advance(1025);
  write("a", (50 * MIB) / 1000);
  await clock.advance(1000);
  const sizes = rotated.map(({ bytes }) => bytes / MIB);
  expect(rotated.length).toBeGreaterThanOrEqual(4);
  expect(Math.max(...sizes)).toBeLessThan(20);
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10);
});

it("L2 is not kept busy by other writers to the disk", async () => {
  const { clock, looks, faults } = bench(["a"]);
  await clock.advance(1000);
  const before = looks();
  for (let step = 0; step < 200; step += 1) {
    faults.otherBytes += 5 * MIB;
    await clock.advance(100);
  }
  expect(looks() - before).toBeLessThanOrEqual(18);
});

it("L3 goes on with other logs while one's rotation hangs", async () => {
  const { clock, write, rotated, faults } = bench(["a", "b"]);
  const { promise, resolve } = Promise.withResolvers<void>();
  faults.reopen = () => promise;
  write("a", 10 * 1024);
  await clock.advance(2000);
  faults.reopen = () => Promise.resolve();
  write("b", 10 * 1024);
  await clock.advance(3000);
  expect(rotated.map(({ name }) => name)).toContain("b");
  expect(rotated.map(({ name }) => name)).not.toContain("a");
  resolve();
});

it("L4 tries again at the next interval", async () => {
  const { clock, write, rotated, faults } = bench(["a"]);
  let tries = 0;
  faults.reopen = async () => {
    tries += 1;
    throw new Error("runtime is down");
  };
  write("a", 10 * 1024);
  await clock.advance(9000);
  expect(tries).toBe(1);
  faults.reopen = () => Promise.resolve();
  await clock.advance(11_000);
  expect(rotated.length).toBeGreaterThan(0);
});

it("L4 asks once an interval for a log that stays missing", async () => {
  const { clock, faults } = bench(["a"]);
  let asked = 0;
  faults.missing = true;
  faults.reopen = async () => {
    asked += 1;
  };
  await clock.advance(100_000);
  expect(asked).toBeGreaterThanOrEqual(10);
  expect(asked).toBeLessThanOrEqual(12);
});
