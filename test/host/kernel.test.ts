import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readKernelFacts } from "../../src/host/kernel.ts";

/** A root with these files; a name that ends in / is a directory. */
async function rootWith(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "kernel-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(name.endsWith("/") ? join(root, name) : dirname(join(root, name)), { recursive: true });
    if (!name.endsWith("/")) await writeFile(join(root, name), text);
  }
  return root;
}

it("finds page sizes, swap that can be limited on version 2, and what to hide", async () => {
  const root = await rootWith({
    "sys/kernel/mm/hugepages/hugepages-1048576kB/": "",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "3\n",
    "proc/self/cgroup": "0::/system.slice/berthd.service\n",
    "proc/meminfo": "MemTotal: 8 kB\nSwapTotal:       2048 kB\n",
    "sys/fs/cgroup/system.slice/berthd.service/memory.swap.max": "max",
    "sys/devices/system/cpu/cpu10/thermal_throttle/": "",
    "sys/devices/system/cpu/cpu2/thermal_throttle/": "",
    "sys/devices/system/cpu/cpu3/": "",
    "sys/devices/system/cpu/cpufreq/thermal_throttle/": "",
  });
  expect(await readKernelFacts(2, root)).toEqual({
    hugePageKib: [2048, 1_048_576],
    hugePageBytes: { "hugepages-2Mi": 3 * 2 ** 21, "hugepages-1Gi": 0 },
    swapBytes: 2048 * 1024,
    maskedPaths: ["/sys/devices/system/cpu/cpu2/thermal_throttle", "/sys/devices/system/cpu/cpu10/thermal_throttle"],
  });
});

it("knows that version 1 limits swap only with its accounting on", async () => {
  const files = { "proc/meminfo": "SwapTotal: 4 kB\n" };
  const without = await rootWith(files);
  expect(await readKernelFacts(1, without)).toEqual({ hugePageKib: [], maskedPaths: [] });
  const root = await rootWith({ ...files, "sys/fs/cgroup/memory/memory.memsw.limit_in_bytes": "0" });
  expect(await readKernelFacts(1, root)).toEqual({ hugePageKib: [], maskedPaths: [], swapBytes: 4096 });
});
