import { describe, expect, it } from "vitest";
import { type CgroupLayout, podCgroup, type QosClass, weightOfShares } from "../../src/pod/cgroup.ts";

const base: CgroupLayout = { driver: "cgroupfs", root: "", perQos: true };

describe("the cgroup parent of a pod (cri-mapping 1.6)", () => {
  it.each<[string, Partial<CgroupLayout>, QosClass, string]>([
    ["cgroupfs, Guaranteed", {}, "Guaranteed", "/kubepods/pod1a-2b"],
    ["cgroupfs, Burstable", {}, "Burstable", "/kubepods/burstable/pod1a-2b"],
    ["cgroupfs, BestEffort", {}, "BestEffort", "/kubepods/besteffort/pod1a-2b"],
    ["systemd, Guaranteed", { driver: "systemd" }, "Guaranteed", "/kubepods.slice/kubepods-pod1a_2b.slice"],
    [
      "systemd, Burstable",
      { driver: "systemd" },
      "Burstable",
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a_2b.slice",
    ],
    ["a root goes in front", { root: "/site/a" }, "BestEffort", "/site/a/kubepods/besteffort/pod1a-2b"],
    ["no cgroup per class", { perQos: false }, "Burstable", ""],
  ])("%s", (_, change, qos, expected) => {
    expect(podCgroup({ ...base, ...change }, qos, "1a-2b")).toBe(expected);
  });
});

describe("shares as weight (cri-mapping 3.2)", () => {
  it.each([
    [0, 1],
    [2, 1],
    [1024, 39],
    [2048, 79],
    [262_144, 10_000],
    [999_999, 10_000],
  ])("%i shares weigh %i", (shares, weight) => {
    expect(weightOfShares(shares)).toBe(weight);
  });
});
