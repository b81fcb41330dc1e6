import { describe, expect, it } from "vitest";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { makeLeaseBeat } from "../../../src/agent/membership/lease-beat.ts";
import { BerthError, type ErrorCode } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import { handClock, seededChance } from "../../kit/clock.ts";
import { smallCluster } from "./small-cluster.ts";

const MINUTE_MS = 60_000;

async function beating(options: { nodeUid?: () => Promise<string> } = {}) {
  const clock = handClock();
  const small = smallCluster(clock);
  const leaving = new AbortController();
  const contact = makeContact({ clock, log: silentLog, meter: silentMeter });
  const returns: number[] = [];
  const beat = makeLeaseBeat({
    cluster: small.cluster,
    nodeName: "node",
    durationSeconds: 40,
    clock,
    chance: seededChance(1),
    contact,
    nodeUid: options.nodeUid ?? (async () => "node-uid"),
    onReturn: () => void returns.push(clock.now().monoMs),
  });
  const over = beat.run(leaving.signal, () => {});
  await clock.settle();
  const leave = (): Promise<void> => {
    leaving.abort();
    return over;
  };
  return { ...small, clock, contact, leave, returns };
}

describe("the lease (node.md 2.5)", () => {
  it("L4 is made with its node as owner, and says whose it is", async () => {
    const { stored } = await beating();
    expect(stored.get("leases/node")).toMatchObject({
      metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "node", uid: "node-uid" }] },
      spec: { holderIdentity: "node", leaseDurationSeconds: 40 },
    });
  });

  it("L4 is not made before its node is known, and soon after", async () => {
    let known = false;
    const nodeUid = async (): Promise<string> => {
      if (!known) throw new BerthError("ApiNotFound", "no node");
      return "node-uid";
    };
    const { count, clock } = await beating({ nodeUid });
    await clock.advance(30_000);
    expect(count("create", "leases")).toBe(0);
    known = true;
    await clock.advance(10_500);
    expect(count("create", "leases")).toBe(1);
  });

  it("is renewed each quarter of its duration, up to 4 % later, by one request", async () => {
    const { asked, clock } = await beating();
    const joined = asked.length;
    await clock.advance(10 * MINUTE_MS);
    const renewals = asked.slice(joined);
    expect(new Set(renewals.map(({ verb }) => verb))).toEqual(new Set(["replace"]));
    const pauses = renewals.slice(1).map(({ atMs }, place) => atMs - (renewals[place]?.atMs ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(10_000);
    expect(Math.max(...pauses)).toBeLessThan(10_400);
    expect(new Set(pauses.map(Math.round)).size).toBeGreaterThan(20); // chance is in it
  });

  it("moves its time by the wall clock, with microseconds", async () => {
    const { stored, clock } = await beating();
    const time = (): string => (stored.get("leases/node") as unknown as { spec: { renewTime: string } }).spec.renewTime;
    const first = time();
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await clock.advance(10_400);
    expect(Date.parse(time()) - Date.parse(first)).toBeGreaterThanOrEqual(10_000);
  });

  it.each<ErrorCode>(["ApiUnreachable", "ApiTimeout", "ApiFailed", "ApiBusy", "ApiForbidden"])(
    "L2 a failure (%s) makes nothing be read again",
    async (code) => {
      const { fail, count, clock } = await beating();
      const before = clock.now().monoMs + 1;
      fail(code);
      await clock.advance(10_900); // the renewal, and two tries more
      fail(undefined);
      await clock.advance(10_400);
      expect(count("get", "leases", before)).toBe(0);
      expect(count("replace", "leases", before)).toBeGreaterThanOrEqual(3);
    },
  );

  it("L2 a conflict is met by reading once and writing at once", async () => {
    const { touch, asked, clock } = await beating();
    const joined = asked.length;
    touch("leases", "node");
    await clock.advance(10_400);
    expect(asked.slice(joined).map(({ verb }) => verb)).toEqual(["replace", "get", "replace"]);
  });

  it("L2 conflicts without end are met five times, then by patience", async () => {
    const { asked, clock, fail } = await beating();
    const joined = asked.length;
    fail(({ verb }) => (verb === "replace" ? new BerthError("ApiConflict", "again") : undefined));
    await clock.advance(10_400);
    const first = asked.slice(joined).filter(({ atMs }) => atMs === asked[joined]?.atMs);
    expect(first.filter(({ verb }) => verb === "replace").length).toBe(5);
    fail(undefined);
    await clock.advance(1000);
    expect(asked.at(-1)?.verb).toBe("replace");
  });

  it("L2 one that was removed is made again, with its owner", async () => {
    const { drop, stored, clock } = await beating();
    drop("leases", "node");
    await clock.advance(10_400);
    expect(stored.get("leases/node")).toMatchObject({ metadata: { ownerReferences: [{ uid: "node-uid" }] } });
  });

  it("L2 after five failures in a row it reads first", async () => {
    const { fail, asked, clock } = await beating();
    fail("ApiRefused");
    await clock.advance(40_000);
    expect(asked.at(-1)?.verb).toBe("get");
  });

  it("L3 is tried again ever more slowly, at most every 7 s, on new connections", async () => {
    const { fail, asked, count, clock, contact } = await beating();
    const joined = asked.length;
    fail("ApiUnreachable");
    await clock.advance(10 * MINUTE_MS);
    const tries = asked.slice(joined).filter(({ verb }) => verb !== "disconnect");
    const pauses = tries.slice(1).map(({ atMs }, place) => atMs - (tries[place]?.atMs ?? 0));
    expect(pauses[0]).toBeLessThan(300);
    expect(pauses[0]).toBeGreaterThanOrEqual(200);
    expect(Math.min(...pauses.slice(6))).toBeGreaterThanOrEqual(7000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_400);
    expect(count("disconnect", "")).toBe(tries.length - 1);
    expect(contact.show().connected).toBe(false);
    const returned = clock.now().monoMs;
    fail(undefined);
    await clock.advance(10_400);
    expect(count("replace", "leases", returned)).toBe(1);
    expect(contact.show()).toMatchObject({ connected: true });
    expect(contact.show().lastError).toBeUndefined();
  });

  it.each<[string, ErrorCode, number, number]>([
    ["that was silent for a while is back", "ApiTimeout", 30_000, 1],
    ["was missed once", "ApiTimeout", 12_000, 0],
    ["that refused is kind again", "ApiForbidden", 30_000, 0],
  ])("L5 others are told when a server %s", async (_, code, forMs, expected) => {
    const { clock, fail, returns, contact } = await beating();
    const heard: boolean[] = [];
    contact.onBack(() => heard.push(returns.length === expected), new AbortController().signal);
    if (expected === 0 && code === "ApiTimeout") {
      let failed = false;
      fail(({ verb }) => {
        if (failed || verb !== "replace") return undefined;
        failed = true;
        return new BerthError(code, "as the test says");
      });
    } else fail(code);
    await clock.advance(forMs);
    fail(undefined);
    await clock.advance(30_000);
    expect(returns.length).toBe(expected);
    expect(heard).toEqual([true]); // first the connections, then those who wait
  });

  it("L3 a server that answers no keeps its connection, and its Retry-After is heeded", async () => {
    const { fail, asked, count, clock } = await beating();
    const joined = asked.length;
    fail(() => new BerthError("ApiBusy", "patience", { retryAfterMs: 30_000 }));
    await clock.advance(5 * MINUTE_MS);
    expect(count("disconnect", "")).toBe(0);
    const tries = asked.slice(joined);
    const pauses = tries.slice(1).map(({ atMs }, place) => atMs - (tries[place]?.atMs ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(30_000);
  });

  it("L3 but no longer than a lease lasts", async () => {
    const { fail, asked, clock } = await beating();
    fail(() => new BerthError("ApiBusy", "patience", { retryAfterMs: 60 * MINUTE_MS }));
    await clock.advance(10 * MINUTE_MS);
    const last = asked.slice(-2).map(({ atMs }) => atMs);
    expect((last[1] ?? 0) - (last[0] ?? 0)).toBeLessThanOrEqual(40_000);
  });

  it("ends with the agent, and stays behind", async () => {
    const { leave, stored, clock } = await beating();
    await leave();
    expect(clock.sleepers).toBe(0);
    expect(stored.has("leases/node")).toBe(true);
  });
});
