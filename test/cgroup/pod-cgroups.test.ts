import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { hierarchiesOf, readHierarchies } from "../../src/cgroup/hierarchies.ts";
import { makeCgroups } from "../../src/cgroup/pod-cgroups.ts";

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

  it.each(["/../../etc", "relative", "/a//b", "", "/"])("refuses the path %j", async (path) => {
    await expect(cgroups.remove(path, signal)).rejects.toMatchObject({ code: "FileFailed" });
  });
});
