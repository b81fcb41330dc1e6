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
  readonly swapBytes?: number;
  /** Used and still to be had together. */
  readonly swapLimitBytes?: number;
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
};

/** What the whole host uses. */
export type HostUsage = {
  readonly atWallMs: number;
  /** Since the host began, over all cores. */
  readonly cpuCoreNanoSeconds: number;
  /** What is not available for new programs. */
  readonly memoryBytes: number;
  /** Absent: not told. */
  readonly swapBytes?: number;
};
