import { statfs } from "node:fs/promises";
import { uptime } from "node:os";
import type { NodeFacts } from "../../pod/node.ts";
import type { ContainerUsage, HostUsage, UsageDetails } from "../../pod/usage.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Usage } from "../../ports.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * /stats/summary (node.md 6.5): what the node, its pods and their containers use, as far as the kernel and the runtime tell it.
 * What is not known is left out.
 */
export async function summaryAnswer(
  from: { readonly usage: Usage; readonly facts: NodeFacts; readonly rootDir: string },
  pods: readonly v1.Pod[],
  onlyCpuAndMemory: boolean,
  signal: AbortSignal,
): Promise<Json> {
  const { usage, facts, rootDir } = from;
  const [host, containers] = await Promise.all([usage.host(signal), usage.containers(signal)]);
  const byPod = Map.groupBy(containers, ({ podUid }) => podUid);
  return {
    node: {
      nodeName: facts.nodeName,
      startTime: timeText(Date.now() - uptime() * 1000),
      ...hostFigures(host, facts),
      ...(onlyCpuAndMemory ? {} : { ...(await diskFigures(rootDir)), rlimit: taskFigures(host) }),
    },
    pods: pods.flatMap((pod) => podFigures(pod, byPod.get(pod.metadata?.uid ?? "") ?? [], onlyCpuAndMemory) ?? []),
  };
}

function hostFigures({ atWallMs, cpuCoreNanoSeconds, memoryBytes, swap }: HostUsage, facts: NodeFacts): Json {
  const time = timeText(atWallMs);
  return {
    cpu: { time, usageCoreNanoSeconds: cpuCoreNanoSeconds },
    memory: {
      time,
      workingSetBytes: memoryBytes,
      availableBytes: Math.max(0, facts.memoryBytes - memoryBytes),
    },
    ...(swap === undefined
      ? {}
      : { swap: { time, swapAvailableBytes: swap.freeBytes, swapUsageBytes: swap.usedBytes } }),
  };
}

const taskFigures = ({ atWallMs, tasks }: HostUsage): Json | undefined =>
  tasks && { time: timeText(atWallMs), maxpid: tasks.most, curproc: tasks.now };

async function diskFigures(rootDir: string): Promise<Json> {
  const disk = await statfs(rootDir).catch(() => undefined);
  if (disk === undefined) return {};
  return {
    fs: {
      time: timeText(Date.now()),
      capacityBytes: disk.blocks * disk.bsize,
      availableBytes: disk.bavail * disk.bsize,
      usedBytes: (disk.blocks - disk.bfree) * disk.bsize,
      inodes: disk.files,
      inodesFree: disk.ffree,
      inodesUsed: disk.files - disk.ffree,
    },
  };
}

function podFigures(pod: v1.Pod, containers: readonly ContainerUsage[], isShort: boolean): Json | undefined {
  if (containers.length === 0) return undefined;
  const { name, namespace, uid } = pod.metadata ?? {};
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const startedAt = (container: string): string | undefined =>
    statuses.find((each) => each.name === container)?.state?.running?.startedAt;
  const time = timeText(Math.max(...containers.map(({ atWallMs }) => atWallMs)));
  const sum = (of: (usage: ContainerUsage) => number | undefined): number | undefined =>
    containers.some((usage) => of(usage) === undefined)
      ? undefined
      : containers.reduce((total, usage) => total + (of(usage) ?? 0), 0);
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime,
    containers: containers.map((usage) => containerFigures(usage, startedAt(usage.container), isShort)),
    cpu: {
      time,
      usageNanoCores: sum(({ more }) => more?.cpuNanoCores),
      usageCoreNanoSeconds: sum(({ cpuCoreNanoSeconds }) => cpuCoreNanoSeconds),
    },
    memory: {
      time,
      usageBytes: sum(({ more }) => more?.memoryBytes),
      workingSetBytes: sum(({ workingSetBytes }) => workingSetBytes),
      rssBytes: sum(({ more }) => more?.residentBytes),
    },
    swap: containers.every(({ more }) => more?.swapUsageBytes === undefined)
      ? undefined
      : { time, swapUsageBytes: sum(({ more }) => more?.swapUsageBytes ?? 0) },
  };
}

function containerFigures(usage: ContainerUsage, startTime: string | undefined, isShort: boolean): Json {
  const { container, atWallMs, cpuCoreNanoSeconds, workingSetBytes, more = {} } = usage;
  const { pressure } = more;
  const time = timeText(atWallMs);
  return {
    name: container,
    startTime,
    cpu: { time, usageNanoCores: more.cpuNanoCores, usageCoreNanoSeconds: cpuCoreNanoSeconds, psi: pressure?.cpu },
    memory: {
      time,
      availableBytes: more.availableBytes || undefined, // only with a limit
      usageBytes: more.memoryBytes,
      workingSetBytes,
      rssBytes: more.residentBytes,
      pageFaults: more.pageFaults,
      majorPageFaults: more.majorPageFaults,
      psi: pressure?.memory,
    },
    io: pressure?.io && { time, psi: pressure.io },
    swap: more.swapUsageBytes === undefined ? undefined : swapFigures(time, more),
    ...(isShort ? {} : { rootfs: { time, usedBytes: more.writtenBytes, inodesUsed: more.writtenInodes } }),
  };
}

const swapFigures = (time: string, { swapUsageBytes, swapAvailableBytes }: UsageDetails): Json => ({
  time,
  swapAvailableBytes,
  swapUsageBytes,
});

const timeText = (wallMs: number): string => new Date(wallMs).toISOString();
