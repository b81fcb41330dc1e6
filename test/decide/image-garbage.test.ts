import { describe, expect, it } from "vitest";
import { collects, type ImageAges, judgeImages, noteAges, unusedImages } from "../../src/decide/image-garbage.ts";
import type { StoredImage } from "../../src/pod/image-store.ts";

const image = (id: string, more: Partial<StoredImage> = {}): StoredImage => ({
  id,
  names: [`docker.io/library/${id}:1`],
  bytes: 10,
  pinned: false,
  ...more,
});
const limits = { highPercent: 85, lowPercent: 80, minAgeMs: 120_000, maxAgeMs: 0 };
const NONE = new Set<string>();
const MINUTE = 60_000;

/** Ages after looks at these minutes, at which these ids were used. */
function lived(images: readonly StoredImage[], looks: readonly (readonly [number, readonly string[]])[]): ImageAges {
  return looks.reduce<ImageAges>(
    (ages, [minute, used]) => noteAges(ages, images, new Set(used), minute * MINUTE),
    new Map(),
  );
}
const ids = (images: readonly StoredImage[]): string[] => images.map(({ id }) => id);

describe("images that may go at all (node.md 5.2)", () => {
  it("are neither used, by id or by name, nor pinned", () => {
    const images = [image("free"), image("byId"), image("byName"), image("pinned", { pinned: true })];
    const used = new Set(["byId", "docker.io/library/byName:1"]);
    expect(ids(unusedImages(images, used, new Map()))).toEqual(["free"]);
  });

  it("come in the order of their last use, then of their first sight", () => {
    const images = [image("later"), image("never"), image("early"), image("new")];
    const ages = noteAges(
      lived(images.slice(0, 3), [
        [0, []],
        [1, ["early"]],
        [2, ["later"]],
      ]),
      images,
      NONE,
      3 * MINUTE,
    );
    expect(ids(unusedImages(images, NONE, ages))).toEqual(["never", "new", "early", "later"]);
  });

  it("are forgotten when they are gone", () => {
    expect([...noteAges(lived([image("a")], [[0, []]]), [image("b")], NONE, 1).keys()]).toEqual(["b"]);
  });
});

describe("what is to go", () => {
  const images = [image("a"), image("b")];
  const ages = lived(images, [
    [0, []],
    [10, ["b"]],
  ]);
  const judge = (availableBytes: number, more: Partial<typeof limits> = {}, minute = 20) =>
    judgeImages(images, ages, { capacityBytes: 1000, availableBytes }, { ...limits, ...more }, minute * MINUTE);

  it.each([
    { availableBytes: 160, wantedBytes: 0 },
    { availableBytes: 159, wantedBytes: 41 },
    { availableBytes: 150, wantedBytes: 50 },
    { availableBytes: 0, wantedBytes: 200 },
    { availableBytes: 1000, wantedBytes: 0 },
  ])("with $availableBytes of 1000 bytes available: $wantedBytes bytes", ({ availableBytes, wantedBytes }) => {
    expect(judge(availableBytes)).toEqual({ expired: [], candidates: images, wantedBytes });
  });

  it("nothing by thresholds at 100 percent or without a disk", () => {
    expect(judge(0, { highPercent: 100 }).wantedBytes).toBe(0);
    expect(judgeImages(images, ages, undefined, limits, 0).wantedBytes).toBe(0);
    expect(judgeImages(images, ages, { capacityBytes: 0, availableBytes: 0 }, limits, 0).wantedBytes).toBe(0);
  });

  it("no image that was first seen less than the minimum age ago", () => {
    expect(judge(0, {}, 1.99).candidates).toEqual([]);
    expect(ids(judge(0, {}, 2).candidates)).toEqual(["a", "b"]);
  });

  it("images that were unused for longer than the maximum age, however empty the disk is", () => {
    const { expired, candidates, wantedBytes } = judge(1000, { maxAgeMs: 15 * MINUTE });
    expect([ids(expired), ids(candidates), wantedBytes]).toEqual([["a"], ["b"], 0]);
    expect(ids(judge(1000, { maxAgeMs: 9 * MINUTE }).expired)).toEqual(["a", "b"]);
  });

  it("is not asked for where both are off", () => {
    expect(collects({ ...limits, highPercent: 100 })).toBe(false);
    expect(collects({ ...limits, highPercent: 100, maxAgeMs: 1 })).toBe(true);
    expect(collects(limits)).toBe(true);
  });
});
