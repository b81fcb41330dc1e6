import { describe, expect, it } from "vitest";
import { nextNodePlan } from "../../src/decide/node-plan.ts";
import type { DesiredPod, Ending } from "../../src/pod/desired.ts";
import type { NodePicture, Stranger, WorkerFacts } from "../../src/pod/node-plan.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { aContainer, aPod } from "../kit/pods.ts";

const pod = (uid: string, change: Partial<DesiredPod> = {}): DesiredPod =>
  aPod({ uid, name: `${uid}-node`, ...change });
const withSpec = (uid: string, container: Partial<v1.Container>, spec: Partial<v1.PodSpec> = {}): DesiredPod => {
  const containers = [aContainer({ spec: container })];
  const base = aPod({ containers });
  return pod(uid, { containers, spec: { ...base.spec, ...spec } });
};
let arrivals = 0;
const worker = (of: DesiredPod, change: Partial<WorkerFacts> = {}): WorkerFacts => ({
  pod: of,
  admission: { kind: "waiting" },
  finished: false,
  cleaned: false,
  terminal: false,
  byShutdown: false,
  adopted: false,
  arrival: ++arrivals,
  ...change,
});
const admitted = { admission: { kind: "admitted" } } as const;
const ending = (cause: Ending["cause"]): Ending => ({ cause, graceSeconds: 30, sinceMonoMs: 0 });
const plan = (change: Partial<NodePicture>) =>
  nextNodePlan({
    facts: aNode,
    settings: someSettings(),
    workers: [],
    asked: [],
    sourcesReady: true,
    boundReady: true,
    brokenFiles: new Set(),
    strangers: [],
    hostGoesOn: true,
    now: { wallMs: 0, monoMs: 0 },
    ...change,
  });
const a = pod("a");

describe("who begins, ends, is forgotten", () => {
  it("what is asked for and has no worker begins", () => {
    expect(plan({ asked: [a], sourcesReady: false }).begin).toEqual([a]);
    expect(plan({ asked: [a], workers: [worker(a)] }).begin).toEqual([]);
  });

  it.each<[string, Partial<WorkerFacts>, boolean, readonly DesiredPod[], string[]]>([
    ["F13: what nobody asks for ends", {}, true, [], ["removed"]],
    ["F14: not before every source has reported", {}, false, [], []],
    ["T13: another UID asks for its name", {}, true, [pod("b", { name: "a-node" })], ["replaced"]],
    ["F11b: its UID is asked for under another name", {}, true, [pod("a", { name: "b-node" })], ["removed"]],
    ["it is told once", { ending: ending("removed") }, true, [], []],
    [
      "a pod that passed its deadline is told when it leaves the source",
      { ending: ending("deadline") },
      true,
      [],
      ["removed"],
    ],
    ["what is asked for stays", {}, true, [a], []],
  ])("%s", (_, change, sourcesReady, asked, causes) => {
    const { end } = plan({ workers: [worker(a, change)], asked, sourcesReady });
    expect(end.map((one) => one.ending.cause)).toEqual(causes);
  });

  it.each<[string, DesiredPod["origin"]["kind"], boolean, boolean, string[]]>([
    ["D1: the directory cannot be read, which says nothing of an API server's pods", "api", false, true, ["removed"]],
    ["the API server has not told yet", "api", true, false, []],
    ["the API server says nothing of pods of files", "file", true, false, ["removed"]],
    ["D1: the directory cannot be read", "file", false, true, []],
  ])("F14: each source stands for itself: %s", (_, kind, sourcesReady, boundReady, causes) => {
    const origin = kind === "api" ? { kind } : a.origin;
    const { end } = plan({ workers: [worker(pod("a", { origin }))], sourcesReady, boundReady });
    expect(end.map((one) => one.ending.cause)).toEqual(causes);
  });

  it("T3: a grace of 0 becomes 1 s", () => {
    expect(plan({ workers: [worker(pod("a", { graceSeconds: 0 }))] }).end[0]?.ending.graceSeconds).toBe(1);
  });

  it.each<[string, Partial<WorkerFacts>, string[]]>([
    ["finished but not cleaned stays", { ending: ending("removed"), finished: true }, []],
    ["cleaned leaves", { ending: ending("removed"), finished: true, cleaned: true }, ["a"]],
    ["T8: finished and still configured stays", { ending: ending("deadline"), finished: true, cleaned: true }, []],
  ])("%s", (_, change, expected) => {
    expect(plan({ workers: [worker(a, change)] }).forget).toEqual(expected);
  });

  it("G5: what the runtime holds and nobody asks for is an orphan, once the sources are ready", () => {
    const strangers = [{ uid: "x", namespace: "default", name: "x" }];
    expect(plan({ strangers }).orphans).toEqual(["x"]);
    expect(plan({ strangers, sourcesReady: false }).orphans).toEqual([]);
    expect(plan({ strangers, asked: [pod("x")] }).orphans).toEqual([]);
  });

  const unnamed = { uid: "x", namespace: "", name: "x", onlyHome: true } as const;
  const recorded = { uid: "x", namespace: "default", name: "a-node", path: "/m/a.yaml" };
  const bound = { uid: "x", namespace: "default", name: "x", path: "" };
  const unrecorded = { uid: "x", namespace: "default", name: "x" };
  it.each<[string, Stranger, Partial<NodePicture>, boolean]>([
    ["D1: its file is there and broken: it may be meant", recorded, { brokenFiles: new Set(["/m/a.yaml"]) }, false],
    ["another file is broken", recorded, { brokenFiles: new Set(["/m/b.yaml"]) }, true],
    ["T13: another pod has its name", recorded, { brokenFiles: new Set(["/m/a.yaml"]), asked: [a] }, true],
    ["the API server has not told: no pod of a file waits for it", recorded, { boundReady: false }, true],
    ["the API server has not told of a bound pod", bound, { boundReady: false }, false],
    [
      "the API server knows no such bound pod, whatever files are broken",
      bound,
      { brokenFiles: new Set(["/m/a"]) },
      true,
    ],
    ["a home without a record may be that of any broken file", unnamed, { brokenFiles: new Set(["/m/a.yaml"]) }, false],
    ["a home without a record may be that of a bound pod", unnamed, { boundReady: false }, false],
    ["a home without a record, and all is told", unnamed, {}, true],
    ["F14: its directory was not read", recorded, { sourcesReady: false }, false],
    ["F14: a directory that was not read says nothing of a bound pod", bound, { sourcesReady: false }, true],
    ["F14: a home without a record may be that of a file", unnamed, { sourcesReady: false }, false],
    ["F14: what no record tells of may be of a file", unrecorded, { sourcesReady: false }, false],
    ["F14: what no record tells of may be a bound pod", unrecorded, { boundReady: false }, false],
  ])("%s", (_, stranger, change, ends) => {
    expect(plan({ strangers: [stranger], ...change }).orphans).toEqual(ends ? ["x"] : []);
  });
});

it("T13: a stranger that has the name of a new pod gets its worker first", () => {
  const strangers = [{ uid: "x", namespace: "default", name: "a-node" }];
  expect(plan({ asked: [a], strangers })).toMatchObject({ begin: [], orphans: ["x"] });
  expect(plan({ asked: [a], strangers: [{ ...a }] }).begin).toEqual([a]);
});

describe("whose turn a name is (T13, T14)", () => {
  const names = { name: "web-node" };
  const [old, middle, young] = [pod("old", names), pod("middle", names), pod("young", names)];
  const turns = (...workers: WorkerFacts[]) =>
    [...plan({ workers }).turns].filter(([, turn]) => turn).map(([uid]) => uid);

  it.each<[string, Partial<WorkerFacts>, Partial<WorkerFacts>, string[]]>([
    ["the older one has it", {}, {}, ["old"]],
    ["it keeps it while it ends", { ending: ending("replaced") }, {}, ["old"]],
    [
      "finished gives it on, before the cleaning",
      { ending: ending("replaced"), finished: true },
      {},
      ["old", "middle"],
    ],
    ["finished but configured keeps it", { finished: true, terminal: true }, {}, ["old"]],
    [
      "T14: removed before it began is skipped",
      { ending: ending("replaced"), finished: true },
      { ending: ending("removed"), finished: true },
      ["old", "middle", "young"],
    ],
  ])("%s", (_, first, second, expected) => {
    expect(turns(worker(old, first), worker(middle, second), worker(young))).toEqual(expected);
  });

  it("tells who waits", () => {
    expect(plan({ workers: [worker(old), worker(middle)] }).waiting).toEqual(
      new Map([["default/web-node", ["middle"]]]),
    );
  });
});

const withSysctl = (name: string) => withSpec("p", {}, { securityContext: { sysctls: [{ name, value: "1" }] } });

describe("admission (1.4)", () => {
  it.each([
    ["kernel.msg*", "kernel.msgmax", "admitted"],
    ["kernel.msg*", "kernel/msgmax", "admitted"],
    ["kernel.msgmax", "kernel.msgmnb", "refused"],
    ["net.core.somaxconn", "net.core.somaxconn", "admitted"],
  ])("with allowedUnsafeSysctls %s, %s is %s", (allowed, name, expected) => {
    const asked = withSysctl(name);
    const settings = someSettings({ allowedUnsafeSysctls: [allowed] });
    expect(plan({ workers: [worker(asked)], asked: [asked], settings }).admissions.get("p")?.kind).toBe(expected);
  });

  const port = (hostPort: number, more: Partial<v1.ContainerPort> = {}): Partial<v1.Container> => ({
    ports: [{ containerPort: 80, hostPort, protocol: "TCP", ...more }],
  });
  const cpu = (quantity: string) => ({ resources: { requests: { cpu: quantity } } });
  const term = (key: string, operator: string, values?: string[]): Partial<v1.PodSpec> => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] }],
        },
      },
    },
  });
  const taken = worker(withSpec("taken", { ...cpu("1500m"), ...port(80) }), admitted);

  it.each<[string, DesiredPod, string]>([
    ["nothing against it", pod("p"), "admitted"],
    ["a selector that fits", withSpec("p", {}, { nodeSelector: { env: "test" } }), "admitted"],
    ["a selector that does not", withSpec("p", {}, { nodeSelector: { env: "live" } }), "NodeAffinity"],
    ["affinity In", withSpec("p", {}, term("env", "In", ["test", "x"])), "admitted"],
    ["affinity NotIn", withSpec("p", {}, term("env", "NotIn", ["test"])), "NodeAffinity"],
    ["affinity Exists", withSpec("p", {}, term("gpu", "Exists")), "NodeAffinity"],
    ["affinity DoesNotExist", withSpec("p", {}, term("gpu", "DoesNotExist")), "admitted"],
    ["affinity Gt of no number", withSpec("p", {}, term("env", "Gt", ["1"])), "NodeAffinity"],
    ["another node's name", withSpec("p", {}, { nodeName: "other" }), "NodeName"],
    ["another system", withSpec("p", {}, { os: { name: "windows" } }), "PodOSNotSupported"],
    [
      "another system's label",
      pod("p", { labels: { "kubernetes.io/os": "windows" } }),
      "PodOSSelectorNodeLabelDoesNotMatch",
    ],
    ["a safe sysctl", withSysctl("net.ipv4.tcp_syncookies"), "admitted"],
    ["a safe sysctl with slashes", withSysctl("net/ipv4/tcp_syncookies"), "admitted"],
    ["a sysctl of the whole host", withSysctl("vm.swappiness"), "SysctlForbidden"],
    ["an unsafe sysctl that the node does not allow", withSysctl("kernel.msgmax"), "SysctlForbidden"],
    ["a port that is free", withSpec("p", port(81)), "admitted"],
    ["a port that is taken", withSpec("p", port(80)), "NodePorts"],
    ["a taken port of one address", withSpec("p", port(80, { hostIP: "127.0.0.1" })), "NodePorts"],
    ["a taken port of the other protocol", withSpec("p", port(80, { protocol: "UDP" })), "admitted"],
    ["cpu that is left", withSpec("p", cpu("500m")), "admitted"],
    ["cpu that is not", withSpec("p", cpu("501m")), "OutOfcpu"],
    ["memory that is not", withSpec("p", { resources: { requests: { memory: "9Gi" } } }), "OutOfmemory"],
    ["two reasons: a critical pod's placement is told", withSpec("p", { ...cpu("4"), ...port(80) }), "NodePorts"],
  ])("%s", (_, asked, expected) => {
    const admission = plan({ workers: [taken, worker(asked)], asked: [asked] }).admissions.get("p");
    expect(admission?.kind === "refused" ? admission.reason : admission?.kind).toBe(expected);
  });

  it.each<[string, string, true | undefined, string]>([
    ["strict groups where the runtime knows them", "Strict", undefined, "admitted"],
    ["strict groups where it does not", "Strict", true, "SupplementalGroupsPolicyNotSupported"],
    ["merged groups", "Merge", true, "admitted"],
  ])("%s", (_, supplementalGroupsPolicy, lacks, expected) => {
    const asked = withSpec("p", {}, { securityContext: { supplementalGroupsPolicy } });
    const lacking = lacks === undefined ? {} : { lacksStrictGroups: lacks };
    const admission = plan({ workers: [worker(asked)], asked: [asked], ...lacking }).admissions.get("p");
    expect(admission?.kind === "refused" ? admission.reason : admission?.kind).toBe(expected);
  });

  const toleration = (one: v1.Toleration): Partial<v1.PodSpec> => ({ tolerations: [one] });
  const busy = { key: "busy", value: "yes", effect: "NoExecute" };
  const bound = (spec: Partial<v1.PodSpec>): DesiredPod => ({ ...withSpec("p", {}, spec), origin: { kind: "api" } });
  it.each<[string, DesiredPod, NodePicture["placement"], string]>([
    [
      "a label of the server's",
      bound({ nodeSelector: { disk: "fast" } }),
      { labels: { disk: "fast" }, taints: [] },
      "",
    ],
    [
      "a static pod, too",
      withSpec("p", {}, { nodeSelector: { disk: "fast" } }),
      { labels: { disk: "fast" }, taints: [] },
      "",
    ],
    [
      "a label that the server has taken away",
      bound({ nodeSelector: { env: "test" } }),
      { labels: {}, taints: [] },
      "NodeAffinity",
    ],
    ["what the server has bound before it told of the node", bound({ nodeSelector: { disk: "fast" } }), undefined, ""],
    ["a taint", bound({}), { labels: {}, taints: [busy] }, "TaintToleration"],
    ["a taint, for a static pod", withSpec("p", {}), { labels: {}, taints: [busy] }, ""],
    ["a taint for the scheduler alone", bound({}), { labels: {}, taints: [{ ...busy, effect: "NoSchedule" }] }, ""],
    ["a taint that is tolerated", bound(toleration({ key: "busy", value: "yes" })), { labels: {}, taints: [busy] }, ""],
    [
      "another value",
      bound(toleration({ key: "busy", value: "no" })),
      { labels: {}, taints: [busy] },
      "TaintToleration",
    ],
    ["any value", bound(toleration({ key: "busy", operator: "Exists" })), { labels: {}, taints: [busy] }, ""],
    ["any key", bound(toleration({ operator: "Exists" })), { labels: {}, taints: [busy] }, ""],
    [
      "another effect",
      bound(toleration({ operator: "Exists", effect: "NoSchedule" })),
      { labels: {}, taints: [busy] },
      "TaintToleration",
    ],
    [
      "one of two taints",
      bound(toleration({ key: "busy", operator: "Exists" })),
      { labels: {}, taints: [busy, { ...busy, key: "old" }] },
      "TaintToleration",
    ],
  ])("the node as the API server shows it: %s", (_, asked, placement, expected) => {
    const picture = { workers: [worker(asked)], ...(placement === undefined ? {} : { placement }) };
    const admission = plan(picture).admissions.get("p");
    expect(admission?.kind === "refused" ? admission.reason : "").toBe(expected);
  });

  it("says what was asked, what is used and what there is", () => {
    const big = withSpec("p", cpu("2"));
    expect(plan({ workers: [taken, worker(big)] }).admissions.get("p")).toEqual({
      kind: "refused",
      reason: "OutOfcpu",
      message: "Node didn't have enough resource: cpu, requested: 2000, used: 1500, capacity: 2000",
    });
  });

  it("admits in order of arrival from running totals, and what no longer fits is refused", () => {
    const [one, two] = [withSpec("one", cpu("1500m")), withSpec("two", cpu("1500m"))];
    const { admissions } = plan({ workers: [worker(one), worker(two)] });
    expect([...admissions.values()].map(({ kind }) => kind)).toEqual(["admitted", "refused"]);
  });

  it.each<[string, Partial<WorkerFacts>, string]>([
    ["a finished pod gives its room back", { finished: true, ending: ending("removed") }, "admitted"],
    ["so does a terminal one", { terminal: true }, "admitted"],
    ["one that still ends does not", { ending: ending("removed") }, "refused"],
    ["one that an earlier agent left running does not", { adopted: true, admission: { kind: "waiting" } }, "refused"],
  ])("a refused pod is asked again: %s", (_, change, expected) => {
    const big = worker(withSpec("big", cpu("2")), { ...admitted, ...change });
    const next = worker(withSpec("p", cpu("1")), {
      admission: { kind: "refused", reason: "OutOfcpu", message: "" },
      terminal: true,
    });
    expect(plan({ workers: [big, next] }).admissions.get("p")?.kind).toBe(expected);
  });

  it.each([
    { cpuMillis: 500, memoryBytes: 0, asked: "1500m", expected: "admitted" },
    { cpuMillis: 501, memoryBytes: 0, asked: "1500m", expected: "refused" },
    { cpuMillis: 9000, memoryBytes: 0, asked: "1m", expected: "refused" },
    { cpuMillis: 0, memoryBytes: 2 ** 40, asked: "1m", expected: "admitted" },
  ])(
    "what is reserved is not given away: $cpuMillis milli-CPU, $asked asked for",
    ({ asked, expected, ...reserved }) => {
      const admissions = plan({ settings: someSettings({ reserved }), workers: [worker(withSpec("p", cpu(asked)))] });
      expect(admissions.admissions.get("p")?.kind).toBe(expected);
    },
  );

  it.each<[string, Record<string, string>[], string | undefined]>([
    ["disk that is there", [{ "ephemeral-storage": "600" }], undefined],
    [
      "disk that others have",
      [{ "ephemeral-storage": "600" }, { "ephemeral-storage": "600" }],
      "OutOfephemeral-storage",
    ],
    ["huge pages that the kernel holds ready", [{ "hugepages-2048Ki": "4Mi" }], undefined],
    ["huge pages that others have", [{ "hugepages-2Mi": "4Mi" }, { "hugepages-2048Ki": "2Mi" }], "OutOfhugepages-2Mi"],
    ["huge pages of a size that it does not have", [{ "hugepages-1Gi": "1Gi" }], "OutOfhugepages-1Gi"],
  ])("counts %s (node.md 4)", (_what, asked, reason) => {
    const facts = { ...aNode, rootDiskBytes: 1100, hugePageBytes: { "hugepages-2Mi": 4 * 2 ** 20 } };
    const settings = someSettings({ reserved: { cpuMillis: 0, memoryBytes: 0, storageBytes: 100 } });
    const workers = asked.map((requests, at) => worker(withSpec(`p${at}`, { resources: { requests } })));
    const last = plan({ facts, settings, workers }).admissions.get(`p${asked.length - 1}`);
    expect(last).toEqual(reason === undefined ? { kind: "admitted" } : expect.objectContaining({ reason }));
  });

  const dongles = (count: string): v1.ResourceRequirements => ({
    requests: { "example.org/dongle": count },
  });
  it.each<[string, readonly string[], Record<string, number> | undefined, string | undefined]>([
    ["that are there", ["2"], { "example.org/dongle": 2 }, undefined],
    ["that are too few", ["3"], { "example.org/dongle": 2 }, "requested: 3, used: 0, capacity: 2"],
    ["that others have", ["1", "2"], { "example.org/dongle": 2 }, "requested: 2, used: 1, capacity: 2"],
    ["that are gone", ["1"], { "example.org/dongle": 0 }, "requested: 1, used: 0, capacity: 0"],
    ["of which none is asked for", ["0"], { "example.org/dongle": 0 }, undefined],
    ["that the node does not know", ["3"], { "example.org/other": 2 }, undefined],
    ["before the server has told of the node", ["3"], undefined, undefined],
  ])("counts extended resources %s (node.md 4)", (_, asked, extended, text) => {
    const message = `Node didn't have enough resource: example.org/dongle, ${text}`;
    const refusal = { kind: "refused", reason: "OutOfexample.org/dongle", message };
    for (const origin of [{ kind: "api" }, { kind: "file", path: "/m/a.yaml" }] as const) {
      const pods = asked.map((count, at) => ({ ...withSpec(`p${at}`, { resources: dongles(count) }), origin }));
      const workers = pods.map((one) => worker(one as DesiredPod));
      const picture = { workers, ...(extended && { placement: { labels: aNode.labels, taints: [], extended } }) };
      const { admissions, end } = plan(picture);
      expect(admissions.get(`p${asked.length - 1}`)).toEqual(text === undefined ? { kind: "admitted" } : refusal);
      expect(end.map(({ ending: { cause } }) => cause).includes("preempted")).toBe(false);
    }
  });

  it("tells of disk before extended resources, whatever their names (node.md 4)", () => {
    const requests = { "amd.com/gpu": "1", "ephemeral-storage": "600" };
    const verdict = plan({
      facts: { ...aNode, rootDiskBytes: 100 },
      placement: { labels: {}, taints: [], extended: { "amd.com/gpu": 0 } },
      workers: [worker(withSpec("p", { resources: { requests } }))],
    }).admissions.get("p");
    expect(verdict).toMatchObject({ reason: "OutOfephemeral-storage" });
  });

  it("memory of huge pages, and what a threshold keeps free, is not given away as memory (node.md 2.2)", () => {
    const facts = { ...aNode, memoryBytes: 1000, hugePageBytes: { "hugepages-2Mi": 200 } };
    const settings = someSettings({ reserved: { cpuMillis: 0, memoryBytes: 100, evictionMemoryBytes: 100 } });
    const verdict = (memory: string) =>
      plan({
        facts,
        settings,
        workers: [worker(withSpec("p", { resources: { requests: { memory } } }))],
      }).admissions.get("p")?.kind;
    expect([verdict("600"), verdict("601")]).toEqual(["admitted", "refused"]);
  });

  it("counts pods", () => {
    const settings = someSettings({ maxPods: 1 });
    const admissions = plan({ settings, workers: [worker(pod("one")), worker(pod("p"))] }).admissions;
    expect(admissions.get("p")).toMatchObject({ reason: "OutOfpods" });
  });
});
