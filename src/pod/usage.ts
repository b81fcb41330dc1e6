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
};

/** What the whole host uses. */
export type HostUsage = {
  readonly atWallMs: number;
  /** Since the host began, over all cores. */
  readonly cpuCoreNanoSeconds: number;
  /** What is not available for new programs. */
  readonly memoryBytes: number;
};
