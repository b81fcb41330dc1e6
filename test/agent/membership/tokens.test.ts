import { describe, expect, it } from "vitest";
import { makeClusterShelf } from "../../../src/agent/cluster-shelf.ts";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { makeTokens } from "../../../src/agent/membership/tokens.ts";
import { BerthError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { renewTokenAfterMs } from "../../../src/decide/token-life.ts";
import type { TokenWish } from "../../../src/pod/cluster.ts";
import type { DesiredPod } from "../../../src/pod/desired.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import { readTokenKey, tokenKey } from "../../../src/pod/token-use.ts";
import type { Cluster } from "../../../src/ports.ts";
import { handClock, seededChance } from "../../kit/clock.ts";
import { pod } from "../../kit/pictures.ts";

const HOUR_MS = 3_600_000;
const PROJECTION = { path: "token", expirationSeconds: 3607, audience: "https://vault.example/v1" };

const using = (uid: string): DesiredPod => {
  const plain = pod({ uid, origin: { kind: "api" }, spec: { containers: [], serviceAccountName: "builder" } });
  return { ...plain, documents: [{ key: tokenKey(plain, PROJECTION), optional: false }] };
};

function asking() {
  const clock = handClock();
  const asked: (TokenWish & { readonly atMs: number })[] = [];
  const state = { failure: undefined as BerthError | undefined, hangs: false };
  const token: Cluster["token"] = async (wish, signal) => {
    asked.push({ ...wish, atMs: clock.now().monoMs });
    if (state.failure !== undefined) throw state.failure;
    if (state.hangs) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    // The server's clock is an hour ahead.
    return {
      token: `token-${asked.length}`,
      expiresWallMs: clock.now().wallMs + HOUR_MS + wish.expirationSeconds * 1000,
    };
  };
  const rung: string[] = [];
  const shelf = makeClusterShelf((uids) => void rung.push(...uids));
  const means = { clock, chance: seededChance(1), log: silentLog, meter: silentMeter };
  const ended = new AbortController();
  const round = makeTokens({ ...means, shelf, cluster: { token } as Cluster, contact: makeContact(means) });
  const over = round(ended.signal, () => undefined);
  const held = (one: DesiredPod): string => {
    const [key] = one.documents.map((use) => use.key);
    const body = key === undefined ? undefined : shelf.bodies([key]).get(key);
    return Buffer.from(body?.data.get("token") ?? []).toString();
  };
  return { clock, asked, state, rung, shelf, held, ended, over };
}

describe("tokens of service accounts (node.md 3.9)", () => {
  it("have keys that tell all that is asked for", () => {
    const [use] = using("u1").documents;
    expect(use && readTokenKey(use.key)).toEqual({
      namespace: "default",
      serviceAccount: "builder",
      pod: { name: "site-host1", uid: "u1" },
      expirationSeconds: 3607,
      audience: "https://vault.example/v1",
    });
    expect(readTokenKey("Secret/default/token")).toBeUndefined();
  });

  it("are asked for, bound to the pod, and renewed after 80 % of their life, whatever the clocks say", async () => {
    const { clock, asked, shelf, held, rung, ended, over } = asking();
    const one = using("u1");
    shelf.follow([one]);
    await clock.advance(100);
    expect(asked).toMatchObject([
      {
        namespace: "default",
        serviceAccount: "builder",
        audiences: ["https://vault.example/v1"],
        expirationSeconds: 3607,
        pod: { name: "site-host1", uid: "u1" },
      },
    ]);
    expect(held(one)).toBe("token-1");
    await clock.advance(24 * HOUR_MS);
    const spaces = asked.slice(1).map(({ atMs }, place) => (atMs - (asked[place]?.atMs ?? 0)) / 1000);
    for (const space of spaces) {
      expect(space).toBeLessThanOrEqual(0.8 * 3607);
      expect(space).toBeGreaterThanOrEqual(0.8 * 3607 - 10.1);
    }
    expect(held(one)).toBe(`token-${asked.length}`);
    expect(rung.length).toBe(asked.length);
    ended.abort();
    await over;
  });

  it("that cannot be renewed go on being used until they expire; the server is asked now and then", async () => {
    const { clock, asked, state, shelf, held, rung, ended, over } = asking();
    const one = using("u1");
    const version = () => [...shelf.versions(one).values()][0];
    shelf.follow([one]);
    await clock.advance(HOUR_MS / 2);
    state.failure = new BerthError("ApiUnreachable", "away");
    await clock.advance(3606_000 - HOUR_MS / 2);
    expect([held(one), rung.length]).toEqual(["token-1", 1]);
    await clock.advance(1000);
    expect([held(one), version(), rung.length]).toEqual(["", "expired", 2]);
    await clock.advance(9 * HOUR_MS);
    expect([held(one), version(), rung.length]).toEqual(["", "expired", 2]);
    expect(asked.length).toBeLessThan((9 * 3600) / 20 + 100);
    state.failure = undefined;
    await clock.advance(30_000);
    expect(held(one)).toBe(`token-${asked.length}`);
    expect(rung).toHaveLength(3);
    ended.abort();
    await over;
  });

  it("expire when their time is over, however long a renewal hangs, and a later one only in its own time", async () => {
    const { clock, state, shelf, held, ended, over } = asking();
    const one = using("u1");
    shelf.follow([one]);
    await clock.advance(HOUR_MS);
    expect(held(one)).toBe("token-2");
    state.hangs = true;
    await clock.advance(2880_000 + 3600_000 - HOUR_MS);
    expect(held(one)).toBe("token-2");
    await clock.advance(20_000);
    expect(held(one)).toBe("");
    ended.abort();
    await over;
    expect(clock.sleepers).toBe(0);
  });

  it("of many pods are asked for in turn, each once", async () => {
    const { clock, asked, shelf, ended, over } = asking();
    shelf.follow(Array.from({ length: 110 }, (_, n) => using(`u${n}`)));
    await clock.advance(1000);
    expect(asked.length).toBeLessThanOrEqual(31);
    await clock.advance(10_000);
    expect(asked.length).toBe(110);
    ended.abort();
    await over;
  });

  it("go with their pods", async () => {
    const { clock, asked, shelf, held, ended, over } = asking();
    const one = using("u1");
    shelf.follow([one]);
    await clock.advance(100);
    shelf.follow([]);
    await clock.advance(24 * HOUR_MS);
    expect(held(one)).toBe("");
    expect(asked).toHaveLength(1);
    ended.abort();
    await over;
    expect(clock.sleepers).toBe(0);
  });

  it("that the server has given for a shorter time are renewed by that; long ones each day", () => {
    const claims = Buffer.from(JSON.stringify({ iat: 1000, exp: 1600 })).toString("base64url");
    expect(renewTokenAfterMs(`h.${claims}.s`, 3607, 0)).toBe(480_000);
    expect(renewTokenAfterMs("opaque", 3600, 0.5)).toBe(2_875_000);
    expect(renewTokenAfterMs("opaque", 7 * 86_400, 0)).toBe(24 * HOUR_MS);
  });
});
