import type { ContainerUsage } from "../pod/usage.ts";

import type { CriClient } from "./client.ts";
import type { ContainerStats, SwapUsage, UInt64Value } from "./generated/types.ts";
import { LABEL } from "./names.ts";

/** What each of this owner's running containers uses now, as the runtime counts it. */
export async function readUsage(
  client: CriClient,
  ownerId: string,
  signal: AbortSignal,
): Promise<readonly ContainerUsage[]> {
  const filter = { label_selector: { [LABEL.owner]: ownerId } };
  const { stats } = await client.call("ListContainerStats", { filter }, signal);
  return stats.flatMap(usageOf);
}

const NANOSECONDS_PER_MS = 1_000_000n;

function usageOf({ attributes, cpu, memory, swap, writable_layer: written }: ContainerStats): ContainerUsage[] {
  const podUid = attributes?.labels[LABEL.podUid];
  const container = attributes?.labels[LABEL.containerName];
  if (attributes === undefined || podUid === undefined || container === undefined) return [];
  const timestamp = cpu?.timestamp ?? memory?.timestamp ?? 0n;
  return [
    {
      podUid,
      container,
      id: attributes.id,
      atWallMs: Number(timestamp / NANOSECONDS_PER_MS),
      ...numbered("cpuCoreNanoSeconds", cpu?.usage_core_nano_seconds),
      ...numbered("workingSetBytes", memory?.working_set_bytes),
      ...numbered("swapBytes", swap?.swap_usage_bytes),
      ...swapLimit(swap),
      more: {
        ...numbered("cpuNanoCores", cpu?.usage_nano_cores),
        ...numbered("memoryBytes", memory?.usage_bytes),
        ...numbered("availableBytes", memory?.available_bytes),
        ...numbered("residentBytes", memory?.rss_bytes),
        ...numbered("pageFaults", memory?.page_faults),
        ...numbered("majorPageFaults", memory?.major_page_faults),
        ...numbered("writtenBytes", written?.used_bytes),
        ...numbered("writtenInodes", written?.inodes_used),
      },
    },
  ];
}

/** Without a limit the runtime tells the largest number there is, or so. */
const UNLIMITED_BYTES = 2 ** 60;

function swapLimit(swap: SwapUsage | undefined): { swapLimitBytes?: number } {
  const { swap_usage_bytes: used, swap_available_bytes: left } = swap ?? {};
  if (used === undefined || left === undefined) return {};
  const swapLimitBytes = Number(used.value) + Number(left.value);
  return swapLimitBytes < UNLIMITED_BYTES ? { swapLimitBytes } : {};
}

function numbered<K extends string>(name: K, value: UInt64Value | undefined): { [P in K]?: number } {
  return value === undefined ? {} : ({ [name]: Number(value.value) } as { [P in K]: number });
}
