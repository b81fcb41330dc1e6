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
  const state = { failure: undefined as BerthError | undefined };
  const token: Cluster["token"] = async (wish) => {
    asked.push({ ...wish, atMs: clock.now().monoMs });
    if (state.failure !== undefined) throw state.failure;
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

  it("that cannot be renewed go on being used; the server is asked now and then", async () => {
    const { clock, asked, state, shelf, held, ended, over } = asking();
    const one = using("u1");
    shelf.follow([one]);
    await clock.advance(HOUR_MS / 2);
    state.failure = new BerthError("ApiUnreachable", "away");
    await clock.advance(10 * HOUR_MS);
    expect(held(one)).toBe("token-1");
    expect(asked.length).toBeLessThan((10 * 3600) / 20 + 10);
    state.failure = undefined;
    await clock.advance(30_000);
    expect(held(one)).toBe(`token-${asked.length}`);
    ended.abort();
    await over;
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
