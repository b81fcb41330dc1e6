import { describe, expect, it } from "vitest";
import { makeNewsStand, type NewsStand } from "../../src/agent/news-stand.ts";
import { silentLog } from "../../src/base/log.ts";
import type { CountedEvent, PodEvent } from "../../src/pod/event.ts";
import { handClock, seededChance } from "../kit/clock.ts";

const event = (message: string, atWallMs = 0, uid = "u"): PodEvent => ({
  type: "Warning",
  reason: "Unhealthy",
  message,
  object: { kind: "Pod", namespace: "default", name: "web", uid },
  atWallMs,
});

function stand(earlier: readonly CountedEvent[] = []) {
  const clock = handClock();
  const put: CountedEvent[] = [];
  const news: NewsStand = makeNewsStand({
    sinks: [{ put: async (told) => void put.push(told) }],
    earlier,
    clock,
    chance: seededChance(1),
    log: silentLog,
  });
  const leaving = new AbortController();
  void news.run(leaving.signal);
  return { clock, put, news, leaving };
}
const inShort = (events: readonly CountedEvent[]) => events.map(({ message, count }) => `${message} x${count}`);

describe("events on their way", () => {
  it("are counted where they are equal, newest last", () => {
    const { news } = stand();
    news.tell([event("a"), event("b"), event("a")]);
    expect(inShort(news.recent())).toEqual(["b x1", "a x2"]);
  });

  it("go on counting after a restart of the agent", () => {
    const before = stand().news;
    before.tell([event("a", 1), event("a", 2)]);
    const after = stand(before.recent()).news;
    after.tell([event("a", 3)]);
    expect(after.recent()).toMatchObject([{ message: "a", count: 3, firstWallMs: 1, atWallMs: 3 }]);
  });

  it("of one object do not flood the sinks: a burst, then now and then, with the whole count", async () => {
    const { clock, news, put, leaving } = stand();
    for (let second = 0; second < 700; second += 1) {
      news.tell([event("failed", second * 1000)]);
      await clock.advance(1000);
    }
    expect(put.length).toBeLessThan(30);
    expect(put.at(-1)?.count).toBeGreaterThan(600);
    expect(news.recent()[0]?.count).toBe(700);
    leaving.abort();
  });

  it("are bounded, whatever happens", () => {
    const { news } = stand();
    for (let n = 0; n < 3000; n += 1) news.tell([event(`m${n}`, n, `u${n}`)]);
    expect(news.recent().length).toBe(1000);
  });

  it("are watched: those there are, then each again as it happens", async () => {
    const { clock, news } = stand();
    news.tell([event("a")]);
    const leaving = new AbortController();
    const seen: CountedEvent[] = [];
    const over = (async () => {
      for await (const one of news.watch(leaving.signal)) seen.push(one);
    })();
    await clock.settle();
    news.tell([event("a")]);
    await clock.settle();
    expect(inShort(seen)).toEqual(["a x1", "a x2"]);
    leaving.abort();
    await over;
  });
});
