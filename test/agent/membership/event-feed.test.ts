import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { type EventFeed, makeEventFeed } from "../../../src/agent/membership/event-feed.ts";
import { makeNewsStand } from "../../../src/agent/news-stand.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ClusterDoors } from "../../../src/kube/connect.ts";
import type { ApiEvent } from "../../../src/pod/cluster.ts";
import type { CountedEvent, PodEvent } from "../../../src/pod/event.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import { openDoors } from "../../kit/api-server/door.ts";
import { type ApiServer, type Fault, startApiServer } from "../../kit/api-server/server.ts";
import { type HandClock, handClock, seededChance } from "../../kit/clock.ts";
import { smallCluster } from "./small-cluster.ts";

const RATE = { perSecond: 50, burst: 100 };

const happened = (count: number, message = "Back-off", uid = "u1"): CountedEvent => ({
  ...{ type: "Warning", reason: "BackOff", message, count, name: `web.${message}.${uid}` },
  object: { kind: "Pod", namespace: "default", name: "web", uid, fieldPath: "spec.containers{c}" },
  firstWallMs: 1_700_000_000_000,
  atWallMs: 1_700_000_000_000 + count * 1000,
});

/** Lets a clock of a test go on as fast as the feed does, with real requests in between. */
const eager = (clock: HandClock) => ({
  ...clock,
  sleep: async (ms: number, signal: AbortSignal) => {
    const slept = clock.sleep(ms, signal);
    await clock.advance(ms);
    return slept;
  },
});

describe("events on an API server (node.md 3.7)", () => {
  let folder: string;
  let server: ApiServer;
  let doors: ClusterDoors;
  let ended: AbortController;
  let feed: EventFeed;
  let over: Promise<void>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-events-"));
    server = await startApiServer();
    doors = await openDoors(server.url, join(folder, "kubeconfig"));
    ended = new AbortController();
    const clock = eager(handClock());
    const means = { clock, chance: seededChance(1), log: silentLog, meter: silentMeter };
    const contact = makeContact(means);
    contact.well("lease");
    feed = makeEventFeed({ ...means, contact, cluster: doors.general, nodeName: "n1", rate: RATE });
    over = feed.run(ended.signal, () => undefined);
  });
  afterEach(async () => {
    ended.abort();
    doors.close();
    await server.close();
    await over;
    await rm(folder, { recursive: true, force: true });
  });

  const kept = (): readonly ApiEvent[] => server.shelf.all("events") as never;
  const failing = (fault: Fault, times: number): Promise<void> =>
    new Promise((resolve) => {
      let left = times;
      server.trouble(() => {
        left -= 1;
        if (left < 0) return undefined;
        if (left === 0) resolve();
        return fault;
      });
    });

  it("are made once and counted by patches", async () => {
    feed.offer(happened(1));
    await server.shelf.until(() => kept()[0]?.count === 1);
    feed.offer(happened(2));
    await server.shelf.until(() => kept()[0]?.count === 2);
    expect(kept()).toMatchObject([
      {
        metadata: { namespace: "default", name: "web.Back-off.u1" },
        involvedObject: { apiVersion: "v1", kind: "Pod", name: "web", uid: "u1", fieldPath: "spec.containers{c}" },
        ...{ type: "Warning", reason: "BackOff", message: "Back-off", count: 2 },
        firstTimestamp: "2023-11-14T22:13:20Z",
        lastTimestamp: "2023-11-14T22:13:22Z",
        source: { component: "kubelet", host: "n1" },
        ...{ reportingComponent: "kubelet", reportingInstance: "n1" },
      },
    ]);
    expect(server.requests).toEqual(["POST events", "PATCH events"]);
  });

  it("of the node stand in the namespace default under its name", async () => {
    feed.offer({ ...happened(1), object: { kind: "Node", name: "n1" } });
    await server.shelf.until(() => kept().length === 1);
    expect(kept()[0]).toMatchObject({
      metadata: { namespace: "default" },
      involvedObject: { kind: "Node", name: "n1", uid: "n1" },
    });
  });

  it("that the server has forgotten are made anew, and those of an earlier agent are counted on", async () => {
    feed.offer(happened(1));
    await server.shelf.until(() => kept().length === 1);
    server.remove("events", "default", "web.Back-off.u1");
    feed.offer(happened(2));
    await server.shelf.until(() => kept()[0]?.count === 2);
    server.place("events", { ...kept()[0], metadata: { name: "web.old.u1", namespace: "default" }, count: 8 } as never);
    feed.offer(happened(9, "old"));
    await server.shelf.until(() => kept().some(({ count }) => count === 9));
  });

  it.each<[string, Fault]>([
    ["answers 500", { kind: "status", status: 500 }],
    ["answers 429", { kind: "status", status: 429, retryAfterSeconds: 1 }],
    ["breaks the answer", { kind: "half" }],
  ])("wait while the server %s, and come once, with the newest count", async (_, fault) => {
    const failed = failing(fault, 3);
    feed.offer(happened(1));
    feed.offer(happened(1, "other"));
    await failed;
    feed.offer(happened(5));
    await server.shelf.until(() => kept().length === 2 && kept().some(({ count }) => count === 5));
    expect(kept().map(({ message }) => message)).toContain("other");
  });

  it("that the server rejects are not offered again, and hold up no others", async () => {
    server.trouble(({ method, namespace }) =>
      method === "POST" && namespace === "ends" ? { kind: "status", status: 403 } : undefined,
    );
    const { object, ...rest } = happened(1, "no");
    feed.offer({ ...rest, object: { ...object, namespace: "ends" } as never });
    feed.offer(happened(1, "yes"));
    await server.shelf.until(() => kept().length === 1);
    expect(server.requests).toEqual(["POST events", "POST events"]);
  });
});

describe("the queue of events", () => {
  const aFeed = () => {
    const clock = handClock();
    const small = smallCluster(clock);
    const means = { clock, chance: seededChance(1), log: silentLog };
    const meter = {
      ...silentMeter,
      dropped: 0,
      add: () => {
        meter.dropped += 1;
      },
    };
    const contact = makeContact({ ...means, meter: silentMeter });
    const feed = makeEventFeed({ ...means, meter, contact, cluster: small.cluster, nodeName: "n1", rate: RATE });
    const ended = new AbortController();
    void feed.run(ended.signal, () => undefined);
    return { clock, small, feed, meter, ended };
  };

  it("is bounded, keeps one of each event, and comes back from an outage slowly", async () => {
    const { clock, small, feed, meter, ended } = aFeed();
    small.fail("ApiUnreachable");
    for (let n = 0; n < 1200; n += 1) feed.offer(happened(1, "m", `u${n}`));
    for (let n = 2; n < 50; n += 1) feed.offer(happened(n, "m", "u7"));
    expect(meter.dropped).toBe(200);
    await clock.advance(600_000);
    expect(small.asked.length).toBeLessThan(80); // one at a time, 6 to 12 s apart
    small.fail(undefined);
    const before = small.asked.length;
    await clock.advance(30_000);
    const after = small.asked.length - before;
    expect(after).toBeGreaterThan(100);
    expect(after).toBeLessThan(320); // ten in a second
    await clock.advance(120_000);
    expect(small.asked.length - before).toBe(1000);
    expect(small.stored.get("events/web.m.u7")).toMatchObject({ count: 49 });
    ended.abort();
  });

  it("takes 25 of equal events, then one in five minutes, and tells similar ones as one", async () => {
    const { clock, small, feed, ended } = aFeed();
    const means = { clock, chance: seededChance(1), log: silentLog };
    const news = makeNewsStand({ ...means, sinks: [], earlier: [] });
    news.listen(feed.offer);
    const event = (message: string, uid: string): PodEvent => {
      const { type, reason, object } = happened(1, message, uid);
      return { type, reason, object, message, atWallMs: clock.now().wallMs };
    };
    for (let n = 0; n < 30; n += 1) {
      news.tell([event("same", "u1")]);
      await clock.advance(1000);
    }
    expect(small.count("create", "events")).toBe(1);
    expect(small.count("patch", "events")).toBe(24);
    for (let n = 0; n < 12; n += 1) {
      news.tell([event(`message ${n}`, "u2")]);
      await clock.advance(1000);
    }
    expect(small.count("create", "events")).toBe(1 + 10);
    const combined = [...small.stored.values()].filter((one) => JSON.stringify(one).includes("(combined from similar"));
    expect(combined).toMatchObject([{ count: 3, message: "(combined from similar events): message 11" }]);
    ended.abort();
  });

  it("hears of what was told before somebody listened", () => {
    const clock = handClock();
    const earlier = [{ ...happened(3), atWallMs: 0 }];
    const news = makeNewsStand({ clock, chance: seededChance(1), log: silentLog, sinks: [], earlier });
    const { type, reason, object } = happened(1);
    news.tell([{ type, reason, object, message: "early", atWallMs: clock.now().wallMs }]);
    const heard: CountedEvent[] = [];
    news.listen((event) => void heard.push(event));
    expect(heard.map(({ message }) => message)).toEqual(["early"]);
  });
});
