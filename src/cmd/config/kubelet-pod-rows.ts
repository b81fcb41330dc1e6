import { address, boolean, count, duration, endpoint, integer, list, path, quantity, text } from "./kinds.ts";
import { optional, row } from "./row.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const percent = integer(0, 100);

/** Fields of KubeletConfiguration about manifests, the runtime, pods, images and their logs (node.md 8.2). */
export const KUBELET_POD_ROWS = {
  // manifests
  staticPodPath: row({
    kind: path,
    default: "/etc/berth/manifests",
    flag: "pod-manifest-path",
    kubelet: '""',
    help: "Directory of manifests, or one manifest file; empty: none.",
  }),
  fileCheckFrequency: row({
    kind: duration(SECOND_MS),
    default: 20 * SECOND_MS,
    help: "How often the manifest directory is read again even though no change was noticed.",
  }),

  // the runtime
  containerRuntimeEndpoint: row({
    kind: endpoint,
    default: "unix:///run/containerd/containerd.sock",
    flag: "container-runtime-endpoint",
    env: "CONTAINER_RUNTIME_ENDPOINT",
    help: "Socket of the container runtime.",
  }),
  imageServiceEndpoint: row({
    kind: endpoint,
    default: "",
    flag: "image-service-endpoint",
    help: "Socket of the image service; empty means that of the runtime.",
  }),
  runtimeRequestTimeout: row({
    kind: duration(SECOND_MS),
    default: 2 * MINUTE_MS,
    help: "Deadline of a call to the runtime, pulls and streams excepted.",
    limit: "The call is given up; what it was about is looked at before anything else is done to it.",
  }),
  podLogsDir: row({ kind: path, default: "/var/log/pods", help: "Directory of the pods' logs." }),

  // pods
  maxPods: row({
    kind: integer(1, 10_000),
    default: 250,
    flag: "max-pods",
    kubelet: "110",
    help: "Pods that the node takes at most.",
    limit: "The next one is not admitted, which its status says.",
  }),
  podsPerCore: row({ kind: count, default: 0, pending: true, help: "Pods for each core at most; 0 is no bound." }),
  podPidsLimit: row({
    kind: integer(-1, 4_194_304),
    default: -1,
    help: "Processes that a pod may have at most; -1 is the system's own bound.",
  }),
  clusterDNS: row({
    kind: list(address),
    default: [],
    flag: "cluster-dns",
    help: "Name servers of pods with dnsPolicy ClusterFirst.",
  }),
  clusterDomain: row({ kind: text, default: "", flag: "cluster-domain", help: "Domain of the cluster's services." }),
  resolvConf: row({
    kind: path,
    default: "/etc/resolv.conf",
    flag: "resolv-conf",
    help: "Resolver file that pods inherit from, looked at for each sandbox; empty for none.",
  }),
  podCIDR: row({ kind: text, default: "", help: "Address range told to the runtime when there is no cluster." }),
  "crashLoopBackOff.maxContainerRestartPeriod": row({
    kind: duration(SECOND_MS, 300 * SECOND_MS),
    default: 300 * SECOND_MS,
    help: "Longest wait between two restarts of a container.",
  }),
  allowedUnsafeSysctls: row({
    kind: list(text),
    default: [],
    flag: "allowed-unsafe-sysctls",
    help: "Unsafe sysctls, or patterns that end in *, which pods may set.",
  }),
  seccompDefault: row({
    kind: boolean,
    default: false,
    flag: "seccomp-default",
    help: "RuntimeDefault is the seccomp profile of containers that name none.",
  }),
  "userNamespaces.idsPerPod": row({
    kind: integer(65_536, 2 ** 31),
    default: 65_536,
    pending: true,
    help: "Size of a pod's own user namespace.",
  }),

  // images
  serializeImagePulls: row({
    kind: boolean,
    default: false,
    kubelet: "true",
    help: "One image is pulled at a time.",
  }),
  maxParallelImagePulls: optional({
    kind: integer(1, 1000),
    help: "Images pulled at the same time at most; 5 when it is not set.",
    limit: "The next pull waits.",
    kubelet: "no bound",
  }),
  registryPullQPS: row({
    kind: count,
    default: 5,
    pending: true,
    help: "Pulls begun in a second at most; 0 is no bound.",
  }),
  registryBurst: row({ kind: count, default: 10, pending: true, help: "Pulls that may begin at once above the rate." }),
  imageMinimumGCAge: row({
    kind: duration(),
    default: 2 * MINUTE_MS,
    help: "Age of an unused image before it may be removed.",
  }),
  imageMaximumGCAge: row({
    kind: duration(),
    default: 0,
    help: "Age at which an unused image is removed in any case; 0 is never.",
  }),
  imageGCHighThresholdPercent: row({
    kind: percent,
    default: 85,
    help: "Use of the disk at which unused images are removed; 100 switches it off.",
  }),
  imageGCLowThresholdPercent: row({
    kind: percent,
    default: 80,
    help: "Use of the disk down to which they are removed.",
  }),

  // logs of containers
  containerLogMaxSize: row({
    kind: quantity,
    default: "10Mi",
    help: "Size at which a container's log is rotated; a negative one switches it off.",
  }),
  containerLogMaxFiles: row({ kind: integer(2, 10_000), default: 5, help: "Log files kept for a container." }),
  containerLogMaxWorkers: row({
    kind: integer(1, 100),
    default: 1,
    help: "Logs whose rotated files are compressed at the same time.",
  }),
  containerLogMonitorInterval: row({
    kind: duration(3 * SECOND_MS),
    default: 10 * SECOND_MS,
    help: "How often the logs' sizes are looked at, at the least: those that grow fast are looked at sooner.",
  }),
};
