import type { ContainerUsage, PressurePart, UsageDetails } from "../pod/usage.ts";
import type { CriClient } from "./client.ts";
import type { ContainerStats, PsiData, PsiStats, UInt64Value } from "./generated/types.ts";
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

function usageOf({ attributes, cpu, memory, writable_layer: written, swap, io }: ContainerStats): ContainerUsage[] {
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
      more: {
        ...numbered("cpuNanoCores", cpu?.usage_nano_cores),
        ...numbered("memoryBytes", memory?.usage_bytes),
        ...numbered("availableBytes", memory?.available_bytes),
        ...numbered("residentBytes", memory?.rss_bytes),
        ...numbered("pageFaults", memory?.page_faults),
        ...numbered("majorPageFaults", memory?.major_page_faults),
        ...numbered("writtenBytes", written?.used_bytes),
        ...numbered("writtenInodes", written?.inodes_used),
        ...numbered("swapUsageBytes", swap?.swap_usage_bytes),
        ...numbered("swapAvailableBytes", swap?.swap_available_bytes),
        ...pressure(cpu?.psi, memory?.psi, io?.psi),
      },
    },
  ];
}

/** Older runtimes tell none. */
function pressure(
  cpu: PsiStats | undefined,
  memory: PsiStats | undefined,
  io: PsiStats | undefined,
): Pick<UsageDetails, "pressure"> {
  const told = Object.entries({ cpu, memory, io }).flatMap(([name, psi]) =>
    psi?.Some === undefined || psi.Full === undefined
      ? []
      : [[name, { some: partOf(psi.Some), full: partOf(psi.Full) }]],
  );
  return told.length === 0 ? {} : { pressure: Object.fromEntries(told) };
}

const partOf = ({ Total, Avg10: avg10, Avg60: avg60, Avg300: avg300 }: PsiData): PressurePart => ({
  total: Number(Total),
  avg10,
  avg60,
  avg300,
});

function numbered<K extends string>(name: K, value: UInt64Value | undefined): { [P in K]?: number } {
  return value === undefined ? {} : ({ [name]: Number(value.value) } as { [P in K]: number });
}
