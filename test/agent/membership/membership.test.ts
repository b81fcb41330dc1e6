import { describe, expect, it } from "vitest";
import type { Loop } from "../../../src/agent/loop.ts";
import { tokenKey } from "../../../src/pod/token-use.ts";
import { aNode } from "../../kit/node.ts";
import { pod } from "../../kit/pictures.ts";
import { aMember, aSetup } from "./member.ts";

const MINUTE_MS = 60_000;

describe("a node of a cluster", () => {
  it("asks for little at rest: 6 lease renewals a minute, a status in 5 minutes, its watches, nothing else", async () => {
    const member = aMember();
    await member.clock.advance(20 * MINUTE_MS);
    const restingSince = member.asked.length;
    await member.clock.advance(60 * MINUTE_MS);
    const counts = new Map<string, number>();
    for (const { verb, kind } of member.asked.slice(restingSince))
      counts.set(`${verb} ${kind}`, (counts.get(`${verb} ${kind}`) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(["patch nodes", "replace leases", "watch nodes", "watch services"]);
    expect(counts.get("replace leases")).toBeLessThanOrEqual(60 * 6);
    expect(counts.get("replace leases")).toBeGreaterThanOrEqual((60 * 6) / 1.04 - 1);
    expect(counts.get("patch nodes")).toBeLessThanOrEqual(12);
    expect(counts.get("patch nodes")).toBeGreaterThanOrEqual(11);
    expect(counts.get("watch nodes")).toBeLessThanOrEqual(12); // each lasts 5 to 10 minutes
  });

  it("asks for little more with pods: a watch for each document, and tokens in time", async () => {
    const member = aMember();
    const plain = pod({ uid: "u1", origin: { kind: "api" } });
    const keys = ["ConfigMap/default/a", "Secret/default/b", tokenKey(plain, { path: "token" })] as const;
    const documents = keys.map((key) => ({ key, optional: false }));
    member.shelf.follow([1, 2, 3].map((n) => ({ ...plain, uid: `u${n}`, documents })));
    await member.clock.advance(20 * MINUTE_MS);
    const restingSince = member.asked.length;
    await member.clock.advance(60 * MINUTE_MS);
    const resting = member.asked.slice(restingSince).map(({ verb, kind }) => `${verb} ${kind}`);
    expect([...new Set(resting)].sort()).toEqual([
      "patch nodes",
      "replace leases",
      "token serviceaccounts",
      "watch configmaps",
      "watch nodes",
      "watch secrets",
      "watch services",
    ]);
    const count = (what: string): number => resting.filter((one) => one === what).length;
    expect(count("token serviceaccounts")).toBeLessThanOrEqual(2);
    expect(count("watch configmaps") + count("watch secrets")).toBeLessThanOrEqual(4);
    await member.stop();
  });

  it("asks little of a server that is away, for an hour", async () => {
    const member = aMember();
    await member.clock.advance(10 * MINUTE_MS);
    member.fail("ApiUnreachable");
    const away = member.asked.length;
    await member.clock.advance(60 * MINUTE_MS);
    const tries = member.asked.slice(away).filter(({ verb }) => verb !== "disconnect");
    // the lease and the status at most every 7 s each, two watches every 12 s, and their quick first tries
    expect(tries.length).toBeLessThan(60 * (60 / 7 + 60 / 7 + (2 * 60) / 12) + 40);
    expect(member.contact()).toMatchObject({ connected: false, lastError: { message: "as the test says" } });
  });

  it("comes back from an outage without a burst, within 30 s", async () => {
    const member = aMember();
    await member.clock.advance(10 * MINUTE_MS);
    member.fail("ApiUnreachable");
    await member.clock.advance(60 * MINUTE_MS);
    member.stand(() => ({ networkReady: false, message: "cni" }));
    await member.clock.advance(MINUTE_MS);
    member.fail(undefined);
    const returned = member.clock.now().monoMs;
    const before = member.asked.length;
    await member.clock.advance(30_000);
    expect(member.condition("Ready")).toMatchObject({ status: "False" });
    expect(member.count("replace", "leases", returned)).toBeGreaterThanOrEqual(2);
    expect(member.contact().connected).toBe(true);
    expect(member.contact().lastError).toBeUndefined();
    expect(member.asked.length - before).toBeLessThanOrEqual(3 + 1 + 2 + 4); // leases, lease read, node read and patch, watches
  });

  it("is one of many that do not come back at the same moment", async () => {
    const seconds = await Promise.all(
      Array.from({ length: 40 }, async (_, seed) => {
        const member = aMember({ seed });
        await member.clock.advance(10 * MINUTE_MS);
        member.fail("ApiUnreachable");
        await member.clock.advance(10 * MINUTE_MS);
        member.fail(undefined);
        const returned = member.clock.now().monoMs;
        const before = member.asked.length;
        await member.clock.advance(30_000);
        return member.asked.slice(before).map(({ atMs }) => Math.floor((atMs - returned) / 1000));
      }),
    );
    const perSecond = new Map<number, number>();
    for (const second of seconds.flat()) perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    const total = seconds.flat().length;
    expect(total / 40).toBeLessThanOrEqual(10);
    expect(Math.max(...perSecond.values())).toBeLessThan(total / 4);
  });

  it("has a lease that the agent looks after: well through an outage, unwell when it hangs", async () => {
    const watched: Loop[] = [];
    const member = aMember({ watchOver: (loop) => void watched.push(loop) });
    const unwell = (): string[] => watched.filter((loop) => !loop.well()).map(({ name }) => name);
    await member.clock.advance(MINUTE_MS);
    for (const failure of ["ApiUnreachable", "ApiTimeout", "ApiForbidden"] as const) {
      member.fail(failure);
      for (let minute = 0; minute < 20; minute += 1) {
        await member.clock.advance(MINUTE_MS);
        expect(unwell()).toEqual([]);
      }
    }
    member.slow(60 * MINUTE_MS);
    await member.clock.advance(5 * MINUTE_MS);
    expect(unwell()).toEqual(["lease"]);
  });

  it("ends without a trace in the cluster", async () => {
    const member = aMember();
    await member.clock.advance(MINUTE_MS);
    await member.stop();
    const after = member.asked.length;
    await member.clock.advance(MINUTE_MS);
    expect(member.asked.length).toBe(after);
    expect(member.clock.sleepers).toBe(0);
    expect([...member.stored.keys()].sort()).toEqual(["leases/node", "nodes/node"]);
  });
});

it("asks for the certificate of its own API under the addresses that the cloud's controller tells (node.md 1.3)", async () => {
  const asked: (readonly string[])[] = [];
  const member = aMember({
    setup: { identity: { ...aSetup.identity, cloud: { givenIps: [] } } },
    serving: {
      current: () => undefined,
      wantsKeyEncipherment: async () => false,
      async ask({ names }) {
        asked.push(names);
        return { request: "PEM", keep: () => Promise.reject(new Error("nobody approves it")) };
      },
    },
  });
  await member.clock.advance(MINUTE_MS);
  expect(asked).toEqual([]);
  member.touch("nodes", aNode.nodeName, (node) => {
    const addresses = [
      { type: "ExternalIP", address: "203.0.113.1" },
      { type: "Hostname", address: "box" },
    ];
    Object.assign(node, { status: { ...node.status, addresses } });
  });
  await member.clock.advance(1000);
  expect(asked).toEqual([["203.0.113.1", "box"]]);
  await member.stop();
});
