import { describe, expect, it } from "vitest";
import { makeNewestWins } from "../../src/agent/newest-wins.ts";
import { makeRecordKeeper } from "../../src/agent/record-keeper.ts";
import { makeWatch } from "../../src/agent/watch.ts";
import { silentLog } from "../../src/base/log.ts";
import type { StoredPod } from "../../src/ports.ts";
import { handClock, seededChance } from "../kit/clock.ts";
import { plainPod } from "../kit/compiled-pod.ts";

const manifest = plainPod("web");
const record = (startedWallMs: number): StoredPod => ({
  uid: "u",
  namespace: "default",
  name: "web-node",
  path: "/manifests/web.yaml",
  document: 0,
  seenWallMs: 0,
  manifest,
  record: { version: 1, startedWallMs, initialized: false, instances: {}, decidedWallMs: {}, conditions: [] },
});

function bench(writeMs = 10) {
  const clock = handClock();
  const written: (readonly [number, number | undefined])[] = [];
  const saved: StoredPod[] = [];
  let under = 0;
  let most = 0;
  let failing = false;
  const keeper = makeRecordKeeper({
    clock,
    chance: seededChance(1),
    log: silentLog,
    async save(stored, signal) {
      under += 1;
      most = Math.max(most, under);
      await clock.sleep(writeMs, signal);
      under -= 1;
      if (signal.aborted || failing) throw new Error("not written");
      saved.push(stored);
      written.push([clock.now().monoMs, stored.record.startedWallMs]);
    },
  });
  return {
    clock,
    keeper,
    written,
    saved,
    most: () => most,
    fail: (isFailing: boolean) => {
      failing = isFailing;
    },
  };
}

describe("the record's keeper", () => {
  it("K1 writes the first record at once", async () => {
    const { clock, keeper, written } = bench();
    keeper.keep(record(1));
    await clock.advance(10);
    expect(written).toEqual([[10, 1]]);
  });

  it("K1 writes at once what must not be forgotten, with all that waited", async () => {
    const { clock, keeper, saved } = bench();
    keeper.keep(record(1));
    await clock.advance(100);
    keeper.keep(record(2));
    const ending = { cause: "removed", graceSeconds: 1 } as const;
    keeper.keep({ ...record(2), ending });
    await clock.advance(10);
    expect(saved.at(-1)).toMatchObject({ record: { startedWallMs: 2 }, ending });
    const hooked = { ...record(2).record, instances: { c1: { postStart: "running" } } } as const;
    keeper.keep({ ...record(2), ending, record: hooked });
    await clock.advance(10);
    expect(saved.at(-1)).toMatchObject({ record: hooked });
    const ready = { ...hooked, instances: { c1: { postStart: "running", ready: true } } } as const;
    keeper.keep({ ...record(2), ending, record: ready });
    await clock.advance(10);
    expect(saved.at(-1)).toMatchObject({ record: ready });
    expect(saved).toHaveLength(4);
  });

  it("K2 lets attempts wait for one second, and dates for five", async () => {
    const { clock, keeper, saved } = bench();
    const learnt = (app: number): StoredPod => ({ ...record(1), record: { ...record(1).record, attempts: { app } } });
    keeper.keep(record(1));
    await clock.advance(100);
    keeper.keep(record(2));
    await clock.advance(1000);
    keeper.keep(learnt(1));
    await clock.advance(500);
    keeper.keep(learnt(2));
    await clock.advance(400);
    expect(saved).toHaveLength(1);
    await clock.advance(110);
    expect(saved.at(-1)).toMatchObject(learnt(2));
    keeper.keep({ ...learnt(2), record: { ...learnt(2).record, startedWallMs: 3 } });
    await clock.advance(4_900);
    expect(saved).toHaveLength(2);
    await clock.advance(200);
    expect(saved).toHaveLength(3);
  });

  it("K2 makes one write of what changes in a short while, and none of what does not change", async () => {
    const { clock, keeper, written, most } = bench();
    for (const at of [1, 2, 3]) keeper.keep(record(at));
    await clock.advance(50);
    for (const at of [4, 5, 5]) keeper.keep(record(at));
    await clock.advance(10_000);
    keeper.keep(record(5));
    await clock.advance(10_000);
    expect(written.map(([, value]) => value)).toEqual([3, 5]);
    expect(most()).toBe(1);
  });

  it("K3 tries again with the newest when a write failed", async () => {
    const { clock, keeper, written, fail } = bench();
    fail(true);
    keeper.keep(record(1));
    await clock.advance(100);
    keeper.keep(record(2));
    fail(false);
    await clock.advance(5000);
    expect(written.map(([, value]) => value)).toEqual([2]);
    expect(clock.sleepers).toBe(0);
  });

  it("K4 writes nothing once it is closed, and closes only when no write is under way", async () => {
    const { clock, keeper, written } = bench();
    keeper.keep(record(1));
    await clock.advance(5);
    await keeper.close();
    keeper.keep(record(2));
    await clock.advance(10_000);
    expect([written, keeper.closed(), clock.sleepers]).toEqual([[], true, 0]);
  });

  it("writes what is left when it is flushed, with one try", async () => {
    const { clock, keeper, written, fail } = bench();
    keeper.keep(record(1));
    await clock.advance(20);
    keeper.keep(record(2));
    const flushing = keeper.flush();
    await clock.advance(10);
    await flushing;
    expect(written.map(([, value]) => value)).toEqual([1, 2]);
    const other = bench();
    other.fail(true);
    other.keeper.keep(record(1));
    const failing = other.keeper.flush();
    await other.clock.advance(10);
    await failing;
    fail(true);
    expect(other.clock.sleepers).toBe(0);
  });

  it("K4 does not wait for a disk that hangs when it is flushed", async () => {
    const clock = handClock();
    const save = (): Promise<void> => new Promise(() => {});
    const keeper = makeRecordKeeper({ clock, chance: seededChance(1), log: silentLog, save });
    keeper.keep(record(1));
    let flushed = false;
    const flushing = keeper.flush().then(() => {
      flushed = true;
    });
    await clock.advance(4900);
    expect(flushed).toBe(false);
    await clock.advance(200);
    await flushing;
    expect([keeper.closed(), clock.sleepers]).toEqual([true, 0]);
  });
});

describe("what sinks are fed", () => {
  it("hands over the newest of each key, and goes on after failures", async () => {
    const clock = handClock();
    const taken: string[] = [];
    let failures = 2;
    const feed = makeNewestWins<string>({
      name: "a sink",
      clock,
      chance: seededChance(1),
      log: silentLog,
      sink: {
        async put(item, signal) {
          await clock.sleep(100, signal);
          if (failures > 0) {
            failures -= 1;
            throw new Error("no");
          }
          taken.push(item);
        },
      },
    });
    const leaving = new AbortController();
    const over = feed.run(leaving.signal);
    feed.put("a", "a1");
    feed.put("b", "b1");
    await clock.advance(50);
    for (const item of ["a2", "a3"]) feed.put("a", item);
    await clock.advance(60_000);
    expect(taken).toEqual(["a3", "b1"]);
    leaving.abort();
    await over;
    expect(clock.sleepers).toBe(0);
  });

  it("lets a slow reader miss versions, never the newest", async () => {
    const clock = handClock();
    const watch = makeWatch<string>(clock);
    const leaving = new AbortController();
    const reader = watch.follow(["a0", "synced"], leaving.signal)[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => (await reader.next()).value;
    expect([await next(), await next()]).toEqual(["a0", "synced"]);
    for (const [key, item] of [
      ["a", "a1"],
      ["b", "b1"],
      ["a", "a2"],
    ] as const)
      watch.tell(key, item);
    expect([await next(), await next()]).toEqual(["b1", "a2"]);
    const waiting = reader.next();
    watch.tell("b", "b2");
    expect((await waiting).value).toBe("b2");
    const last = reader.next();
    leaving.abort();
    expect((await last).done).toBe(true);
  });
});
