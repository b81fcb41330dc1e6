import { describe, expect, it } from "vitest";
import { makeImageList } from "../../src/agent/image-list.ts";
import type { StoredImage } from "../../src/pod/image-store.ts";
import { handClock } from "../kit/clock.ts";

const image = (bytes: number, ...names: string[]): StoredImage => ({ id: names[0] ?? "", names, bytes, pinned: false });

describe("the images in a node's status (node.md 2.2)", () => {
  it("are told by size with digests before tags, and only a change is news", async () => {
    const clock = handClock();
    const leaving = new AbortController();
    let stored: readonly StoredImage[] | Error = [
      image(10, "small:1"),
      image(20, "b:2", "b:1", "b@sha256:2"),
      image(20, "a:1"),
      image(99),
    ];
    let changes = 0;
    const { images, run } = makeImageList({
      store: {
        async list() {
          if (stored instanceof Error) throw stored;
          return stored;
        },
      },
      clock,
      onChange: () => {
        changes += 1;
      },
    });
    const over = run(leaving.signal, () => {});
    await clock.settle();
    const told = [
      { names: ["a:1"], sizeBytes: 20 },
      { names: ["b@sha256:2", "b:1", "b:2"], sizeBytes: 20 },
      { names: ["small:1"], sizeBytes: 10 },
    ];
    expect([images(), changes]).toEqual([told, 1]);
    stored = stored.toReversed();
    await clock.advance(30_000);
    stored = new Error("the runtime is away");
    await clock.advance(30_000);
    expect([images(), changes]).toEqual([told, 1]);
    stored = [];
    await clock.advance(30_000);
    expect([images(), changes]).toEqual([[], 2]);
    leaving.abort();
    await over;
    expect(clock.sleepers).toBe(0);
  });
});
