import { expect, it } from "vitest";
import { makePodCgroups } from "../../src/agent/pod-cgroups.ts";
import { makeSliceCgroups } from "../../src/cgroup/slices.ts";
import { podLevels } from "../../src/cmd/cgroups.ts";
import type { CgroupLimits, Cgroups, Slices } from "../../src/pod/cgroup.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { aContainer, aPod } from "../kit/pods.ts";

const { signal } = new AbortController();

/** What systemd and the files were asked for, in order. */
function recorded(cgroupVersion: 1 | 2) {
  const told: string[] = [];
  const files: Cgroups = {
    async ensure(path, { cpuQuotaUs }) {
      told.push(`files ${path}${cpuQuotaUs === undefined ? "" : ` ${cpuQuotaUs}`}`);
    },
    async remove(path) {
      told.push(`remove ${path}`);
    },
    empty: async () => undefined,
    sharesBelow: async () => new Map(),
    keptBelow: async () => new Map(),
  };
  const slices: Slices = {
    async ensure(name, parent, properties) {
      told.push(`${name} in ${parent}: ${properties.map((one) => `${one.name}=${one.value}`).join(" ")}`);
    },
    async stop(name) {
      told.push(`stop ${name}`);
    },
  };
  return { told, cgroups: makeSliceCgroups(files, slices, cgroupVersion) };
}

const NONE = "18446744073709551615";
const SLICE = "/kubepods.slice/kubepods-pod1a_2b.slice";

it.each<[1 | 2, CgroupLimits, string, number | undefined]>([
  [2, { cpuShares: 1024, cpuPeriodUs: 100_000 }, `CPUWeight=39 CPUQuotaPerSecUSec=${NONE}`, undefined],
  [
    2,
    { cpuShares: 256, cpuPeriodUs: 100_000, cpuQuotaUs: 25_000, memoryBytes: 4096, pids: 9 },
    "CPUWeight=10 CPUQuotaPerSecUSec=250000 CPUQuotaPeriodUSec=100000 MemoryMax=4096 TasksMax=9",
    25_000,
  ],
  [
    1,
    { cpuShares: 256, cpuPeriodUs: 100_000, cpuQuotaUs: 1500, memoryBytes: 4096 },
    "CPUShares=256 CPUQuotaPerSecUSec=20000 CPUQuotaPeriodUSec=100000 MemoryLimit=4096",
    2000, // A hundredth of a processor is the least step: the files follow.
  ],
])(
  "version %i: a slice has its limits as systemd calls them (cri-mapping 3.2)",
  async (version, limits, properties, quota) => {
    const { told, cgroups } = recorded(version);
    await cgroups.ensure(SLICE, limits, signal);
    const written = quota === undefined ? "" : ` ${quota}`;
    expect(told).toEqual([`kubepods-pod1a_2b.slice in kubepods.slice: ${properties}`, `files ${SLICE}${written}`]);
  },
);

it("what is left is killed before systemd is told that the slice has ended", async () => {
  const { told, cgroups } = recorded(2);
  await cgroups.remove(SLICE, signal);
  expect(told).toEqual([`remove ${SLICE}`, "stop kubepods-pod1a_2b.slice"]);
});

it("a pod's slice stands below those of all pods and of its class, which weighs as much as its pods", async () => {
  const { told, cgroups } = recorded(2);
  const settings = { ...someSettings({ cgroupRoot: "/apps" }), cgroupDriver: "systemd" as const, cgroupsPerQos: true };
  const facts = { ...aNode, cpuMillis: 2000, memoryBytes: 4096 };
  const container = aContainer({ spec: { resources: { requests: { cpu: "500m" } } } });
  const pods = makePodCgroups(cgroups, (pod) => podLevels(pod, settings, facts));
  const pod = aPod({ uid: "1a-2b", containers: [container] });
  await pods.ensure({ ...pod, spec: { ...pod.spec, containers: [container.spec] } }, signal);
  expect(told.filter((line) => line.includes(" in "))).toEqual([
    `apps-kubepods.slice in apps.slice: CPUWeight=79 CPUQuotaPerSecUSec=${NONE} MemoryMax=4096`,
    `apps-kubepods-burstable.slice in apps-kubepods.slice: CPUWeight=20 CPUQuotaPerSecUSec=${NONE}`,
    `apps-kubepods-burstable-pod1a_2b.slice in apps-kubepods-burstable.slice: CPUWeight=20 CPUQuotaPerSecUSec=${NONE}`,
  ]);
  expect(told.at(-1)).toBe(
    "files /apps.slice/apps-kubepods.slice/apps-kubepods-burstable.slice/apps-kubepods-burstable-pod1a_2b.slice",
  );
});
