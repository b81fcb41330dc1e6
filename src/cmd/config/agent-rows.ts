import {
  address,
  boolean,
  choice,
  duration,
  integer,
  list,
  listenAddress,
  map,
  path,
  quantity,
  text,
} from "./kinds.ts";
import { row } from "./row.ts";

const SECOND_MS = 1000;

/** The fields of AgentConfiguration: what only Berth has, and what the kubelet knows as flags only. */
export const AGENT_ROWS = {
  // the host
  rootDir: row({ kind: path, default: "/var/lib/berth", flag: "root-dir", help: "Directory of the agent's state." }),
  containerLogsDir: row({
    kind: path,
    default: "/var/log/containers",
    help: "Directory of links to the containers' logs, for log collectors.",
  }),
  hostnameOverride: row({
    kind: text,
    default: "",
    flag: "hostname-override",
    help: "Name of the node; empty is the host's name.",
  }),
  imageCredentialProviderConfig: row({
    kind: path,
    default: "",
    flag: "image-credential-provider-config",
    help: "File with a CredentialProviderConfig: programs that hand out registry credentials. Empty is none.",
  }),
  imageCredentialProviderBinDir: row({
    kind: path,
    default: "",
    flag: "image-credential-provider-bin-dir",
    help: "Directory of these programs.",
  }),
  nodeIP: row({
    kind: list(address),
    default: [],
    flag: "node-ip",
    help: "Address of the node, or one of each family; found by itself when it is not set.",
  }),
  nodeLabels: row({
    kind: map(text),
    default: {},
    flag: "node-labels",
    help: "Labels of the node; nodeSelector and node affinity see them.",
  }),
  memoryQoS: row({
    kind: choice("Off", "Throttling", "TieredReservation"),
    default: "Off",
    help: "On cgroup v2, slow containers down before they meet their memory limit (memory.high); TieredReservation also keeps what they request for them (memory.min, memory.low). It is the kubelet's gate MemoryQoS.",
  }),

  // manifests
  unknownFields: row({
    kind: choice("error", "warn"),
    default: "error",
    help: "Whether a manifest with a field that does not exist is refused or only reported.",
  }),
  // sockets and ports
  socketPath: row({
    kind: path,
    default: "/run/berth/berth.sock",
    help: "Socket for operators: everything that `berth` can do.",
  }),
  socketGroup: row({ kind: text, default: "berth", help: "Group that may use it; without the group, only root may." }),
  viewSocketPath: row({
    kind: path,
    default: "/run/berth/berth-view.sock",
    help: "Socket for readers: no exec, no logs, no values of variables; empty for none.",
  }),
  viewSocketGroup: row({ kind: text, default: "berth-view", help: "Group that may use it." }),
  maxSocketConnections: row({
    kind: integer(1, 10_000),
    default: 64,
    help: "Connections to each socket at most.",
    limit: "The next one is closed at once.",
  }),
  metricsBindAddress: row({
    kind: listenAddress,
    default: "",
    help: "Another address and port for /metrics alone, for a Prometheus on another host; empty for none.",
  }),

  // pace
  maxParallelStarts: row({
    kind: integer(0, 256),
    default: 0,
    help: "Sandboxes and containers made at the same time; 0: two for each processor and one more, from 5 to 16.",
    limit: "The next one waits.",
  }),
  maxParallelExecProbes: row({
    kind: integer(1, 1024),
    default: 16,
    help: "Exec probes run at the same time.",
    limit: "The next one waits.",
  }),
  relistPeriod: row({
    kind: duration(SECOND_MS),
    default: 60 * SECOND_MS,
    help: "How often everything in the runtime is listed while its event stream tells everything.",
  }),
  relistPeriodWithoutEvents: row({
    kind: duration(100),
    default: SECOND_MS,
    help: "The same for runtimes without such a stream: containerd 1.6 has none, that of 1.7 gives each event to one listener.",
  }),
  allowKubelet: row({
    kind: boolean,
    default: false,
    help: "Start even though a kubelet seems to manage the same runtime.",
  }),

  // events
  "eventJournal.maxSize": row({
    kind: quantity,
    default: "4Mi",
    help: "Size of the journal of events on disk.",
    limit: "The older half of it is removed.",
  }),

  // a node of a cluster
  kubeconfig: row({
    kind: path,
    default: "",
    flag: "kubeconfig",
    help: "How to reach the cluster; empty for none.",
  }),
  bootstrapKubeconfig: row({
    kind: path,
    default: "",
    flag: "bootstrap-kubeconfig",
    help: "How to ask the cluster for the node's first client certificate, which is then renewed as well. Needs kubeconfig, which is written when it has no good certificate.",
  }),
  cloudProvider: row({
    kind: choice("", "external"),
    default: "",
    flag: "cloud-provider",
    help: "external: a controller of the cloud tells the node's addresses and where it is. A new node is tainted until it has.",
  }),
  certDirectory: row({
    kind: path,
    default: "",
    flag: "cert-dir",
    help: "Directory of certificates; empty is pki in the root directory.",
  }),
};
