import { describe, expect, it } from "vitest";
import { berthRules } from "../../src/agent/rules.ts";
import type { Ports } from "../../src/agent/setup.ts";
import { BerthError } from "../../src/base/errors.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import { makeWorld, type World } from "../kit/world.ts";

// Every loop that wakes by itself owes signs of life (pulse.ts, P2): each of them is hung alone here.

const MINUTE_MS = 60_000;

/** The places at which a loop meets the world, and what each answers. */
type Doors = Record<keyof typeof LOOPS, () => Promise<void>>;
/** Each loop by its door, and how long it may hang before it is noticed. */
const LOOPS = {
  status: { name: "runtime health", withinMinutes: 1 },
  list: { name: "runtime lists", withinMinutes: 14 },
  imageDisk: { name: "images", withinMinutes: 20 },
  hostMemory: { name: "pressure", withinMinutes: 16 },
  logDisk: { name: "container logs", withinMinutes: 1 },
} as const;
const DOORS = Object.keys(LOOPS) as (keyof typeof LOOPS)[];
const never = (): Promise<void> => new Promise(() => {});

/** A host with a pod and an agent that has all its loops. */
async function host(): Promise<{ world: World; doors: Doors }> {
  const open = async (): Promise<void> => {};
  const doors: Doors = { status: open, list: open, imageDisk: open, hostMemory: open, logDisk: open };
  const after =
    <A extends unknown[], T>(door: keyof Doors, call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await doors[door]();
      return call(...args);
    };
  const disk = { capacityBytes: 1000, availableBytes: 900 };
  const world = makeWorld({
    through: (fake) => ({
      images: fake.images,
      runtime: {
        ...fake.runtime,
        health: after("status", fake.runtime.health),
        list: after("list", fake.runtime.list),
      },
    }),
    more: {
      imageGarbage: {
        store: {
          list: async () => [],
          used: async () => new Set(),
          remove: async () => {},
          disk: after("imageDisk", async () => disk),
        },
        limits: { highPercent: 85, lowPercent: 80, minAgeMs: 120_000, maxAgeMs: 0 },
      },
      pressure: {
        gauge: { read: after("hostMemory", async () => ({ readings: new Map(), rootDevice: 1 })) },
        limits: { thresholds: [], transitionMs: 300_000, maxPodGraceSeconds: 0 },
      },
      logKeeping: {
        keeping: {
          size: async () => 0,
          watch: () => () => {},
          freeBytes: after("logDisk", async () => 1e9),
          rotate: async () => {},
          compress: async () => {},
        },
        limits: { maxBytes: 1e6, maxFiles: 5, intervalMs: 10_000, workers: 1 },
      },
    } satisfies Partial<Ports>,
  });
  await world.start();
  world.directory.put("web.yaml", { kind: "pod", manifest: plainPod("web") });
  await world.clock.advance(MINUTE_MS);
  return { world, doors };
}
const unwell = ({ world }: { world: World }): readonly string[] => {
  const { live, reasons } = world.agent().view.health();
  const named = reasons.flatMap((reason) => /^the loop "(.+)"/.exec(reason)?.slice(1) ?? []);
  expect(live).toBe(named.length === 0);
  return named;
};

describe("loops that are watched", () => {
  it("are well for hours of nothing", async () => {
    const here = await host();
    for (let hour = 0; hour < 6; hour += 1) {
      await here.world.clock.advance(60 * MINUTE_MS);
      expect(unwell(here)).toEqual([]);
    }
    await here.world.stop();
  });

  it.each(DOORS)("one that hangs is noticed, and no other blamed: %s", async (door) => {
    const here = await host();
    here.doors[door] = never;
    const { name, withinMinutes } = LOOPS[door];
    await here.world.clock.advance(withinMinutes * MINUTE_MS);
    // What is left of the disk of images is asked by two loops.
    expect(unwell(here)).toEqual(door === "imageDisk" ? ["images", "pressure"] : [name]);
    here.world.kill();
  });

  it("are well while the runtime lets every question run into its deadline", async () => {
    const here = await host();
    const late = async (): Promise<void> => {
      await here.world.clock.sleep(2 * MINUTE_MS, new AbortController().signal);
      throw new BerthError("RuntimeTimeout", "no answer");
    };
    Object.assign(here.doors, { list: late, imageDisk: late });
    for (let minute = 0; minute < 60; minute += 1) {
      await here.world.clock.advance(MINUTE_MS);
      expect(unwell(here)).toEqual([]);
    }
    here.world.kill();
  });

  it("one that fails again and again is noticed, and well a while after it was mended", async () => {
    let fault = false;
    const world = makeWorld({
      rules: {
        ...berthRules,
        nextNodePlan(picture) {
          if (fault) throw new Error("a fault");
          return berthRules.nextNodePlan(picture);
        },
      },
    });
    await world.start();
    await world.clock.advance(MINUTE_MS);
    expect(unwell({ world })).toEqual([]);
    fault = true;
    world.directory.put("web.yaml", { kind: "pod", manifest: plainPod("web") });
    await world.clock.advance(MINUTE_MS);
    expect(unwell({ world })).toEqual(["node"]);
    fault = false;
    await world.clock.advance(MINUTE_MS);
    expect(unwell({ world })).toEqual([]);
    expect(world.pod("web")?.status?.phase).toBe("Running");
    await world.stop();
  });
});
