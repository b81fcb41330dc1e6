import type { ImageLimits } from "../decide/image-garbage.ts";
import type { LogLimits } from "../decide/log-rotation.ts";
import {
  isSwitchedOff,
  type PressureLimits,
  parseAmount,
  type Threshold,
  unitsOf,
  withAllocatable,
} from "../decide/pressure.ts";
import type { NodeFacts, NodeSettings, Reserved } from "../pod/node.ts";
import { CONFIGURED_SIGNALS, type PressureSignal } from "../pod/pressure.ts";
import { addQuantities, ceilMillis, ceilUnits, parseQuantity, type Quantity, ZERO } from "../pod/quantity.ts";
import { readResources } from "../pod/resources.ts";
import type { Settings } from "./config/settings.ts";
import { HARD_THRESHOLDS } from "./config/thresholds.ts";

/** What is known only once the house is being built. */
export type Found = {
  readonly facts: Pick<NodeFacts, "memoryBytes" | "rootDiskBytes">;
  readonly ownerId: string;
  /** Directories as they are, without symbolic links. */
  readonly places: Pick<NodeSettings, "rootDir" | "podLogsDir" | "containerLogsDir">;
  /** What the runtime says of itself comes before the configuration; asked anew each time, for it may say so late. */
  readonly cgroupDriver: () => NodeSettings["cgroupDriver"] | undefined;
};

/** The settings of the node as decisions and translations know them. */
export function nodeSettings(settings: Settings, { facts, ownerId, places, cgroupDriver }: Found): NodeSettings {
  return {
    ownerId,
    ...places,
    clusterDns: settings.clusterDNS,
    clusterDomain: settings.clusterDomain,
    inCluster: settings.kubeconfig !== "",
    get cgroupDriver() {
      return cgroupDriver() ?? settings.cgroupDriver;
    },
    cgroupRoot: settings.cgroupRoot,
    cgroupsPerQos: settings.cgroupsPerQOS,
    cpuCfsQuota: settings.cpuCFSQuota,
    cpuCfsQuotaPeriodUs: settings.cpuCFSQuotaPeriod * 1000,
    seccompDefault: settings.seccompDefault,
    ...(settings.singleProcessOOMKill === undefined ? {} : { singleProcessOomKill: settings.singleProcessOOMKill }),
    ...memoryQosOf(settings),
    swapBehavior: settings["memorySwap.swapBehavior"] || "NoSwap",
    allowedUnsafeSysctls: settings.allowedUnsafeSysctls,
    maxPods: settings.maxPods,
    reserved: reservedOf(settings, facts),
    podPidsLimit: settings.podPidsLimit,
    maxRestartDelayMs: settings["crashLoopBackOff.maxContainerRestartPeriod"],
  };
}

function memoryQosOf({ memoryQoS, memoryThrottlingFactor }: Settings): Pick<NodeSettings, "memoryQos"> {
  if (memoryQoS === "Off") return {};
  return { memoryQos: { throttlingFactor: memoryThrottlingFactor, reserves: memoryQoS === "TieredReservation" } };
}

/** Pulls at the same time; the configuration may leave it open (design section 5). */
export function parallelPulls({ serializeImagePulls, maxParallelImagePulls }: Settings): number {
  return serializeImagePulls ? 1 : (maxParallelImagePulls ?? 5);
}

/** Starts at the same time where the configuration leaves it open: more only wait for one another inside the runtime. */
export function parallelStarts({ maxParallelStarts }: Settings, cpuMillis: number): number {
  if (maxParallelStarts > 0) return maxParallelStarts;
  return Math.min(Math.max(2 * Math.floor(cpuMillis / 1000) + 1, 5), 16);
}

/** What is kept back from pods (node.md 2.2); hard thresholds may be parts of what the host has. */
export function reservedOf(settings: ReservingSettings, facts: Found["facts"]): Reserved {
  const [system, kube] = [readResources(settings.systemReserved), readResources(settings.kubeReserved)];
  const sum = (name: string): Quantity => addQuantities(system.get(name) ?? ZERO, kube.get(name) ?? ZERO);
  const threshold = (signal: PressureSignal, capacity = 0): number => {
    const found = hardThresholds(settings).find((one) => one.signal === signal);
    return found === undefined ? 0 : unitsOf(found.amount, { available: 0, capacity });
  };
  return {
    cpuMillis: ceilMillis(sum("cpu")),
    memoryBytes: ceilUnits(sum("memory")),
    storageBytes: ceilUnits(sum("ephemeral-storage")) + threshold("nodefs.available", facts.rootDiskBytes),
    evictionMemoryBytes: threshold("memory.available", facts.memoryBytes),
  };
}

type ReservingSettings = Pick<
  Settings,
  "systemReserved" | "kubeReserved" | "evictionHard" | "mergeDefaultEvictionSettings"
>;

/** How logs are rotated; undefined when a negative size switches it off (cri-mapping 4.4). */
export function logLimits(settings: Settings): LogLimits | undefined {
  const maxBytes = bytesOf(settings.containerLogMaxSize);
  if (maxBytes <= 0) return undefined;
  return {
    maxBytes,
    maxFiles: settings.containerLogMaxFiles,
    intervalMs: settings.containerLogMonitorInterval,
    workers: settings.containerLogMaxWorkers,
  };
}

/** When unused images are removed (node.md 5.2). */
export function imageLimits(settings: Settings): ImageLimits {
  return {
    highPercent: settings.imageGCHighThresholdPercent,
    lowPercent: settings.imageGCLowThresholdPercent,
    minAgeMs: settings.imageMinimumGCAge,
    maxAgeMs: settings.imageMaximumGCAge,
  };
}

/** When the node is short of something (node.md 5.1). What cannot be parsed, the configuration has refused. */
export function pressureLimits(settings: Settings): PressureLimits {
  const { evictionSoft, evictionSoftGracePeriod, evictionMinimumReclaim } = settings;
  const withReclaim = (threshold: Threshold): Threshold => {
    const minReclaim = parseAmount(evictionMinimumReclaim[threshold.signal] ?? "");
    return minReclaim === undefined ? threshold : { ...threshold, minReclaim };
  };
  const hasLimit = settings.cgroupsPerQOS && settings.enforceNodeAllocatable.includes("pods");
  const ofHost = hardThresholds(settings).map(withReclaim);
  const hard = hasLimit ? withAllocatable(ofHost) : ofHost;
  const soft = thresholdsOf(evictionSoft)
    .map((one) => ({ ...one, graceMs: evictionSoftGracePeriod[one.signal] ?? 0 }))
    .map(withReclaim);
  return {
    thresholds: [...hard, ...soft],
    transitionMs: settings.evictionPressureTransitionPeriod,
    maxPodGraceSeconds: settings.evictionMaxPodGracePeriod,
  };
}

function hardThresholds({ evictionHard, mergeDefaultEvictionSettings }: ReservingSettings): readonly Threshold[] {
  return thresholdsOf({ ...(mergeDefaultEvictionSettings ? HARD_THRESHOLDS : {}), ...evictionHard });
}

const thresholdsOf = (written: Readonly<Record<string, string>>): readonly Threshold[] =>
  CONFIGURED_SIGNALS.flatMap((signal) => {
    const amount = parseAmount(written[signal] ?? "");
    return amount === undefined || isSwitchedOff(amount) ? [] : [{ signal, amount }];
  });

/** A quantity that the configuration has checked already, in bytes. */
export function bytesOf(written: string): number {
  const quantity = parseQuantity(written);
  return quantity === undefined ? 0 : ceilUnits(quantity);
}
