import { describe, expect, it } from "vitest";
import {
  extendedAllocatable,
  type NodeIdentity,
  newNode,
  nodeStatus,
  reconciled,
} from "../../src/decide/cluster-node.ts";
import { renewedLease } from "../../src/decide/lease.ts";
import { nodeConditions, transitionsOf } from "../../src/decide/node-conditions.ts";
import { believed, nodePatch } from "../../src/decide/node-patch.ts";
import type { NodeStatus } from "../../src/pod/cluster.ts";
import type { Standing } from "../../src/pod/standing.ts";
import { withCanonicalAmounts } from "../kit/api-server/canonical-amounts.ts";
import { aNode } from "../kit/node.ts";

const NOW = { wallMs: 1_700_000_000_000, monoMs: 500_000 };
const LATER = { wallMs: NOW.wallMs + 10_000, monoMs: NOW.monoMs + 10_000 };
const well: Standing = {
  runtime: { name: "containerd", version: "2.1.4" },
  runtimeToldMonoMs: NOW.monoMs,
  listedMonoMs: NOW.monoMs,
  runtimeReady: true,
  networkReady: true,
  pressure: { memory: false, disk: false, pid: false },
  shuttingDown: false,
  images: [],
  handlers: [],
  supplementalGroupsPolicy: false,
};
const identity: NodeIdentity = {
  facts: aNode,
  machine: {
    machineId: "m",
    systemUuid: "s",
    kernelVersion: "6.1",
    osImage: "Linux",
    rootDiskBytes: 10 * 1024 ** 3,
    totalSwapBytes: 0,
  },
  maxPods: 110,
  kubeletVersion: "v1.36.2",
  port: 10_250,
  taints: [],
  providerId: "",
  maxImages: 50,
};
const ready = (standing: Standing, now = NOW) => nodeConditions([], standing, [], now).at(-1);

describe("conditions of the node (node.md 2.3)", () => {
  it("come in their order, Ready last", () => {
    const conditions = nodeConditions([], well, [], NOW);
    expect(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      "MemoryPressure False KubeletHasSufficientMemory",
      "DiskPressure False KubeletHasNoDiskPressure",
      "PIDPressure False KubeletHasSufficientPID",
      "Ready True KubeletReady",
    ]);
  });

  it.each<[string, Partial<Standing>, string]>([
    [
      "before the runtime has told anything",
      { runtimeToldMonoMs: undefined as never },
      "container runtime status check may not have completed yet",
    ],
    ["when its last word is 30 s old", { runtimeToldMonoMs: NOW.monoMs - 30_000 }, "container runtime is down"],
    [
      "when pods were not listed for more than 3 min",
      { listedMonoMs: NOW.monoMs - 185_500 },
      "PLEG is not healthy: pleg was last seen active 3m0s ago; threshold is 3m0s",
    ],
    [
      "when they were not listed for long, in steps of ten minutes",
      { listedMonoMs: NOW.monoMs - 4_499_999 },
      "PLEG is not healthy: pleg was last seen active 1h10m0s ago; threshold is 3m0s",
    ],
    [
      "without a network",
      { networkReady: false, message: "cni" },
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni",
    ],
    ["while it shuts down", { shuttingDown: true }, "node is shutting down"],
  ])("say why it is not ready %s", (_when, change, message) => {
    const standing = { ...well, ...change };
    expect(ready(standing)).toMatchObject({ status: "False", reason: "KubeletNotReady", message });
  });

  it("name several reasons in brackets, and stay ready with a word that is younger", () => {
    const both = { ...well, shuttingDown: true, runtimeToldMonoMs: NOW.monoMs - 31_000 };
    expect(ready(both)?.message).toBe("[container runtime is down, node is shutting down]");
    expect(ready({ ...well, runtimeToldMonoMs: NOW.monoMs - 29_000 })?.status).toBe("True");
  });

  it("move their transition time only with their status, and keep what others set", () => {
    const foreign = { type: "NetworkUnavailable", status: "False" as const };
    const before = nodeConditions([foreign], well, [], NOW);
    const after = nodeConditions(before, { ...well, pressure: { ...well.pressure, disk: true } }, [], LATER);
    expect(after[0]).toEqual(foreign);
    const times = Object.fromEntries(after.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]));
    expect(times).toMatchObject({ Ready: "2023-11-14T22:13:20Z", DiskPressure: "2023-11-14T22:13:30Z" });
    expect(transitionsOf(before, after)).toEqual(["NodeHasDiskPressure"]);
  });

  it("are news when they change; a pressure also when it is new, Ready not", () => {
    const before = nodeConditions([], well, [], NOW);
    expect(transitionsOf([], before)).toEqual([
      "NodeHasSufficientMemory",
      "NodeHasNoDiskPressure",
      "NodeHasSufficientPID",
    ]);
    expect(transitionsOf(before, nodeConditions(before, { ...well, shuttingDown: true }, [], LATER))).toEqual([
      "NodeNotReady",
    ]);
  });
});

describe("the status of the node (node.md 2.2)", () => {
  it("declares features, in order, and takes them back", () => {
    const declared = nodeStatus({}, { ...identity, declaredFeatures: ["B", "A"] }, well, NOW);
    expect(declared.declaredFeatures).toEqual(["A", "B"]);
    expect(nodeStatus(declared, identity, well, NOW)).not.toHaveProperty("declaredFeatures");
  });

  it("tells what the machine has, largest images first, five names at most", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const images = [
      { names: ["small"], sizeBytes: 1 },
      { names, sizeBytes: 2 },
    ];
    const status = nodeStatus({}, identity, { ...well, images }, NOW);
    expect(status.capacity).toEqual({ cpu: "2", memory: "8Gi", "ephemeral-storage": "10Gi", pods: "110" });
    expect(status.images).toEqual([
      { names: names.slice(0, 5), sizeBytes: 2 },
      { names: ["small"], sizeBytes: 1 },
    ]);
    expect(status.nodeInfo?.containerRuntimeVersion).toBe("containerd://2.1.4");
  });

  it("offers for pods what is not reserved", () => {
    const reserved = { cpuMillis: 300, memoryBytes: 2 ** 30 };
    const { capacity, allocatable } = nodeStatus({}, { ...identity, reserved }, well, NOW);
    expect(allocatable).toEqual({ ...capacity, cpu: "1700m", memory: "7Gi" });
    expect(nodeStatus({}, identity, well, NOW).allocatable).toEqual(capacity);
  });

  describe("of a node that another agent or runtime had before", () => {
    const told = { runtimeHandlers: [{ name: "gvisor" }], features: { supplementalGroupsPolicy: true } };
    const before: NodeStatus = { ...nodeStatus({}, identity, well, NOW), ...told, volumesInUse: ["csi/v1"] };
    const { runtime: _, ...mute } = well;
    const handlers = [{ name: "" }];
    const patchOf = (standing: Standing) => {
      // The runtime's version is another matter.
      const status = { ...nodeStatus(before, identity, standing, NOW), nodeInfo: before.nodeInfo } as NodeStatus;
      return nodePatch({ metadata: {}, status: before }, { metadata: {}, status }, false);
    };

    it.each<[string, Standing, object]>([
      ["no volume is in use, and the runtime counts until one has told", mute, { volumesInUse: null }],
      ["a runtime that has none", well, { volumesInUse: null, runtimeHandlers: null, features: null }],
      [
        "a runtime that has others",
        { ...well, handlers, supplementalGroupsPolicy: true },
        { volumesInUse: null, runtimeHandlers: handlers },
      ],
    ])("%s", (_what, standing, status) => {
      expect(patchOf(standing)).toEqual({ status });
    });
  });

  it.each<[string, Partial<NodeIdentity>, object, object]>([
    ["whole processors", { reserved: { cpuMillis: 1000, memoryBytes: 0 } }, { cpu: "2" }, { cpu: "1" }],
    ["a thousand pods", { maxPods: 1000 }, { pods: "1k" }, { pods: "1k" }],
    ["memory in Mi", { facts: { ...aNode, memoryBytes: 3 * 2 ** 20 + 500 } }, { memory: "3Mi" }, { memory: "3Mi" }],
    ["memory in Ki", { facts: { ...aNode, memoryBytes: 3 * 2 ** 20 + 1500 } }, { memory: "3073Ki" }, {}],
    ["no memory", { reserved: { cpuMillis: 0, memoryBytes: 9 * 2 ** 30 } }, { memory: "8Gi" }, { memory: "0" }],
    [
      "bytes of disk in thousands",
      { reserved: { cpuMillis: 0, memoryBytes: 0, storageBytes: 10 * 2 ** 30 - 7_000_000 } },
      { "ephemeral-storage": "10Gi" },
      { "ephemeral-storage": "7M" },
    ],
  ])("writes %s as an API server does", (_what, change, capacity, allocatable) => {
    const status = nodeStatus({}, { ...identity, ...change }, well, NOW);
    expect(status).toMatchObject({ capacity, allocatable });
    expect(withCanonicalAmounts({ status }).status).toEqual(status);
  });

  it("keeps the runtime's name while its version is not known, and tells a lost resource as none", () => {
    const { runtime: _, ...mute } = well;
    const before = { ...nodeStatus({}, identity, well, NOW), capacity: { "example.org/fpga": "2" } };
    const status = nodeStatus(before, identity, mute, NOW);
    expect(status.nodeInfo?.containerRuntimeVersion).toBe("containerd://Unknown");
    expect(status.capacity?.["example.org/fpga"]).toBe("0");
    expect([extendedAllocatable(before), extendedAllocatable({})]).toEqual([{ "example.org/fpga": 0 }, {}]);
  });

  it("leaves the resources that an administrator tells of the node, and drops huge pages that there are no more", () => {
    const own = { ...identity, kubeletVersion: "v1.36.2+berth.1.0.0" };
    const told = { "example.org/dongle": "4", "hugepages-1Gi": "2Gi" };
    const first = nodeStatus({}, own, well, NOW);
    const before = {
      ...first,
      capacity: { ...first.capacity, ...told },
      allocatable: { ...first.allocatable, ...told },
    };
    const status = nodeStatus(before, own, well, NOW);
    expect(status.capacity).toEqual({ ...first.capacity, "example.org/dongle": "4" });
    expect(status.allocatable).toEqual({ ...first.allocatable, "example.org/dongle": "4" });
    const node = (status: NodeStatus) => ({ metadata: { name: "node" }, status });
    expect(nodePatch(node(before), node(status), false)).toEqual({
      status: { capacity: { "hugepages-1Gi": null }, allocatable: { "hugepages-1Gi": null } },
    });
    // What was told of it can be had, also where the one who told it said nothing of that.
    const { allocatable: _, ...half } = before;
    expect(nodeStatus(half, own, well, NOW).allocatable?.["example.org/dongle"]).toBe("4");
    expect([extendedAllocatable(status), extendedAllocatable(half)]).toEqual([{ "example.org/dongle": 4 }, {}]);
  });

  it("of a node that is there already brings only known labels up to date (node.md 2.1)", () => {
    const old = { metadata: { name: "node", labels: { env: "old", mine: "x" } } };
    expect(reconciled(old, identity).metadata.labels).toMatchObject({
      env: "old",
      mine: "x",
      "kubernetes.io/os": "linux",
    });
  });
});

describe("with a controller of the cloud (node.md 2.1, 2.2)", () => {
  const KEY = "node.cloudprovider.kubernetes.io/uninitialized";
  const waits = { key: KEY, value: "true", effect: "NoSchedule" };
  const HOSTNAME = { type: "Hostname", address: aNode.hostname };
  const under = (...givenIps: string[]): NodeIdentity => ({ ...identity, cloud: { givenIps } });

  it("a new node waits for it under a taint, beside those that it is to have", () => {
    const mine = { key: "mine", effect: "NoExecute" };
    expect(newNode({ ...under(), taints: [mine] }, well, NOW).spec?.taints).toEqual([mine, waits]);
    // A server refuses two taints of one key and effect.
    expect(newNode({ ...under(), taints: [{ ...waits, value: "x" }] }, well, NOW).spec?.taints).toEqual([waits]);
    expect(newNode(identity, well, NOW).spec).toEqual({});
  });

  it("a node that is there already gets no taint", () => {
    expect(reconciled({ metadata: {}, spec: {} }, under()).spec).toEqual({});
  });

  it.each<[string, NodeIdentity, string | undefined]>([
    ["the given address", under("192.0.2.7"), "192.0.2.7"],
    ["one of each family", under("192.0.2.7", "2001:db8::7"), "192.0.2.7,2001:db8::7"],
    ["nothing that was not given", under(), undefined],
    ["nothing without a cloud", identity, undefined],
  ])("is told %s, also by a node that is there and was told something else", (_what, who, told) => {
    const name = "alpha.kubernetes.io/provided-node-ip";
    expect(newNode(who, well, NOW).metadata.annotations?.[name]).toBe(told);
    const there = { metadata: { annotations: { [name]: "192.0.2.66", other: "kept" } } };
    const { annotations = {} } = reconciled(there, who).metadata;
    expect(annotations).toMatchObject({ other: "kept" });
    expect(annotations[name]).toBe(told);
  });

  it("a node has no address but its name until it is told one, or was given one", () => {
    expect(nodeStatus({}, under(), well, NOW).addresses).toEqual([HOSTNAME]);
    expect(nodeStatus({ addresses: [] }, under("192.0.2.7"), well, NOW).addresses).toEqual([
      { type: "InternalIP", address: "192.0.2.7" },
      HOSTNAME,
    ]);
    const told = [{ type: "ExternalIP", address: "203.0.113.1" }];
    expect(nodeStatus({ addresses: told }, under("192.0.2.7"), well, NOW).addresses).toEqual(told);
    expect(nodeStatus({ addresses: told }, identity, well, NOW).addresses).not.toEqual(told);
  });
});

describe("the patch of a node's status (node.md 2.4)", () => {
  const node = newNode(identity, well, NOW);
  const at = (standing: Standing) => ({ ...node, status: nodeStatus(node.status ?? {}, identity, standing, LATER) });

  it("is none when only heartbeats differ, and carries them when it is due", () => {
    const fresh = { ...well, runtimeToldMonoMs: LATER.monoMs, listedMonoMs: LATER.monoMs };
    expect(nodePatch(node, at(fresh), false)).toBeUndefined();
    const patch = nodePatch(node, at(fresh), true) as { status: { conditions: unknown[] } };
    expect(Object.keys(patch.status)).toEqual(["conditions"]);
    expect(patch.status.conditions).toHaveLength(4);
  });

  it("carries heartbeats with whatever else changes", () => {
    const images = [{ names: ["a:1"], sizeBytes: 1 }];
    const patch = nodePatch(node, at({ ...well, images }), false) as { status: { conditions: unknown[] } };
    expect(patch.status).toMatchObject({ images });
    expect(patch.status.conditions).toHaveLength(4);
    const labelled = { ...at(well), metadata: { ...node.metadata, labels: { mine: "x" } } };
    expect(nodePatch(node, labelled, false)).toMatchObject({ status: { conditions: { length: 4 } } });
  });

  it("replaces all addresses when one changes, and names what is gone", () => {
    const moved = {
      ...node,
      status: { ...node.status, addresses: [{ type: "Hostname", address: "n" }], capacity: { cpu: "2" } },
    };
    expect(nodePatch(node, moved, false)).toEqual({
      status: {
        addresses: [{ $patch: "replace" }, { type: "Hostname", address: "n" }],
        capacity: { memory: null, "ephemeral-storage": null, pods: null },
      },
    });
  });

  it.each([
    ["3", "3000m", true],
    ["8Gi", "8388608Ki", true],
    ["1k", "1000", true],
    ["1k", "1024", false],
    ["3", "3001m", false],
    ["much", "more", false],
    [undefined, "0", false],
  ])("compares amounts, not how they are written: %s and %s", (there, wanted, isSame) => {
    const having = (amount: string | undefined) => ({
      metadata: {},
      status: amount === undefined ? {} : { capacity: { a: amount }, allocatable: { a: amount } },
    });
    const patch = { status: { capacity: { a: wanted }, allocatable: { a: wanted } } };
    expect(nodePatch(having(there), having(wanted), false)).toEqual(isSame ? undefined : patch);
  });

  it("is not sent again for a field that the server drops", () => {
    const wished = at({ ...well, handlers: [{ name: "" }] });
    const { runtimeHandlers: _, ...answered } = wished.status;
    const shown = { ...wished, status: answered };
    expect(nodePatch(shown, wished, false)).toEqual({ status: { runtimeHandlers: [{ name: "" }] } });
    const echo = { sent: wished.status, answered };
    expect(nodePatch(believed(shown, echo), wished, false)).toBeUndefined();
    const changed = { ...shown, status: { ...answered, runtimeHandlers: [] } };
    expect(nodePatch(believed(changed, echo), wished, false)).toBeDefined();
  });
});

describe("the lease (node.md 2.5)", () => {
  const wish = { nodeName: "node", durationSeconds: 40 };

  it("belongs to its node and says nothing but holder, duration and time", () => {
    expect(renewedLease(wish, "u1", undefined, NOW.wallMs)).toEqual({
      metadata: {
        name: "node",
        namespace: "kube-node-lease",
        ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "node", uid: "u1" }],
      },
      spec: { holderIdentity: "node", leaseDurationSeconds: 40, renewTime: "2023-11-14T22:13:20.000000Z" },
    });
  });

  it("keeps version and owner of what was read", () => {
    const held = renewedLease(wish, "u1", { metadata: { resourceVersion: "7" } }, NOW.wallMs);
    const next = renewedLease(wish, undefined, held, LATER.wallMs);
    expect(next.metadata).toEqual(held.metadata);
    expect(next.spec?.renewTime).toBe("2023-11-14T22:13:30.000000Z");
  });

  it("moves on although the clock was set back, so that the node is not taken for lost", () => {
    const held = renewedLease(wish, "u1", undefined, LATER.wallMs);
    const first = renewedLease(wish, undefined, held, LATER.wallMs - 3_600_000);
    expect(first.spec?.renewTime).toBe("2023-11-14T22:13:30.001000Z");
    expect(renewedLease(wish, undefined, first, LATER.wallMs - 3_590_000).spec?.renewTime).toBe(
      "2023-11-14T22:13:30.002000Z",
    );
  });

  it("is not led astray by a time that nobody can read", () => {
    const spec = { renewTime: "yesterday" };
    expect(renewedLease(wish, "u1", { metadata: {}, spec }, NOW.wallMs).spec?.renewTime).toBe(
      "2023-11-14T22:13:20.000000Z",
    );
  });
});
