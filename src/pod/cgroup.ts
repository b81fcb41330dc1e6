/** Quality of service, as cpu and memory requests decide it (cri-mapping 3.1). */
export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

/** Limits of one pod's cgroup; what is absent is not written (cri-mapping 3.2). */
export type CgroupLimits = {
  readonly cpuShares?: number;
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs: number;
  readonly memoryBytes?: number;
  readonly pids?: number;
  /** Of version 2: what is kept for the cgroup in any case, and as long as there is something else to take (cri-mapping 2.7). */
  readonly memoryMin?: number;
  readonly memoryLow?: number;
  /** Every size that the kernel has, by its name in the kernel's files; absent: none is limited. */
  readonly hugePages?: readonly HugePageLimit[];
};
/** Limits that are summed up from the pods to the levels above them: the kernel keeps for a cgroup what its parents may keep. */
export type KeptMemory = "memoryMin" | "memoryLow";
export type HugePageLimit = { readonly size: string; readonly bytes: number };

/** Cgroups above containers. */
export type Cgroups = {
  /** Makes the cgroup and those above it, and writes its limits; may be called again. */
  ensure(path: string, limits: CgroupLimits, signal: AbortSignal): Promise<void>;
  /** Kills what is left in it and below. Throws when that does not end; absent is empty. */
  empty(path: string, signal: AbortSignal): Promise<void>;
  /** Kills what is left in it and removes it with all below. */
  remove(path: string, signal: AbortSignal): Promise<void>;
  /** CPU shares of each cgroup right below this one, by name; none where it is not there. */
  sharesBelow(path: string): Promise<ReadonlyMap<string, number>>;
  /** Bytes that are kept for each cgroup right below this one, by name; none where there is no such thing. */
  keptBelow(path: string, kind: KeptMemory): Promise<ReadonlyMap<string, number>>;
};

/** Slices of systemd, which makes cgroups for those who ask it. Throws HostRefused. */
export type Slices = {
  /** Starts a slice below its parent, or changes the properties of one that has been started. */
  ensure(name: string, parent: string, properties: readonly SliceProperty[], signal: AbortSignal): Promise<void>;
  /** Success when there is none. */
  stop(name: string, signal: AbortSignal): Promise<void>;
};
/** One property of a unit that is a number, as systemd calls it. */
export type SliceProperty = { readonly name: string; readonly value: bigint };

/** How the host's cgroups are laid out for pods. */
export type CgroupLayout = {
  readonly driver: "cgroupfs" | "systemd";
  /** Put in front of everything; `/` or empty for none. */
  readonly root: string;
  /** Off: pods get no cgroup of their own, and the parent is empty. */
  readonly perQos: boolean;
};

/** The cgroup parent of a pod's sandbox and containers (cri-mapping 1.6): an absolute path for both drivers. */
export function podCgroup(layout: CgroupLayout, qos: QosClass, uid: string): string {
  if (!layout.perQos) return "";
  const names = [...layout.root.split("/").filter(Boolean), "kubepods", ...qosNames(qos), `pod${uid}`];
  return pathOf(layout, names);
}

/** The levels above a pod, from the top: that of all pods, then that of its class. */
export function levelsAbove(layout: CgroupLayout, qos: QosClass): readonly string[] {
  if (!layout.perQos) return [];
  const names = [...layout.root.split("/").filter(Boolean), "kubepods"];
  const levels = qos === "Guaranteed" ? [names] : [names, [...names, ...qosNames(qos)]];
  return levels.map((level) => pathOf(layout, level));
}

const qosNames = (qos: QosClass): readonly string[] => (qos === "Guaranteed" ? [] : [qos.toLowerCase()]);

const pathOf = ({ driver }: CgroupLayout, names: readonly string[]): string =>
  driver === "cgroupfs" ? `/${names.join("/")}` : slicePath(names);

/** systemd's form: every prefix is a directory, `-` separates levels and is therefore `_` inside a name. */
function slicePath(names: readonly string[]): string {
  const escaped = names.map((name) => name.replace(/\.slice$/, "").replaceAll("-", "_"));
  return escaped.map((_, depth) => `/${escaped.slice(0, depth + 1).join("-")}.slice`).join("");
}

/** The weight that version 2 has in place of shares, as the kubelet computes it for the levels that it makes (cri-mapping 3.2). */
export function weightOfShares(shares: number): number {
  return shares >= 262_144 ? 10_000 : 1 + Math.floor(((Math.max(shares, 2) - 2) * 9_999) / 262_142);
}

/** The shares that a weight of version 2 stands for. */
export const sharesOfWeight = (weight: number): number => Math.floor(((weight - 1) * 262_142) / 9_999) + 2;
