import { describe, expect, it } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import type { ClusterNode, NodeStatus } from "../../../src/pod/cluster.ts";
import type { MetricName } from "../../../src/pod/metrics.ts";
import { recordingMeter } from "../../kit/meter.ts";
import { aNode } from "../../kit/node.ts";
import { aMember, aSetup, type Member } from "./member.ts";

const MINUTE_MS = 60_000;
type Patch = {
  status?: { conditions?: { type: string }[]; images?: unknown; addresses?: unknown[] };
  metadata?: object;
};

const patches = ({ asked }: Member, sinceMs: number): readonly { atMs: number; body: Patch }[] =>
  asked
    .filter(({ verb, kind, atMs }) => verb === "patch" && kind === "nodes" && atMs >= sinceMs)
    .map(({ atMs, body }) => ({ atMs, body: (body ?? {}) as Patch }));
const reasons = ({ told }: Member): readonly string[] => told.map(({ reason }) => reason);

/** A member whose first, early report is over, just after a later one; the moment since when it rests. */
async function resting(options: Parameters<typeof aMember>[0] = {}) {
  const member = aMember(options);
  await member.clock.advance(10 * MINUTE_MS);
  for (const sent = member.count("patch", "nodes"); member.count("patch", "nodes") === sent; )
    await member.clock.advance(1000);
  const sinceMs = member.clock.now().monoMs + 1;
  await member.clock.advance(1);
  return { member, sinceMs };
}

it("hands on the addresses that the cluster has given to the node's pods (node.md 2.2)", async () => {
  const ranges: string[] = [];
  const member = aMember({ setup: { onPodRange: (range) => void ranges.push(range) } });
  await member.clock.advance(1000);
  expect(new Set(ranges)).toEqual(new Set([""]));
  member.touch("nodes", aNode.nodeName, (node) => Object.assign(node, { spec: { podCIDR: "10.1.0.0/24" } }));
  await member.clock.advance(1000);
  expect(ranges.at(-1)).toBe("10.1.0.0/24");
  const both = { podCIDR: "10.1.0.0/24", podCIDRs: ["10.1.0.0/24", "fd00:1::/64"] };
  member.touch("nodes", aNode.nodeName, (node) => Object.assign(node, { spec: both }));
  await member.clock.advance(1000);
  expect(ranges.at(-1)).toBe("10.1.0.0/24,fd00:1::/64");
});

describe("registering (node.md 2.1)", () => {
  it("N1 makes the node, with its status", async () => {
    const member = aMember();
    await member.clock.advance(0);
    expect(member.asked.find(({ kind }) => kind === "nodes")?.verb).toBe("create");
    expect(member.condition("Ready")).toMatchObject({ status: "True", reason: "KubeletReady" });
  });

  it("never takes back what the cloud's controller has made of the node, also after a restart", async () => {
    const setup = { identity: { ...aSetup.identity, cloud: { givenIps: [] } } };
    const region = { "topology.kubernetes.io/region": "north", "topology.kubernetes.io/zone": "north-1" };
    const addresses = [
      { type: "InternalIP", address: "10.9.9.9" },
      { type: "ExternalDNS", address: "box.example.org" },
    ];
    const told = { providerID: "cloud://7", taints: [] };
    const shown = (member: Member) => member.stored.get(`nodes/${aNode.nodeName}`) as ClusterNode;
    const holds = (member: Member): void => {
      expect(shown(member)).toMatchObject({ metadata: { labels: region }, spec: told, status: { addresses } });
      expect(shown(member).status?.conditions).toContainEqual({ type: "NetworkUnavailable", status: "False" });
    };

    const member = aMember({ setup });
    await member.clock.advance(1000);
    expect(shown(member).spec?.taints).toHaveLength(1);
    expect(shown(member).status?.addresses).toEqual([{ type: "Hostname", address: aNode.hostname }]);
    member.touch("nodes", aNode.nodeName, (stored) => {
      const node = stored as ClusterNode;
      node.metadata.labels = { ...node.metadata.labels, ...region };
      node.spec = told;
      const conditions = [...(node.status?.conditions ?? []), { type: "NetworkUnavailable", status: "False" as const }];
      node.status = { ...node.status, addresses, conditions };
    });
    const sent = member.count("patch", "nodes");
    member.stand(() => ({ networkReady: false }));
    await member.clock.advance(10 * MINUTE_MS);
    expect(member.count("patch", "nodes")).toBeGreaterThan(sent + 1);
    holds(member);
    await member.stop();

    const again = aMember({
      setup,
      before: ({ stored }) => void stored.set(`nodes/${aNode.nodeName}`, structuredClone(shown(member)) as never),
    });
    await again.clock.advance(10 * MINUTE_MS);
    expect(again.condition("Ready")).toMatchObject({ status: "True" });
    holds(again);
    await again.stop();
  });

  it("tells once how long a new node took, from the boot of its host until it was ready", async () => {
    const heard = recordingMeter();
    const told = (part: string): number | undefined =>
      heard.gauge(`kubelet_node_startup_${part}duration_seconds` as MetricName);
    const member = aMember({ meter: heard.meter, before: ({ fail }) => fail("ApiUnreachable") });
    member.stand(() => ({ networkReady: false }));
    await member.clock.advance(25_000);
    expect(told("")).toBeUndefined();
    member.fail(undefined);
    await member.clock.advance(15_000);
    expect(member.condition("Ready")).toMatchObject({ status: "False" });
    expect(told("")).toBeUndefined();
    member.stand(() => ({}));
    await member.clock.advance(1000);
    expect(member.condition("Ready")).toMatchObject({ status: "True" });
    const [before, asked, made = 0, ready = 0] = [
      "pre_kubelet_",
      "pre_registration_",
      "registration_",
      "post_registration_",
    ].map(told);
    expect([before, asked]).toEqual([58, 2]);
    expect(made).toBeGreaterThanOrEqual(25);
    expect(made + ready).toBe(40);
    expect(told("")).toBe(100);
    member.stand(() => ({ networkReady: false }));
    await member.clock.advance(20_000);
    member.stand(() => ({}));
    await member.clock.advance(20_000);
    expect(told("")).toBe(100);
  });

  it("N1 brings a node that is there up to date, and keeps what others gave it", async () => {
    const heard = recordingMeter();
    const member = aMember({
      meter: heard.meter,
      before: ({ stored }) =>
        stored.set("nodes/node", {
          metadata: {
            name: "node",
            uid: "old",
            resourceVersion: "1",
            labels: { "kubernetes.io/arch": "arm64", mine: "kept" },
          } as never,
          status: { conditions: [{ type: "NetworkUnavailable", status: "False" }] },
        }),
    });
    await member.clock.advance(10_000);
    const node = member.stored.get("nodes/node") as unknown as { metadata: { labels: object; uid: string } };
    expect(node.metadata.uid).toBe("old");
    expect(node.metadata.labels).toMatchObject({ "kubernetes.io/arch": "amd64", mine: "kept" });
    expect(node.metadata.labels).not.toHaveProperty("env"); // others of the node's labels count at its creation only
    expect(member.condition("NetworkUnavailable")).toMatchObject({ status: "False" });
    expect(member.condition("Ready")).toMatchObject({ status: "True" });
    expect(heard.gauge("kubelet_node_startup_duration_seconds")).toBeUndefined(); // it is no new one
  });

  it("N1 a server that refuses to make it may have it: it is read", async () => {
    const member = aMember({
      before: ({ stored, fail }) => {
        stored.set("nodes/node", { metadata: { name: "node", uid: "old", resourceVersion: "1" } });
        fail(({ verb, kind }) =>
          verb === "create" && kind === "nodes" ? new BerthError("ApiForbidden", "not you") : undefined,
        );
      },
    });
    await member.clock.advance(1000);
    expect(member.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("N1 tries for ever, ever more slowly", async () => {
    const member = aMember({ before: ({ fail }) => fail("ApiUnreachable") });
    await member.clock.advance(10 * MINUTE_MS);
    const tries = member.asked.filter(({ verb, kind }) => verb === "create" && kind === "nodes");
    const pauses = tries.slice(1).map(({ atMs }, place) => atMs - (tries[place]?.atMs ?? 0));
    expect(pauses[0]).toBeLessThan(300);
    expect(Math.min(...pauses.slice(6))).toBeGreaterThanOrEqual(7000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_500);
    member.fail(undefined);
    await member.clock.advance(10_500);
    expect(member.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("N1 one that is deleted is not made again, and its lease neither", async () => {
    const { member, sinceMs } = await resting();
    member.drop("nodes", "node");
    member.drop("leases", "node");
    await member.clock.advance(10 * MINUTE_MS);
    expect(member.count("create", "nodes", sinceMs)).toBe(0);
    expect(member.stored.size).toBe(0);
    expect(member.count("get", "nodes", sinceMs)).toBeLessThan(250); // for the status, and for the lease's owner
  });

  it("makes no node when it is told not to, but reports for one", async () => {
    const member = aMember({ setup: { register: false } });
    await member.clock.advance(30_000);
    expect(member.count("create", "nodes")).toBe(0);
    member.stored.set("nodes/node", { metadata: { name: "node", uid: "u", resourceVersion: "1" } });
    await member.clock.advance(10_500);
    expect(member.condition("Ready")).toMatchObject({ status: "True" });
  });
});

describe("the node's status (node.md 2.4)", () => {
  it("N2 is told every 5 minutes at rest, as heartbeat times alone", async () => {
    const { member, sinceMs } = await resting();
    await member.clock.advance(60 * MINUTE_MS);
    const sent = patches(member, sinceMs);
    const pauses = sent.slice(1).map(({ atMs }, place) => atMs - (sent[place]?.atMs ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5 * MINUTE_MS);
    expect(Math.max(...pauses)).toBeLessThan(5 * MINUTE_MS + 10_400); // it looks every 10 s
    for (const { body } of sent) {
      expect(Object.keys(body.status ?? {})).toEqual(["conditions"]);
      expect(body.metadata).toBeUndefined();
    }
  });

  it("N2 costs nothing more where the server writes an amount otherwise", async () => {
    const reserved = { cpuMillis: 1000, memoryBytes: 2 ** 30 };
    const identity = { ...aSetup.identity, maxPods: 1000, reserved };
    const { member, sinceMs } = await resting({ setup: { identity } });
    const { status } = member.stored.get("nodes/node") ?? {};
    expect(status?.allocatable).toMatchObject({ cpu: "1", memory: "7Gi", pods: "1k" });
    await member.clock.advance(60 * MINUTE_MS);
    expect(patches(member, sinceMs).length).toBeGreaterThanOrEqual(11);
    expect(patches(member, sinceMs).length).toBeLessThanOrEqual(12);
  });

  it("N2 the first report after joining comes 2.5 to 7.5 minutes later, by chance", async () => {
    const firsts = await Promise.all(
      Array.from({ length: 30 }, async (_, seed) => {
        const member = aMember({ seed });
        await member.clock.advance(10_500);
        const joined = member.clock.now().monoMs;
        await member.clock.advance(8 * MINUTE_MS);
        return patches(member, joined)[0]?.atMs ?? 0;
      }),
    );
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(2.5 * MINUTE_MS);
    expect(Math.max(...firsts)).toBeLessThan(7.5 * MINUTE_MS + 21_000);
    expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(3 * MINUTE_MS);
  });

  it("N2 is told at once when it changes, with what changed only", async () => {
    const { member, sinceMs } = await resting();
    member.stand(() => ({ images: [{ names: ["a:1"], sizeBytes: 1 }] }));
    await member.clock.settle();
    const [sent] = patches(member, sinceMs);
    expect(sent?.atMs).toBe(sinceMs);
    expect(sent?.body.status?.images).toEqual([{ names: ["a:1"], sizeBytes: 1 }]);
    expect(sent?.body.status?.addresses).toBeUndefined();
    await member.clock.advance(2 * MINUTE_MS);
    expect(patches(member, sinceMs).length).toBe(1);
  });

  it("N2 heartbeats go on while something else changes more often than they are due", async () => {
    const { member } = await resting();
    const beats = (): readonly number[] => {
      const { conditions = [] } = (member.stored.get("nodes/node")?.status ?? {}) as NodeStatus;
      return conditions.map(({ lastHeartbeatTime = "" }) => Date.parse(lastHeartbeatTime));
    };
    for (let sizeBytes = 1; sizeBytes < 15; sizeBytes += 1) {
      const { wallMs } = member.clock.now();
      member.stand(() => ({ images: [{ names: ["a:1"], sizeBytes }] }));
      await member.clock.advance(2 * MINUTE_MS);
      expect(Math.min(...beats())).toBeGreaterThanOrEqual(wallMs - 1000); // they are told in whole seconds
    }
  });

  it("N2 bells without a change cost no request", async () => {
    const { member } = await resting();
    const before = member.asked.length;
    for (let ring = 0; ring < 100; ring += 1) {
      member.stand(() => ({}));
      await member.clock.settle();
    }
    expect(member.asked.length).toBe(before);
  });

  it("as often as it is worked out, when somebody set that", async () => {
    const { member, sinceMs } = await resting({ setup: { pace: { lookMs: 10_000, reportMs: 10_000 } } });
    await member.clock.advance(10 * MINUTE_MS);
    expect(patches(member, sinceMs).length).toBeGreaterThanOrEqual(56);
    expect(patches(member, sinceMs).length).toBeLessThanOrEqual(60);
  });

  it("N3 is told anew when the control plane has set its conditions to Unknown", async () => {
    const { member, sinceMs } = await resting();
    member.touch("nodes", "node", (node) => {
      const conditions = (node.status?.conditions ?? []) as object[];
      for (const condition of conditions) Object.assign(condition, { status: "Unknown", reason: "NodeStatusUnknown" });
    });
    await member.clock.settle();
    expect(patches(member, sinceMs).length).toBe(1);
    expect(member.condition("Ready")).toMatchObject({ status: "True", reason: "KubeletReady" });
    expect(reasons(member)).toContain("NodeReady");
  });

  it("N3 another's change of other fields costs nothing", async () => {
    const { member, sinceMs } = await resting();
    member.touch("nodes", "node", (node) => {
      (node.metadata as { labels?: object }).labels = { colour: "red" };
    });
    await member.clock.advance(MINUTE_MS);
    expect(patches(member, sinceMs).length).toBe(0);
  });

  it("N3 an answer that comes late does not take back what the watch has told since", async () => {
    const { member } = await resting();
    member.answerLate(1000);
    member.stand(() => ({ images: [{ names: ["a:1"], sizeBytes: 1 }] }));
    await member.clock.advance(500);
    member.touch("nodes", "node", (node) => Object.assign(node, { spec: { unschedulable: true } }));
    expect(reasons(member)).not.toContain("NodeNotSchedulable");
    await member.clock.advance(MINUTE_MS);
    expect(reasons(member)).toContain("NodeNotSchedulable");
  });

  it("tells a reboot once", async () => {
    const member = aMember({
      before: ({ stored }) =>
        stored.set("nodes/node", {
          metadata: { name: "node", uid: "old", resourceVersion: "1" },
          status: { nodeInfo: { bootID: "boot-0" } },
        }),
    });
    await member.clock.advance(MINUTE_MS);
    expect(reasons(member).filter((reason) => reason === "Rebooted")).toEqual(["Rebooted"]);
    expect(member.told.find(({ reason }) => reason === "Rebooted")?.message).toBe(
      "Node node has been rebooted, boot id: boot-1",
    );
  });
});

describe("a node that is closed to new pods", () => {
  it("says so once, and that it is open again (lifecycle.md 10)", async () => {
    const { member } = await resting();
    const close = async (unschedulable: boolean): Promise<void> => {
      member.touch("nodes", "node", (node) => Object.assign(node, { spec: { unschedulable } }));
      await member.clock.advance(MINUTE_MS);
    };
    const told = (): readonly string[] => reasons(member).filter((reason) => /Schedulable/.test(reason));
    expect(told()).toEqual([]);
    await close(true);
    expect(told()).toEqual(["NodeNotSchedulable"]);
    await close(true);
    await close(false);
    expect(told()).toEqual(["NodeNotSchedulable", "NodeSchedulable"]);
  });
});

describe("a runtime that is down", () => {
  it("makes the node not ready after 30 s, with its reason and an event, and keeps the lease", async () => {
    const { member, sinceMs } = await resting();
    member.stand(() => ({ runtimeToldMonoMs: sinceMs, listedMonoMs: sinceMs }));
    await member.clock.advance(29_000);
    expect(member.condition("Ready")).toMatchObject({ status: "True" });
    await member.clock.advance(12_000);
    expect(member.condition("Ready")).toMatchObject({
      status: "False",
      reason: "KubeletNotReady",
      message: "container runtime is down",
    });
    expect(reasons(member).at(-1)).toBe("NodeNotReady");
    await member.clock.advance(19_000);
    expect(member.count("replace", "leases", sinceMs)).toBeGreaterThanOrEqual(5);
    member.stand(() => ({}));
    await member.clock.settle();
    expect(member.condition("Ready")).toMatchObject({ status: "True" });
    expect(reasons(member).at(-1)).toBe("NodeReady");
  });

  it("for long says how long, and is not told again for each second of it", async () => {
    const { member, sinceMs } = await resting();
    member.stand(() => ({ runtimeToldMonoMs: sinceMs, listedMonoMs: sinceMs }));
    await member.clock.advance(4 * MINUTE_MS);
    expect(member.condition("Ready")?.message).toMatch(
      /^\[container runtime is down, PLEG is not healthy: pleg was last seen active 3m.*; threshold is 3m0s\]$/,
    );
    const down = member.clock.now().monoMs;
    await member.clock.advance(30 * MINUTE_MS);
    expect(patches(member, down).length).toBeLessThanOrEqual(7 + 3 + 6); // minutes, tens of minutes, and the usual ones
  });
});
