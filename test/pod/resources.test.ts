import { describe, expect, it } from "vitest";
import { formatQuantity } from "../../src/pod/quantity.ts";
import {
  cpuQuotaUs,
  cpuShares,
  podCgroupLimits,
  podLimits,
  podRequests,
  qosClass,
  type Resources,
} from "../../src/pod/resources.ts";
import type * as v1 from "../../src/pod/v1.ts";

const both = (cpu: string, memory: string): v1.ResourceRequirements => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
});
const container = (name: string, resources?: v1.ResourceRequirements): v1.Container => ({
  name,
  image: "i",
  ...(resources ? { resources } : {}),
});
const sidecar = (name: string, resources?: v1.ResourceRequirements): v1.Container => ({
  ...container(name, resources),
  restartPolicy: "Always",
});
const pod = (apps: v1.Container[], init: v1.Container[] = [], more: Partial<v1.PodSpec> = {}): v1.PodSpec => ({
  containers: apps,
  initContainers: init,
  ...more,
});
const texts = (resources: Resources) =>
  Object.fromEntries([...resources].map(([name, quantity]) => [name, formatQuantity(quantity)]));

describe("quality of service (cri-mapping 3.1)", () => {
  it.each<[string, v1.PodSpec, string]>([
    ["nothing asked for", pod([container("a")]), "BestEffort"],
    ["zeros do not count", pod([container("a", both("0", "0"))]), "BestEffort"],
    ["other resources do not count", pod([container("a", { limits: { "ephemeral-storage": "1Gi" } })]), "BestEffort"],
    ["both limits, requests equal", pod([container("a", both("1", "1Gi"))]), "Guaranteed"],
    [
      "equal in number, not in text",
      pod([container("a", { requests: { cpu: "1000m", memory: "1024Mi" }, limits: { cpu: "1", memory: "1Gi" } })]),
      "Guaranteed",
    ],
    [
      "sums are compared, not containers",
      pod([
        container("a", { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "1Gi" } }),
        container("b", { requests: { cpu: "2", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } }),
      ]),
      "Guaranteed",
    ],
    ["a container without limits", pod([container("a", both("1", "1Gi")), container("b")]), "Burstable"],
    ["an init container without limits", pod([container("a", both("1", "1Gi"))], [container("i")]), "Burstable"],
    ["a request only", pod([container("a", { requests: { cpu: "1" } })]), "Burstable"],
    ["cpu only, balanced", pod([container("a", { requests: { cpu: "1" }, limits: { cpu: "1" } })]), "Burstable"],
    ["pod level replaces the containers", pod([container("a")], [], { resources: both("1", "1Gi") }), "Guaranteed"],
    [
      "pod level with requests only",
      pod([container("a", both("1", "1Gi"))], [], { resources: { requests: { cpu: "1" } } }),
      "Burstable",
    ],
    ["an empty pod level says nothing", pod([container("a", both("1", "1Gi"))], [], { resources: {} }), "Guaranteed"],
  ])("%s", (_, spec, expected) => {
    expect(qosClass(spec)).toBe(expected);
  });
});

describe("what a pod asks for at its peak (cri-mapping 3.2)", () => {
  const asks = (cpu: string): v1.ResourceRequirements => ({ requests: { cpu }, limits: { cpu } });

  it.each<[string, v1.PodSpec, string]>([
    ["apps are added", pod([container("a", asks("1")), container("b", asks("500m"))]), "1500m"],
    [
      "the largest init container",
      pod([container("a", asks("1"))], [container("i", asks("3")), container("j", asks("2"))]),
      "3",
    ],
    ["sidecars run beside apps", pod([container("a", asks("1"))], [sidecar("s", asks("1"))]), "2"],
    [
      "sidecars declared before an init container",
      pod([container("a", asks("1"))], [sidecar("s", asks("1")), container("i", asks("3"))]),
      "4",
    ],
    [
      "sidecars declared after it do not count for it",
      pod([container("a", asks("1"))], [container("i", asks("3")), sidecar("s", asks("1"))]),
      "3",
    ],
    ["pod level replaces", pod([container("a", asks("1"))], [], { resources: { requests: { cpu: "5" } } }), "5"],
    ["overhead on top", pod([container("a", asks("1"))], [], { overhead: { cpu: "250m" } }), "1250m"],
  ])("%s", (_, spec, expected) => {
    expect(texts(podRequests(spec)).cpu).toBe(expected);
  });

  it("adds overhead to limits only where there is one", () => {
    const spec = pod([container("a", { limits: { cpu: "1" } })], [], { overhead: { cpu: "1", memory: "1Gi" } });
    expect(texts(podLimits(spec))).toEqual({ cpu: "2" });
    expect(texts(podRequests(spec))).toEqual({ cpu: "1", memory: "1Gi" });
  });
});

describe("shares and quota (cri-mapping 2.7)", () => {
  it.each([
    [0, 2],
    [1, 2],
    [100, 102],
    [250, 256],
    [1000, 1024],
    [256_000, 262_144],
    [500_000, 262_144],
  ])("%d milli-CPU have %d shares", (millis, shares) => {
    expect(cpuShares(millis)).toBe(shares);
  });

  it.each([
    [0, 0],
    [1, 1000],
    [10, 1000],
    [15, 1500],
    [250, 25_000],
    [1500, 150_000],
  ])("%d milli-CPU have a quota of %d us", (millis, quota) => {
    expect(cpuQuotaUs(millis, 100_000)).toBe(quota);
  });
});

describe("the cgroup of a pod (cri-mapping 3.2)", () => {
  const node = { cpuCfsQuota: true, cpuCfsQuotaPeriodUs: 100_000, podPidsLimit: -1 };
  const limited = both("500m", "64Mi");
  const period = { cpuPeriodUs: 100_000 };
  const full = { cpuShares: 512, cpuQuotaUs: 50_000, memoryBytes: 64 * 2 ** 20, ...period };

  it.each<[string, v1.PodSpec, object]>([
    ["Guaranteed", pod([container("a", limited)]), full],
    ["BestEffort", pod([container("a")]), { cpuShares: 2, ...period }],
    [
      "an unlimited container lifts the limits",
      pod([container("a", limited), container("b")]),
      { cpuShares: 512, ...period },
    ],
    [
      "so does an unlimited init container",
      pod([container("a", limited)], [container("i")]),
      { cpuShares: 512, ...period },
    ],
    [
      "unless a limited sidecar comes before it",
      pod([container("a", limited)], [sidecar("s", limited), container("i")]),
      { cpuShares: 1024, cpuQuotaUs: 100_000, memoryBytes: 128 * 2 ** 20, ...period },
    ],
    ["pod-level limits are enough", pod([container("a")], [], { resources: limited }), full],
    [
      "memory only",
      pod([container("a", { requests: { cpu: "1" }, limits: { memory: "64Mi" } })]),
      { cpuShares: 1024, memoryBytes: 64 * 2 ** 20, ...period },
    ],
  ])("%s", (_, spec, expected) => {
    expect(podCgroupLimits(spec, node)).toEqual(expected);
  });

  it("has no quota without CFS quota, and a pid limit where the node has one", () => {
    const limits = podCgroupLimits(pod([container("a", limited)]), { ...node, cpuCfsQuota: false, podPidsLimit: 100 });
    expect(limits.cpuQuotaUs).toBeUndefined();
    expect(limits.pids).toBe(100);
  });
});
