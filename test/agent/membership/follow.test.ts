import { describe, expect, it } from "vitest";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { makeFollow } from "../../../src/agent/membership/follow.ts";
import { BerthError, type ErrorCode } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ClusterChange, ClusterNode, ListVersion, WatchFrom } from "../../../src/pod/cluster.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import type { Cluster } from "../../../src/ports.ts";
import { handClock, seededChance } from "../../kit/clock.ts";

type Step =
  | { readonly list: readonly string[] | ErrorCode; readonly version?: string }
  /** Changes, each after so many milliseconds, then the end: well, or by an error. */
  | { readonly watch: readonly Change[]; readonly lastsMs: number; readonly end?: ErrorCode };
type Change = ClusterChange<ClusterNode>;

const aNode = (name: string, resourceVersion: string): ClusterNode => ({ metadata: { name, resourceVersion } });
const put = (name: string, version: string): Change => ({ kind: "put", object: aNode(name, version) });
const gone = (name: string, version: string): Change => ({ kind: "gone", object: aNode(name, version) });

/** Follows through a script of answers; when it is used up, a watch waits without end. */
async function following(...script: Step[]) {
  const clock = handClock();
  const asked: { verb: "list" | "watch"; atMs: number; from: ListVersion | WatchFrom }[] = [];
  const heard: string[] = [];
  const next = <K extends "list" | "watch">(
    verb: K,
    from: ListVersion | WatchFrom,
  ): Extract<Step, Record<K, unknown>> => {
    asked.push({ verb, atMs: clock.now().monoMs, from });
    const step = script.shift() ?? { watch: [], lastsMs: Number.POSITIVE_INFINITY };
    if (!(verb in step)) throw new Error(`asked to ${verb}, not ${JSON.stringify(step)}`);
    return step as never;
  };
  const cluster = {
    async list(_of: unknown, since: ListVersion) {
      const { list, version = "10" } = next("list", since);
      if (typeof list === "string") throw new BerthError(list, "as the test says");
      return { version, items: list.map((name) => aNode(name, version)) };
    },
    async *watch(_of: unknown, from: WatchFrom, signal: AbortSignal) {
      const { watch, lastsMs, end } = next("watch", from);
      yield { kind: "open" };
      yield* watch;
      await clock.sleep(lastsMs, signal);
      if (end !== undefined) throw new BerthError(end, "as the test says");
    },
  } as unknown as Cluster;
  const leaving = new AbortController();
  const name = (node: ClusterNode): string => node.metadata.name ?? "";
  const contact = makeContact({ clock, log: silentLog, meter: silentMeter });
  const run = makeFollow({
    cluster,
    of: { kind: "nodes" },
    topic: "node watch",
    clock,
    chance: seededChance(1),
    contact,
    follower: {
      onSet: (items) => void heard.push(`set ${items.map(name).join(" ")}`),
      onPut: (node) => void heard.push(`put ${name(node)}`),
      onGone: (node) => void heard.push(`gone ${name(node)}`),
    },
  });
  const over = run(leaving.signal, () => {});
  await clock.settle();
  const leave = (): Promise<void> => {
    leaving.abort();
    return over;
  };
  const verbs = (): string => asked.map(({ verb }) => verb).join(" ");
  return { clock, asked, heard, verbs, leave, contact };
}

const LONG_MS = 400_000;
const versions = (asked: readonly { from: unknown }[]): unknown[] =>
  asked.map(({ from }) => (typeof from === "object" && from !== null && "version" in from ? from.version : from));

describe("following objects (node.md 3.1)", () => {
  it("tells the whole set first, then each change", async () => {
    const { heard, asked } = await following(
      { list: ["a", "b"] },
      { watch: [put("c", "11"), gone("a", "12")], lastsMs: LONG_MS },
    );
    expect(heard).toEqual(["set a b", "put c", "gone a"]);
    expect(asked[0]?.from).toBe("any");
  });

  it("asks for a watch of 5 to 10 minutes", async () => {
    const { asked, clock } = await following({ list: [] }, ...Array(20).fill({ watch: [], lastsMs: LONG_MS }));
    await clock.advance(10 * LONG_MS);
    const seconds = asked.slice(1).map(({ from }) => (from as WatchFrom).timeoutSeconds);
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(300);
    expect(Math.max(...seconds)).toBeLessThan(600);
    expect(new Set(seconds).size).toBeGreaterThan(5);
  });

  it("W2 goes on from the last version, also a bookmark's, without a list and without a pause", async () => {
    const { asked, verbs, clock, heard } = await following(
      { list: ["a"] },
      { watch: [put("a", "11"), { kind: "bookmark", version: "19" }], lastsMs: LONG_MS },
    );
    await clock.advance(LONG_MS);
    expect(verbs()).toBe("list watch watch");
    expect(versions(asked)).toEqual(["any", "10", "19"]);
    expect(asked[2]?.atMs).toBe(LONG_MS);
    expect(heard).toEqual(["set a", "put a"]);
  });

  it("W4 ends a watch that nobody else ends, and goes on from its last version", async () => {
    const endless: Step = { watch: [put("a", "11")], lastsMs: Number.POSITIVE_INFINITY };
    const { asked, verbs, clock, heard } = await following({ list: ["a"] }, endless);
    const lasts = (asked[1]?.from as WatchFrom | undefined)?.timeoutSeconds ?? 0;
    await clock.advance((lasts + 119) * 1000);
    expect(verbs()).toBe("list watch");
    await clock.advance(1000);
    expect(verbs()).toBe("list watch watch");
    expect(versions(asked)[2]).toBe("11");
    expect(heard).toEqual(["set a", "put a"]);
  });

  it.each<ErrorCode>(["ApiUnreachable", "ApiBusy"])(
    "W2 a stream that breaks (%s) is taken up where it broke",
    async (end) => {
      const { asked, verbs, clock, heard } = await following(
        { list: ["a"] },
        { watch: [put("a", "11")], lastsMs: LONG_MS, end },
      );
      await clock.advance(LONG_MS + 1600);
      expect(verbs()).toBe("list watch watch");
      expect(versions(asked)[2]).toBe("11");
      expect(heard).toEqual(["set a", "put a"]);
    },
  );

  it("W3 does not wait for long when a server that was away has forgotten the version, but ever longer when it goes on so", async () => {
    const away: Step = { watch: [], lastsMs: 10, end: "ApiUnreachable" };
    const forgotten: Step = { watch: [], lastsMs: 10, end: "ApiGone" };
    const again = [{ list: [] }, forgotten, { list: [] }, forgotten, { list: [] }];
    const { asked, clock } = await following({ list: [] }, ...Array(6).fill(away), forgotten, ...again);
    await clock.advance(600_000);
    const lists = asked.flatMap(({ verb, atMs }) => (verb === "list" ? [atMs] : [])).slice(1);
    const [last = 0] = asked
      .filter(({ verb, atMs }) => verb === "watch" && atMs < (lists[0] ?? 0))
      .map(({ atMs }) => atMs)
      .slice(-1);
    const [first = 0, second = 0, third = 0] = lists;
    expect(first - last).toBeLessThan(2000);
    expect(third - second).toBeGreaterThan(second - first);
  });

  it.each<ErrorCode>(["ApiGone", "ApiFailed", "ApiForbidden"])(
    "W2 any other end (%s) costs exactly one list",
    async (end) => {
      const { asked, verbs, clock, heard } = await following(
        { list: ["a", "b"] },
        { watch: [put("a", "11")], lastsMs: LONG_MS, end },
        { list: ["b"], version: "20" },
      );
      await clock.advance(LONG_MS + 1600);
      expect(verbs()).toBe("list watch list watch");
      expect(versions(asked).slice(2)).toEqual(["11", "20"]);
      expect(heard.at(-1)).toBe("set b");
    },
  );

  it("asks for the newest when the version to list from is forgotten", async () => {
    const { asked, clock } = await following(
      { list: ["a"] },
      { watch: [], lastsMs: LONG_MS, end: "ApiGone" },
      { list: "ApiGone" },
      { list: ["a"] },
    );
    await clock.advance(LONG_MS + 10_000);
    expect(asked[3]?.from).toBe("newest");
  });

  it("W1 tells nothing while the server is away, however long", async () => {
    const { heard, clock } = await following(
      { list: ["a"] },
      { watch: [], lastsMs: 5000, end: "ApiUnreachable" },
      ...Array(100).fill({ watch: [], lastsMs: 0, end: "ApiUnreachable" }),
    );
    await clock.advance(600_000);
    expect(heard).toEqual(["set a"]);
  });

  it("W3 waits ever longer between failures, with chance in it", async () => {
    const { asked, clock } = await following(...Array(200).fill({ list: "ApiUnreachable" }));
    await clock.advance(600_000);
    const pauses = asked.slice(1).map(({ atMs }, place) => atMs - (asked[place]?.atMs ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(800);
    expect(pauses[0]).toBeLessThan(1600);
    expect(Math.min(...pauses.slice(4))).toBeGreaterThanOrEqual(12_000);
    expect(Math.max(...pauses)).toBeLessThan(24_000);
  });

  it("W3 forgives after two good minutes", async () => {
    const { asked, clock } = await following(
      ...Array(6).fill({ list: "ApiUnreachable" }),
      { list: ["a"] },
      { watch: [], lastsMs: 130_000, end: "ApiUnreachable" },
    );
    await clock.advance(300_000);
    const last = asked.at(-1)?.atMs ?? 0;
    const broke = (asked.at(-2)?.atMs ?? 0) + 130_000;
    expect(last - broke).toBeLessThan(1600);
  });

  it("W3 goes on within 8 s of the lease's return, at a moment of its own", async () => {
    const { asked, clock, contact } = await following(...Array(40).fill({ list: "ApiUnreachable" }));
    contact.failed("lease", new BerthError("ApiUnreachable", "as the test says"));
    await clock.advance(120_000);
    const before = asked.length;
    while (asked.length === before) await clock.advance(100); // a pause of 12 to 24 s has begun
    const nowMs = clock.now().monoMs;
    contact.well("lease");
    await clock.advance(8000);
    expect(asked.length).toBe(before + 2);
    expect((asked.at(-1)?.atMs ?? 0) - nowMs).toBeGreaterThan(100);
  });

  it("W3 a watch that ends at once, without news, is a failure and costs a list", async () => {
    const { verbs, asked, clock, contact } = await following(
      { list: ["a"] },
      { watch: [], lastsMs: 10 },
      { list: ["a"] },
      { watch: [], lastsMs: 10 },
      { list: ["a"] },
    );
    await clock.advance(20);
    expect(contact.show().lastError?.message).toBe("watching nodes: the watch ended at once");
    await clock.advance(20_000);
    expect(verbs()).toBe("list watch list watch list watch");
    expect((asked[2]?.atMs ?? 0) - (asked[1]?.atMs ?? 0)).toBeGreaterThanOrEqual(800);
  });

  it("ends with the agent", async () => {
    const { leave, clock } = await following({ list: ["a"] });
    await leave();
    expect(clock.sleepers).toBe(0);
  });
});
