import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hugePagesName } from "../pod/huge-pages.ts";
import type { NodeFacts } from "../pod/node.ts";

/** What the kernel offers to containers, or must be hidden from them (cri-mapping 2.6, 2.7). */
export type KernelFacts = Pick<NodeFacts, "hugePageKib" | "hugePageBytes" | "swapBytes" | "maskedPaths">;

/** Reads /proc and /sys, which stand below `root`; what is not there is not offered. */
export async function readKernelFacts(cgroupVersion: 1 | 2, root = "/"): Promise<KernelFacts> {
  const [hugePageKib, limited, swapBytes, maskedPaths] = await Promise.all([
    hugePages(root),
    isSwapLimited(cgroupVersion, root),
    swapTotal(root),
    thermalThrottle(root),
  ]);
  const bytes = await Promise.all(hugePageKib.map((kib) => readyBytes(root, kib)));
  const hugePageBytes = Object.fromEntries(hugePageKib.map((kib, at) => [hugePagesName(kib), bytes[at] ?? 0]));
  return {
    ...{ hugePageKib, maskedPaths },
    ...(hugePageKib.length > 0 ? { hugePageBytes } : {}),
    ...(limited ? { swapBytes } : {}),
  };
}

async function hugePages(root: string): Promise<readonly number[]> {
  const names = await namesIn(join(root, "sys/kernel/mm/hugepages"));
  const sizes = names.map((name) => Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0));
  return sizes.filter((kib) => kib > 0).sort((a, b) => a - b);
}

/** What the kernel has set aside in pages of this size. */
async function readyBytes(root: string, kib: number): Promise<number> {
  const count = Number(await textOf(join(root, `sys/kernel/mm/hugepages/hugepages-${kib}kB/nr_hugepages`)));
  return Number.isNaN(count) ? 0 : count * kib * 1024;
}

/** Root groups of version 2 have no limits at all, so that the own group is looked at. */
async function isSwapLimited(cgroupVersion: 1 | 2, root: string): Promise<boolean> {
  const groups = join(root, "sys/fs/cgroup");
  if (cgroupVersion === 1) return exists(join(groups, "memory/memory.memsw.limit_in_bytes"));
  const own = /^0::(.*)$/m.exec(await textOf(join(root, "proc/self/cgroup")))?.[1] ?? "/";
  return exists(join(groups, own, "memory.swap.max"));
}

async function swapTotal(root: string): Promise<number> {
  const kib = /^SwapTotal:\s*(\d+) kB/m.exec(await textOf(join(root, "proc/meminfo")))?.[1];
  return Number(kib ?? 0) * 1024;
}

/** Counters that tell how busy other tenants keep a core. */
async function thermalThrottle(root: string): Promise<readonly string[]> {
  const cores = (await namesIn(join(root, "sys/devices/system/cpu"))).filter((name) => /^cpu\d+$/.test(name));
  const paths = cores.map((core) => `/sys/devices/system/cpu/${core}/thermal_throttle`);
  const there = await Promise.all(paths.map((path) => exists(join(root, path))));
  return paths.filter((_, at) => there[at]).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
