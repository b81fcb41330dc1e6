/** What one container uses, as the runtime counts it; a figure that it does not tell is absent. */
export type ContainerUsage = {
  readonly podUid: string;
  readonly container: string;
  readonly id: string;
  /** When it was counted. */
  readonly atWallMs: number;
  /** Since the container began, over all cores. */
  readonly cpuCoreNanoSeconds?: number;
  /** What could not be freed at once. */
  readonly workingSetBytes?: number;
  readonly more?: UsageDetails;
};

/** Figures of a container that only the node's own API tells (node.md 6.5). */
export type UsageDetails = {
  /** At this moment: a thousand millionth of a core each. */
  readonly cpuNanoCores?: number;
  readonly memoryBytes?: number;
  readonly availableBytes?: number;
  readonly residentBytes?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
  readonly writtenBytes?: number;
  readonly writtenInodes?: number;
  readonly swapUsageBytes?: number;
  readonly swapAvailableBytes?: number;
  readonly pressure?: { readonly [K in "cpu" | "memory" | "io"]?: Pressure };
};

/** How long tasks were held up for want of something: some of them, and all of them at once. */
export type Pressure = { readonly some: PressurePart; readonly full: PressurePart };
/** Nanoseconds in all, and the share of the last 10, 60 and 300 s. */
export type PressurePart = {
  readonly total: number;
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
};

/** What the whole host uses. */
export type HostUsage = {
  readonly atWallMs: number;
  /** Since the host began, over all cores. */
  readonly cpuCoreNanoSeconds: number;
  /** What is not available for new programs. */
  readonly memoryBytes: number;
  /** Absent without swap. */
  readonly swap?: { readonly usedBytes: number; readonly freeBytes: number };
  /** Processes and threads: so many may be, so many are. */
  readonly tasks?: { readonly most: number; readonly now: number };
};
