import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { makePodCgroups, type PodCgroups } from "../../src/agent/pod-cgroups.ts";
import { hierarchiesOf, readHierarchies } from "../../src/cgroup/hierarchies.ts";
import { makeCgroups } from "../../src/cgroup/pod-cgroups.ts";
import { podLevels } from "../../src/cmd/cgroups.ts";
import type { DesiredPod } from "../../src/pod/desired.ts";
import { podCgroupLimits } from "../../src/pod/resources.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { aContainer, aPod } from "../kit/pods.ts";

const hierarchies = await readHierarchies();
const memory = hierarchies.find((hierarchy) => hierarchy.controllers.includes("memory"));
const root = `/berth-test-${process.pid}`;
const { signal } = new AbortController();
const limits = { cpuShares: 102, cpuQuotaUs: 20_000, cpuPeriodUs: 100_000, memoryBytes: 64 * 1024 * 1024, pids: 50 };

describe("mount table to hierarchies", () => {
  it("takes each hierarchy once, with its controllers", () => {
    const text = [
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct",
      "33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
      "50 31 0:29 / /elsewhere rw,relatime - cgroup cgroup rw,cpu,cpuacct",
      "51 31 0:99 / /tmp rw - tmpfs tmpfs rw",
    ].join("\n");
    expect(hierarchiesOf(text)).toEqual([
      { folder: "/sys/fs/cgroup/cpu,cpuacct", version: 1, controllers: ["cpu", "cpuacct"] },
      { folder: "/sys/fs/cgroup/systemd", version: 1, controllers: ["name=systemd"] },
      { folder: "/sys/fs/cgroup/unified", version: 2, controllers: [] },
    ]);
  });
});

// Needs root and a writable cgroup tree: elsewhere there is nothing to make.
describe.skipIf(process.getuid?.() !== 0 || memory === undefined)("pod cgroups on this host", () => {
  const cgroups = makeCgroups(hierarchies);
  const pod = `${root}/kubepods/burstable/podabc`;
  const inMemory = (path: string): string => join(memory?.folder ?? "", path);
  const limitFile = memory?.version === 2 ? "memory.max" : "memory.limit_in_bytes";

  afterEach(() => cgroups.remove(root, signal));

  it("makes every level where there is something to limit and writes the limits; again is harmless", async () => {
    await cgroups.ensure(pod, limits, signal);
    await cgroups.ensure(pod, limits, signal);
    const limited = hierarchies.filter(({ controllers }) =>
      controllers.some((name) => /^(cpu|memory|pids)$/.test(name)),
    );
    expect(limited.filter((hierarchy) => !existsSync(join(hierarchy.folder, pod)))).toEqual([]);
    expect(readFileSync(join(inMemory(pod), limitFile), "utf8").trim()).toBe(String(limits.memoryBytes));
  });

  it("kills what is left inside when it removes", async () => {
    await cgroups.ensure(pod, limits, signal);
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    const ended = once(child, "exit");
    writeFileSync(join(inMemory(pod), "cgroup.procs"), String(child.pid));
    await cgroups.remove(pod, signal);
    expect((await ended)[1]).toBe("SIGKILL");
    expect(existsSync(inMemory(pod))).toBe(false);
  });

  it("ends what is left inside and below, and keeps the cgroup", async () => {
    await cgroups.ensure(pod, limits, signal);
    await cgroups.ensure(`${pod}/left`, limits, signal);
    const children = [pod, `${pod}/left`].map((path) => {
      const child = spawn("sleep", ["1000"], { stdio: "ignore" });
      writeFileSync(join(inMemory(path), "cgroup.procs"), String(child.pid));
      return child;
    });
    const ended = children.map((child) => once(child, "exit"));
    await cgroups.empty(pod, signal);
    expect((await Promise.all(ended)).map(([, by]) => by)).toEqual(["SIGKILL", "SIGKILL"]);
    expect(existsSync(inMemory(pod))).toBe(true);
    await cgroups.empty(`${pod}/never-was`, signal);
  });

  it.each(["/../../etc", "relative", "/a//b", "", "/"])("refuses the path %j", async (path) => {
    await expect(cgroups.remove(path, signal)).rejects.toMatchObject({ code: "FileFailed" });
  });
});

describe("a tree of version 2 (cri-mapping 3.2)", () => {
  /** As the kernel shows it down to the classes: what is below them is made by the code. */
  function tree(): { folder: string; read: (path: string) => Record<string, string> } {
    const folder = mkdtempSync(join(tmpdir(), "berth-cgroup-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const level of ["", "kubepods", "kubepods/burstable", "kubepods/besteffort"]) {
      mkdirSync(join(folder, level), { recursive: true });
      writeFileSync(join(folder, level, "cgroup.controllers"), "cpu memory pids hugetlb\n");
    }
    const read = (path: string) =>
      Object.fromEntries(
        readdirSync(join(folder, path), { withFileTypes: true })
          .filter((entry) => entry.isFile() && !entry.name.startsWith("cgroup."))
          .map(({ name }) => [name, readFileSync(join(folder, path, name), "utf8")]),
      );
    return { folder, read };
  }
  const cgroupsIn = (folder: string) =>
    makeCgroups([{ folder, version: 2, controllers: ["cpu", "memory", "pids", "hugetlb"] }]);

  it("a pod has its weight, quota, memory and processes; the level above hands the controllers down", async () => {
    const { folder, read } = tree();
    await cgroupsIn(folder).ensure("/kubepods/burstable/poda", limits, signal);
    expect(read("kubepods/burstable/poda")).toEqual({
      ...{ "cpu.weight": "4", "cpu.max": "20000 100000", "memory.max": "67108864", "pids.max": "50" },
    });
    expect(readFileSync(join(folder, "kubepods/burstable/cgroup.subtree_control"), "utf8")).toBe("+hugetlb");
  });

  it("what is kept for pods is kept by the levels above, pods of an earlier agent among them (2.7, MemoryQoS)", async () => {
    const { folder, read } = tree();
    const settings = {
      ...someSettings({ cgroupRoot: "/", memoryQos: { throttlingFactor: 0.9, reserves: true } }),
      ...{ cgroupDriver: "cgroupfs" as const, cgroupsPerQos: true },
    };
    const cgroups = (): PodCgroups => makePodCgroups(cgroupsIn(folder), (pod) => podLevels(pod, settings, aNode));
    const asking = (uid: string, resources: v1.ResourceRequirements): DesiredPod => {
      const container = aContainer({ spec: { resources } });
      const pod = aPod({ uid, containers: [container] });
      return { ...pod, spec: { ...pod.spec, containers: [container.spec] } };
    };
    const equal = { cpu: "1", memory: "1Mi" };
    const kept = (path: string) => {
      const files = read(path);
      return [files["memory.min"], files["memory.low"]];
    };
    const small = asking("small", { requests: { memory: "2Ki" } });
    const first = cgroups();
    await first.ensure(asking("even", { requests: equal, limits: equal }), signal);
    await first.ensure(small, signal);
    expect([kept("kubepods/podeven"), kept("kubepods/burstable/podsmall")]).toEqual([
      ["1048576", undefined],
      [undefined, "2048"],
    ]);
    expect([kept("kubepods"), kept("kubepods/burstable")]).toEqual([
      ["1048576", "2048"],
      [undefined, "2048"],
    ]);
    const later = cgroups();
    await later.ensure(asking("other", { requests: { memory: "1Ki" } }), signal);
    expect([kept("kubepods"), kept("kubepods/burstable")]).toEqual([
      ["1048576", "3072"],
      [undefined, "3072"],
    ]);
    expect(read("kubepods/burstable")["cpu.weight"]).toBe("1");
    for (const name of ["cpu.weight", "memory.low", "cpu.max"])
      rmSync(join(folder, "kubepods/burstable/podsmall", name), { force: true });
    await later.remove(small, signal);
    expect(kept("kubepods/burstable")[1]).toBe("1024");
  });

  it("huge pages are limited by what is asked for, and those of other sizes to nothing", async () => {
    const { folder, read } = tree();
    const resources = { requests: { cpu: "1", "hugepages-2048Ki": "4Mi" } };
    const node = { cpuCfsQuota: true, cpuCfsQuotaPeriodUs: 100_000, podPidsLimit: -1, hugePageKib: [2048, 1_048_576] };
    const of = podCgroupLimits({ containers: [{ name: "a", image: "a", resources }] }, node);
    await cgroupsIn(folder).ensure("/kubepods/burstable/poda", of, signal);
    expect(read("kubepods/burstable/poda")).toEqual({
      ...{ "cpu.weight": "39", "hugetlb.2MB.max": "4194304", "hugetlb.1GB.max": "0" },
    });
  });

  it("what has no limit is not written, and a limit that went away is taken back", async () => {
    const { folder, read } = tree();
    const cgroups = cgroupsIn(folder);
    await cgroups.ensure("/kubepods/besteffort/poda", { cpuShares: 2, cpuPeriodUs: 100_000 }, signal);
    expect(read("kubepods/besteffort/poda")).toEqual({ "cpu.weight": "1" });
    await cgroups.ensure("/kubepods/besteffort/poda", { cpuShares: 1024, cpuPeriodUs: 50_000 }, signal);
    expect(read("kubepods/besteffort/poda")).toEqual({ "cpu.weight": "39", "cpu.max": "max 50000" });
  });

  it.each<[string, Partial<v1.PodSpec>, Record<string, string>]>([
    [
      "pod-level resources win over those of the containers",
      { resources: { requests: { cpu: "2" }, limits: { cpu: "3", memory: "1Gi" } } },
      { "cpu.weight": "79", "cpu.max": "300000 100000", "memory.max": "1073741824" },
    ],
    ["a container without limits leaves the pod without", {}, { "cpu.weight": "10" }],
  ])("%s", async (_name, spec, expected) => {
    const { folder, read } = tree();
    const containers: v1.Container[] = [
      { name: "a", image: "a", resources: { requests: { cpu: "250m" }, limits: { cpu: "1", memory: "8Mi" } } },
      { name: "b", image: "b" },
    ];
    const node = { cpuCfsQuota: true, cpuCfsQuotaPeriodUs: 100_000, podPidsLimit: -1 };
    await cgroupsIn(folder).ensure("/kubepods/burstable/poda", podCgroupLimits({ containers, ...spec }, node), signal);
    expect(read("kubepods/burstable/poda")).toEqual(expected);
  });

  it("classes: best effort weighs least, burstable as much as its pods, those of an earlier agent among them", async () => {
    const { folder, read } = tree();
    const settings = { ...someSettings({ cgroupRoot: "/" }), cgroupDriver: "cgroupfs" as const, cgroupsPerQos: true };
    const cgroups = (): PodCgroups =>
      makePodCgroups(cgroupsIn(folder), (pod) =>
        podLevels(pod, settings, { ...aNode, cpuMillis: 2000, memoryBytes: 4096 }),
      );
    const asking = (uid: string, cpu?: string): DesiredPod => {
      const container = aContainer(cpu === undefined ? {} : { spec: { resources: { requests: { cpu } } } });
      return aPod({ uid, containers: [container] });
    };
    await cgroups().ensure(asking("a", "500m"), signal);
    await cgroups().ensure(asking("none"), signal);
    expect(read("kubepods")).toEqual({ "cpu.weight": "79", "memory.max": "4096", "cpu.max": "max 100000" });
    expect(read("kubepods/besteffort")["cpu.weight"]).toBe("1");
    expect(read("kubepods/burstable")["cpu.weight"]).toBe("20");
    const later = cgroups();
    await later.ensure(asking("b", "1500m"), signal);
    // A weight of 20 is read back as 500 shares, not 512.
    expect(read("kubepods/burstable")["cpu.weight"]).toBe("78");
    expect(Object.keys(read("kubepods/burstable")).filter((name) => name.startsWith("memory"))).toEqual([]);
  });
});
