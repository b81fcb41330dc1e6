import { expect, it, onTestFinished } from "vitest";
import { makeImageCare } from "../../src/agent/image-care.ts";
import { BerthError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import type { NodeMoment } from "../../src/decide/node-news.ts";
import type { StoredImage } from "../../src/pod/image-store.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { handClock } from "../kit/clock.ts";

const BEAT_MS = 300_000;
const never = new AbortController().signal;

type Wish = { highPercent?: number; maxAgeMs?: number; capacityBytes?: number };

/** A disk of 1000 bytes that holds nothing but these images of 100 bytes. */
function bench(ids: readonly string[], more: Wish = {}) {
  const { capacityBytes = 1000, ...limits } = more;
  const clock = handClock();
  const there = new Map<string, StoredImage>(
    ids.map((id) => [id, { id, names: [id], bytes: 100, pinned: id === "pinned" }]),
  );
  const state = { used: ["used"], asked: ["asked"], stuck: NONE, down: false, lists: 0 };
  const moments: NodeMoment[] = [];
  const collected: string[] = [];
  const care = makeImageCare({
    store: {
      async list() {
        state.lists += 1;
        if (state.down) throw new BerthError("RuntimeUnavailable", "the runtime is down");
        return [...there.values()];
      },
      used: async () => new Set(state.used),
      async remove(id) {
        if (state.stuck.has(id)) throw new BerthError("RuntimeRefused", "image is stuck");
        there.delete(id);
      },
      disk: async () => ({ capacityBytes, availableBytes: capacityBytes - there.size * 100 }),
    },
    limits: { highPercent: 85, lowPercent: 80, minAgeMs: 120_000, maxAgeMs: 0, ...limits },
    images: { find: async (ref) => (there.has(ref) ? { id: ref } : undefined) },
    asked: () => new Set(state.asked),
    clock,
    log: silentLog,
    meter: { ...silentMeter, add: (_name, labels) => void collected.push(...Object.values<string>(labels)) },
    tell: (moment) => void moments.push(moment),
  });
  const leaving = new AbortController();
  const over = care.run(leaving.signal, () => {});
  onTestFinished(async () => {
    leaving.abort();
    await over;
    expect(clock.sleepers).toBe(0);
  });
  return { clock, care, state, moments, collected, there, ids: () => [...there.keys()] };
}

const NONE: ReadonlySet<string> = new Set();
const KEPT = ["used", "asked", "pinned"];
const FREE = ["a", "b", "c", "d", "e", "f"];

it("I2 frees what the thresholds say, once the images have been there long enough", async () => {
  const { clock, ids, moments, collected } = bench([...KEPT, ...FREE]);
  await clock.advance(BEAT_MS);
  expect(ids()).toHaveLength(9);
  expect(moments).toMatchObject([{ what: "FreeDiskSpaceFailed" }]);
  await clock.advance(BEAT_MS);
  expect(ids()).toEqual([...KEPT, "b", "c", "d", "e", "f"]);
  expect(moments).toHaveLength(1);
  expect(collected).toEqual(["space"]);
});

it("I1 never takes an image that is used, asked for or pinned, however full the disk is", async () => {
  const { clock, ids, care } = bench([...KEPT, "a"], { highPercent: 1, maxAgeMs: 1 });
  await clock.advance(5 * BEAT_MS);
  await care.collect(false, never);
  expect(ids()).toEqual(KEPT);
});

it("I2 a person gets all that is unused, and a dry run touches nothing", async () => {
  const { care, ids, state } = bench([...KEPT, "a", "b"]);
  state.stuck = new Set(["b"]);
  const asked = await care.collect(true, never);
  expect([asked.dryRun, asked.images.map(({ id }) => id)]).toEqual([true, ["a", "b"]]);
  expect(ids()).toHaveLength(5);
  const { images } = await care.collect(false, never);
  expect(images.map(({ id, failure }) => [id, failure])).toEqual([
    ["a", undefined],
    ["b", "image is stuck"],
  ]);
  expect(ids()).toEqual([...KEPT, "b"]);
});

it("I4 tells of a failure from the second one in a row on", async () => {
  const { clock, state, moments } = bench(KEPT);
  state.down = true;
  await clock.advance(BEAT_MS);
  expect(moments).toEqual([]);
  await clock.advance(BEAT_MS);
  expect(moments).toEqual([{ kind: "failed", what: "ImageGCFailed", message: "the runtime is down" }]);
  state.down = false;
  await clock.advance(BEAT_MS);
  state.down = true;
  await clock.advance(BEAT_MS);
  expect(moments).toHaveLength(1);
});

it("tells of a disk without any capacity", async () => {
  const { clock, moments } = bench(KEPT, { capacityBytes: 0 });
  await clock.advance(BEAT_MS);
  expect(moments).toMatchObject([{ what: "InvalidDiskCapacity" }]);
});

it("asks for nothing where it is switched off", async () => {
  const { clock, state } = bench(KEPT, { highPercent: 100 });
  await clock.advance(5 * BEAT_MS);
  expect(state.lists).toBe(0);
});

it("what is short of room gets the images that were unused the longest, but for new ones", async () => {
  const { clock, ids, care } = bench([...KEPT, "a", "b", "c"]);
  expect(await care.reclaim(150, never)).toBe(0);
  await clock.advance(120_000);
  expect(await care.reclaim(150, never)).toBe(200);
  expect(ids()).toEqual([...KEPT, "c"]);
});
