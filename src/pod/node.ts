/** What is known of the host, read once at start unless it says otherwise. */
export type NodeFacts = {
  readonly nodeName: string;
  readonly hostname: string;
  readonly bootId: string;
  /** Addresses of the node, the primary one first; empty when none is known. */
  readonly ips: readonly string[];
  /** kubernetes.io/hostname, os, arch and those of --node-labels. */
  readonly labels: Readonly<Record<string, string>>;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly cgroupVersion: 1 | 2;
  /** `kubernetes.io/arch` names: amd64, arm64. */
  readonly arch: string;
  /** The host's resolver file as read at start. */
  readonly resolvConf: ResolvConf;
  /** Sizes of huge pages that the kernel offers, in KiB; absent: none. */
  readonly hugePageKib?: readonly number[];
  /** Bytes of huge pages that the kernel holds ready, by the resource's name (`hugepages-2Mi`); absent: none. */
  readonly hugePageBytes?: Readonly<Record<string, number>>;
  /** Size of the file system of the root directory; absent: it is not counted. */
  readonly rootDiskBytes?: number;
  /** Swap of the host in bytes, where the memory controller can limit it; absent: it cannot (cri-mapping 2.7). */
  readonly swapBytes?: number;
  /** Directories of the host that containers must not see beside the fixed ones: those of thermal throttling (cri-mapping 2.6). */
  readonly maskedPaths?: readonly string[];
};

/** What a Node object tells of the machine beyond what pods need (node.md 2.2). */
export type MachineFacts = {
  readonly machineId: string;
  readonly systemUuid: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** Size of the file system that holds the root directory. */
  readonly rootDiskBytes: number;
  /** Swap of the host in bytes, whether or not pods may use it. */
  readonly totalSwapBytes: number;
};

/** A resolver file, read by the rules of cri-mapping.md 1.3. */
export type ResolvConf = {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
};

/** The host's resolver file, which may change while the agent lives. */
export type HostResolver = {
  /** What it said when it could be read last. */
  now(): ResolvConf;
  /** Looks whether it says something else. Never throws: a file that cannot be read says what it said before. */
  refresh(): Promise<void>;
};

/** What is kept back from pods: systemReserved and kubeReserved together (node.md 2.2). */
export type Reserved = {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** Of the disk of the root directory, with what the hard threshold keeps free; absent: nothing. */
  readonly storageBytes?: number;
  /** What the hard threshold of memory keeps free; cgroups do not count it (cri-mapping 3.2). Absent: nothing. */
  readonly evictionMemoryBytes?: number;
};

/** How memory is shared out before a limit is met; of cgroup v2 only (cri-mapping 2.7). */
export type MemoryQos = {
  /** The part of the way from request to limit at which a container is slowed down. */
  readonly throttlingFactor: number;
  /** Whether what is requested is kept for who requests it. */
  readonly reserves: boolean;
};

/** What the agent was told about the node, from flags and files (design 5). Lists of the typed table: cmd/config. */
export type NodeSettings = {
  readonly ownerId: string;
  readonly rootDir: string;
  readonly podLogsDir: string;
  readonly containerLogsDir: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** Whether the host is to be a cluster's node; absent: it is not. */
  readonly inCluster?: boolean;
  readonly cgroupDriver: "cgroupfs" | "systemd";
  readonly cgroupRoot: string;
  readonly cgroupsPerQos: boolean;
  readonly cpuCfsQuota: boolean;
  readonly cpuCfsQuotaPeriodUs: number;
  readonly seccompDefault: boolean;
  /** Absent: false, as far as cgroup v2 reaches; on version 1 it cannot be otherwise (cri-mapping 2.7). */
  readonly singleProcessOomKill?: boolean;
  /** Absent: memory.high, memory.min and memory.low are not set (cri-mapping 2.7). */
  readonly memoryQos?: MemoryQos;
  /** Absent: NoSwap (cri-mapping 2.7). */
  readonly swapBehavior?: "NoSwap" | "LimitedSwap";
  /** Sysctls, or patterns that end in `*`, which pods may set besides the safe ones; absent: none. */
  readonly allowedUnsafeSysctls?: readonly string[];
  readonly maxPods: number;
  /** Absent: nothing is kept back from pods. */
  readonly reserved?: Reserved;
  readonly podPidsLimit: number;
  readonly maxRestartDelayMs: number;
};
