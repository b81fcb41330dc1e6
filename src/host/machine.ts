import { readFile, statfs } from "node:fs/promises";
import { release } from "node:os";
import type { MachineFacts } from "../pod/node.ts";

/** The firmware's word, of several kinds of firmware. A guest that has none goes by its machine's id, as with a kubelet. */
const SYSTEM_UUID = [
  "/sys/class/dmi/id/product_uuid",
  "/proc/device-tree/system-id",
  "/proc/device-tree/vm,uuid",
  "/etc/machine-id",
];

/** Reads what a Node object tells of the machine (node.md 2.2). What the host does not say is left empty. */
export async function readMachineFacts(rootDir: string): Promise<MachineFacts> {
  const [machineId, systemUuid, osRelease, memory, disk] = await Promise.all([
    firstOf("/etc/machine-id", "/var/lib/dbus/machine-id"),
    firstOf(...SYSTEM_UUID),
    firstOf("/etc/os-release", "/usr/lib/os-release"),
    firstOf("/proc/meminfo"),
    diskBytes(rootDir),
  ]);
  return {
    machineId: machineId.trim(),
    systemUuid: systemUuid.replaceAll("\0", "").trim(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME=["']?(.*?)["']?$/m.exec(osRelease)?.[1] ?? "Linux",
    rootDiskBytes: disk,
    totalSwapBytes: Number(/^SwapTotal:\s*(\d+) kB/m.exec(memory)?.[1] ?? 0) * 1024,
  };
}

/** The size of the file system that a path lies on. */
export async function diskBytes(path: string): Promise<number> {
  const { blocks, bsize } = await statfs(path);
  return blocks * bsize;
}

async function firstOf(...paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch(() => "");
    if (text.trim() !== "") return text;
  }
  return "";
}
