import {
  boolean,
  choice,
  count,
  duration,
  fraction,
  integer,
  list,
  map,
  priorityGrace,
  quantity,
  text,
} from "./kinds.ts";
import { optional, row } from "./row.ts";
import { HARD_THRESHOLDS } from "./thresholds.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Fields of KubeletConfiguration about cgroups, reserves, eviction and the host's shutdown (node.md 8.2). */
export const KUBELET_RESOURCE_ROWS = {
  // cgroups and resources
  cgroupDriver: row({
    kind: choice("cgroupfs", "systemd"),
    default: "cgroupfs",
    flag: "cgroup-driver",
    help: "Who makes the pods' cgroups; what the runtime says of itself comes first.",
  }),
  cgroupRoot: row({ kind: text, default: "", flag: "cgroup-root", help: "Cgroup above all pods; empty is the top." }),
  cgroupsPerQOS: row({
    kind: boolean,
    default: true,
    flag: "cgroups-per-qos",
    help: "Pods live below kubepods, kubepods/burstable and kubepods/besteffort.",
  }),
  enforceNodeAllocatable: row({
    kind: list(text),
    default: ["pods"],
    pending: true,
    help: "Groups whose bounds are enforced by cgroups.",
  }),
  failCgroupV1: row({
    kind: boolean,
    default: false,
    kubelet: "true",
    help: "Refuse to start on a host with cgroup v1.",
  }),
  failSwapOn: row({
    kind: boolean,
    default: false,
    flag: "fail-swap-on",
    kubelet: "true",
    help: "Refuse to start while the host has swap on.",
  }),
  "memorySwap.swapBehavior": row({
    kind: choice("", "NoSwap", "LimitedSwap"),
    default: "",
    help: "Whether containers may use swap.",
  }),
  cpuCFSQuota: row({ kind: boolean, default: true, flag: "cpu-cfs-quota", help: "CPU limits are enforced." }),
  cpuCFSQuotaPeriod: row({ kind: duration(1, SECOND_MS), default: 100, help: "Period of the CPU quota." }),
  singleProcessOOMKill: optional({
    kind: boolean,
    help: "Out of memory ends one process, not the whole container; false on cgroup v2.",
  }),
  memoryThrottlingFactor: row({
    kind: fraction,
    default: 0.9,
    help: "With memoryQoS: so far between request and limit a container is slowed down.",
  }),
  kubeReserved: row({
    kind: map(quantity),
    default: {},
    flag: "kube-reserved",
    help: "Processors and memory kept back from pods for the agent and the runtime.",
  }),
  systemReserved: row({
    kind: map(quantity),
    default: {},
    flag: "system-reserved",
    help: "Processors and memory kept back from pods for the host.",
  }),
  reservedSystemCPUs: row({
    kind: text,
    default: "",
    pending: true,
    help: "CPUs kept back for the host, as a list of ranges.",
  }),
  oomScoreAdj: row({
    kind: integer(-1000, 1000),
    default: -999,
    pending: true,
    help: "oom_score_adj of berthd itself.",
  }),

  // eviction and garbage
  evictionHard: row({
    kind: map(text, "<"),
    default: HARD_THRESHOLDS,
    flag: "eviction-hard",
    help: "Thresholds at which images, then pods other than static ones, have to go at once; what is set replaces all defaults.",
  }),
  evictionSoft: row({
    kind: map(text, "<"),
    default: {},
    flag: "eviction-soft",
    help: "Thresholds at which pods are evicted after a while.",
  }),
  evictionSoftGracePeriod: row({
    kind: map(duration()),
    default: {},
    flag: "eviction-soft-grace-period",
    help: "How long a soft threshold must be met.",
  }),
  evictionMinimumReclaim: row({
    kind: map(text),
    default: {},
    flag: "eviction-minimum-reclaim",
    help: "How much an eviction frees at least.",
  }),
  evictionMaxPodGracePeriod: row({
    kind: count,
    default: 0,
    help: "Longest grace in seconds of a pod evicted by a soft threshold.",
  }),
  evictionPressureTransitionPeriod: row({
    kind: duration(),
    default: 5 * MINUTE_MS,
    help: "How long a pressure condition stays after it is over.",
  }),
  mergeDefaultEvictionSettings: row({
    kind: boolean,
    default: false,
    help: "Thresholds that evictionHard does not name keep their defaults.",
  }),
  localStorageCapacityIsolation: row({
    kind: boolean,
    default: true,
    help: "Pods of an API server that exceed their own bounds of ephemeral storage are evicted.",
  }),
  volumeStatsAggPeriod: row({
    kind: duration(),
    default: MINUTE_MS,
    pending: true,
    help: "How often the size of volumes is measured; 0 or less is never.",
  }),

  // shutdown of the host
  shutdownGracePeriod: row({
    kind: duration(),
    default: 0,
    help: "Time that pods have to end when the host shuts down, as systemd-logind allows; 0 switches it off.",
  }),
  shutdownGracePeriodCriticalPods: row({
    kind: duration(),
    default: 0,
    help: "Part of it that is kept for critical pods.",
  }),
  shutdownGracePeriodByPodPriority: row({
    kind: list(priorityGrace),
    default: [],
    help: "The same, by the pods' priority: instead of the other two.",
  }),
};
