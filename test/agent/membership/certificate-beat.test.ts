import { describe, expect, it } from "vitest";
import { makeCertificateBeat } from "../../../src/agent/membership/certificate-beat.ts";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { CertificateFacts } from "../../../src/pod/cluster.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import { handClock, seededChance } from "../../kit/clock.ts";
import { smallCluster } from "./small-cluster.ts";

const KIND = "certificatesigningrequests" as const;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const servingNames = ["10.0.0.9", "n1"];

/** Certificates whose life is an hour; a certificate is known by when it was kept. */
async function caring(
  options: {
    seed?: number;
    older?: boolean;
    serving?: boolean;
    aheadMs?: () => number;
    names?: () => readonly string[] | undefined;
  } = {},
) {
  const clock = handClock();
  const small = smallCluster(clock);
  const leaving = new AbortController();
  const kept: { atMs: number; certificate: string }[] = [];
  let current: CertificateFacts | undefined;
  let failures = 0;
  const ages: { name: string; value: number }[] = [];
  const over = makeCertificateBeat({
    cluster: small.cluster,
    certificates: {
      current: () => current,
      wantsKeyEncipherment: async () => options.older ?? false,
      ask: async () => ({
        request: "PEM",
        async keep(certificate) {
          const { wallMs, monoMs } = clock.now();
          kept.push({ atMs: monoMs, certificate });
          current = {
            commonName: "system:node:n1",
            organizations: ["system:nodes"],
            names: options.names?.() ?? (options.serving ? servingNames : []),
            notBeforeMs: wallMs - (options.aheadMs?.() ?? 0),
            notAfterMs: wallMs - (options.aheadMs?.() ?? 0) + HOUR_MS,
          };
          return current;
        },
      }),
    },
    use: options.serving ? "serving" : "client",
    subject() {
      const names = options.names === undefined ? (options.serving ? servingNames : []) : options.names();
      return names && { commonName: "system:node:n1", organization: "system:nodes", names };
    },
    clock,
    chance: seededChance(options.seed ?? 1),
    contact: makeContact({ clock, log: silentLog, meter: silentMeter }),
    log: silentLog,
    meter: {
      ...silentMeter,
      add(name) {
        if (name === "kubelet_certificate_manager_client_expiration_renew_errors") failures += 1;
        if (name === "kubelet_server_expiration_renew_errors") failures += 100;
      },
      observe: (name, _labels, value) => void ages.push({ name, value }),
    },
  })(leaving.signal, () => {});
  await clock.settle();
  const newest = (): string => {
    const names = [...small.stored.keys()].filter((key) => key.startsWith(KIND));
    return names.at(-1)?.slice(KIND.length + 1) ?? "";
  };
  return {
    ...small,
    clock,
    kept,
    failures: () => failures,
    ages,
    made: () => small.count("create", KIND),
    newest,
    /** Somebody decides on the newest request. */
    async decide(status: object) {
      small.touch(KIND, newest(), (one) => {
        one.status = status as Record<string, unknown>;
      });
      await clock.settle();
    },
    leave: () => {
      leaving.abort();
      return over;
    },
  };
}

const issued = { conditions: [{ type: "Approved" }], certificate: "CERT" };

describe("looking after the node's certificate (node.md 1.4)", () => {
  it("C1 asks at once when there is none, waits for the approval, and keeps it", async () => {
    const node = await caring();
    expect(node.made()).toBe(1);
    await node.clock.advance(10 * MINUTE_MS);
    expect(node.kept).toEqual([]);
    await node.decide({ conditions: [{ type: "Approved" }] });
    expect(node.kept).toEqual([]);
    await node.decide(issued);
    expect(node.kept).toMatchObject([{ certificate: "CERT" }]);
    expect(node.made()).toBe(1);
    expect(node.failures()).toBe(0);
  });

  it("C1 asks for nothing while nobody can say what its node is called, and anew when that has changed", async () => {
    let names: readonly string[] | undefined;
    const node = await caring({ serving: true, names: () => names });
    await node.clock.advance(10 * MINUTE_MS);
    expect(node.made()).toBe(0);
    names = ["10.0.0.9", "n1"];
    await node.clock.advance(1000);
    expect(node.made()).toBe(1);
    await node.decide(issued);
    names = undefined; // the API server is away, and the node not known for some minutes
    await node.clock.advance(5 * MINUTE_MS);
    names = ["10.0.0.9", "n1"];
    await node.clock.advance(5 * MINUTE_MS);
    expect(node.made()).toBe(1);
    names = ["10.0.0.10", "n1"];
    await node.clock.advance(MINUTE_MS);
    expect(node.made()).toBe(2);
  });

  it("C1 renews after 70 to 90 % of its life, by chance, and asks nothing before", async () => {
    const fractions = await Promise.all(
      Array.from({ length: 30 }, async (_, seed) => {
        const node = await caring({ seed });
        await node.decide(issued);
        const { length } = node.asked;
        await node.clock.advance(0.69 * HOUR_MS);
        expect(node.asked.length).toBe(length);
        await node.clock.advance(0.22 * HOUR_MS);
        expect(node.made()).toBe(2);
        const second = node.asked.filter(({ verb }) => verb === "create")[1];
        return ((second?.atMs ?? 0) - (node.kept[0]?.atMs ?? 0)) / HOUR_MS;
      }),
    );
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0.7);
    expect(Math.max(...fractions)).toBeLessThan(0.9);
    expect(Math.max(...fractions) - Math.min(...fractions)).toBeGreaterThan(0.12);
  });

  it.each([
    [false, ["digital signature", "client auth"]],
    [true, ["digital signature", "key encipherment", "client auth"]],
  ])("asks for the usages that the server knows (before 1.27: %s)", async (older, usages) => {
    const { asked } = await caring({ older });
    expect(asked[0]?.body).toMatchObject({ spec: { usages } });
  });

  it("C1 notices that the wall clock was set", async () => {
    const node = await caring();
    await node.decide(issued);
    node.clock.jumpWall(2 * HOUR_MS);
    await node.clock.advance(MINUTE_MS);
    expect(node.made()).toBe(2);
  });

  it("C4 asks ever more seldom where each new one is due at once, and as usual when the clock is right again", async () => {
    let aheadMs = 2 * HOUR_MS;
    const node = await caring({ aheadMs: () => aheadMs });
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      await node.decide(issued);
      await node.clock.advance(MINUTE_MS);
    }
    // After 1, 2, 4, 8, 16 and 32 minutes, and then each hour.
    expect(node.made()).toBeGreaterThan(24);
    expect(node.made()).toBeLessThan(32);
    aheadMs = 0;
    const before = node.made();
    for (let minute = 0; minute < 240; minute += 1) {
      await node.decide(issued);
      await node.clock.advance(MINUTE_MS);
    }
    // Within the hour, and then after 70 to 90 % of each one's.
    expect(node.made() - before).toBeGreaterThanOrEqual(4);
    expect(node.made() - before).toBeLessThanOrEqual(6);
  });

  it("C3 asks again when it was denied or removed", async () => {
    const node = await caring();
    await node.decide({ conditions: [{ type: "Denied", message: "no" }] });
    expect(node.failures()).toBe(1);
    await node.clock.advance(2200);
    expect(node.made()).toBe(2);
    node.drop(KIND, node.newest());
    await node.clock.settle();
    expect(node.failures()).toBe(2);
    await node.clock.advance(4400);
    expect(node.made()).toBe(3);
    await node.decide(issued);
    expect(node.kept.length).toBe(1);
  });

  it("C3 gives a request 15 minutes", async () => {
    const node = await caring();
    await node.clock.advance(15 * MINUTE_MS - 1);
    expect(node.made()).toBe(1);
    await node.clock.advance(2201);
    expect([node.failures(), node.made()]).toEqual([1, 2]);
  });

  it("C3 tries at 2, 4, 8, 16 and then every 32 s, without end", async () => {
    const node = await caring();
    node.fail(({ verb }) => (verb === "create" ? (new Error("away") as never) : undefined));
    await node.decide({ conditions: [{ type: "Failed" }] });
    await node.clock.advance(10 * MINUTE_MS);
    const tries = node.asked.filter(({ verb }) => verb === "create").map(({ atMs }) => atMs);
    const pauses = tries.slice(1).map((atMs, place) => atMs - (tries[place] ?? 0));
    const base = [2000, 4000, 8000, 16_000];
    for (const [place, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(base[place] ?? 32_000);
      expect(pause).toBeLessThanOrEqual((base[place] ?? 32_000) * 1.1);
    }
    expect(pauses.length).toBeGreaterThan(15);
  });

  it("goes on with the same request when the server goes away meanwhile", async () => {
    const node = await caring();
    node.fail("ApiUnreachable");
    await node.clock.advance(5 * MINUTE_MS);
    node.fail(undefined);
    await node.clock.advance(24_000);
    await node.decide(issued);
    expect([node.made(), node.kept.length]).toEqual([1, 1]);
  });

  it("a serving certificate has a signer and numbers of its own", async () => {
    const node = await caring({ serving: true });
    expect(node.asked[0]?.body).toMatchObject({
      spec: { signerName: "kubernetes.io/kubelet-serving", usages: ["digital signature", "server auth"] },
    });
    await node.decide({ conditions: [{ type: "Denied" }] });
    expect(node.failures()).toBe(100);
    await node.clock.advance(2200);
    await node.decide(issued);
    expect(node.ages).toEqual([]);
    await node.clock.advance(0.91 * HOUR_MS);
    await node.decide(issued);
    expect(node.kept.length).toBe(2);
    const [age] = node.ages;
    expect(age?.name).toBe("kubelet_certificate_manager_server_rotation_seconds");
    expect(age?.value).toBeGreaterThanOrEqual(0.7 * 3600);
    expect(age?.value).toBeLessThan(0.92 * 3600);
  });

  it("ends with the agent, whatever it waits for", async () => {
    for (const status of [undefined, issued]) {
      const node = await caring();
      if (status !== undefined) await node.decide(status);
      await node.leave();
      expect(node.clock.sleepers).toBe(0);
    }
  });
});
