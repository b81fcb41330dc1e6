import { address, boolean, choice, count, duration, integer, list, path, port, taint, text } from "./kinds.ts";
import { row } from "./row.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Fields of KubeletConfiguration about what listens, the cluster and berthd's own log (node.md 8.2). */
export const KUBELET_SERVER_ROWS = {
  // listening
  healthzPort: row({
    kind: port,
    default: 10248,
    flag: "healthz-port",
    help: "Port of /healthz, /readyz, /livez and /metrics; 0 switches it off.",
  }),
  healthzBindAddress: row({
    kind: address,
    default: "127.0.0.1",
    flag: "healthz-bind-address",
    help: "Address of that port.",
  }),
  address: row({
    kind: address,
    default: "0.0.0.0",
    flag: "address",
    help: "Address of the node's own API.",
  }),
  port: row({
    kind: integer(1, 65_535),
    default: 10_250,
    flag: "port",
    help: "Port of the node's own API; open only with a kubeconfig or tlsCertFile.",
  }),
  readOnlyPort: row({
    kind: port,
    default: 0,
    flag: "read-only-port",
    help: "Port of the read-only API without authentication; 0 switches it off.",
  }),
  enableServer: row({
    kind: boolean,
    default: true,
    help: "Whether the node's own API may listen at all.",
  }),
  tlsCertFile: row({
    kind: path,
    default: "",
    flag: "tls-cert-file",
    help: "Certificate of the node's own API.",
  }),
  tlsPrivateKeyFile: row({ kind: path, default: "", flag: "tls-private-key-file", help: "Its key." }),
  tlsCipherSuites: row({
    kind: list(text),
    default: [],
    help: "Cipher suites; empty is the library's choice.",
  }),
  tlsMinVersion: row({
    kind: choice("", "VersionTLS12", "VersionTLS13"),
    default: "VersionTLS12",
    help: "Oldest version of TLS.",
  }),
  streamingConnectionIdleTimeout: row({
    kind: duration(),
    default: 4 * HOUR_MS,
    help: "An exec session without traffic is closed after this; 0 is never.",
    limit: "The session is closed.",
  }),
  "authentication.x509.clientCAFile": row({
    kind: path,
    default: "",
    flag: "client-ca-file",
    help: "Authority of client certificates.",
  }),
  "authentication.webhook.enabled": row({
    kind: boolean,
    default: true,
    help: "Tokens are checked by the API server.",
  }),
  "authentication.webhook.cacheTTL": row({
    kind: duration(),
    default: 2 * MINUTE_MS,
    help: "How long such an answer is good for.",
  }),
  "authentication.anonymous.enabled": row({
    kind: boolean,
    default: false,
    flag: "anonymous-auth",
    help: "Requests without a credential are let through to authorization.",
  }),
  "authorization.mode": row({
    kind: choice("Webhook", "AlwaysAllow"),
    default: "Webhook",
    flag: "authorization-mode",
    help: "Who says what a request may do.",
  }),
  "authorization.webhook.cacheAuthorizedTTL": row({
    kind: duration(),
    default: 5 * MINUTE_MS,
    help: "How long a yes is good for.",
  }),
  "authorization.webhook.cacheUnauthorizedTTL": row({
    kind: duration(),
    default: 30 * SECOND_MS,
    help: "How long a no is good for.",
  }),
  enableDebuggingHandlers: row({
    kind: boolean,
    default: true,
    help: "Logs, exec, attach and port-forward through the node's own API.",
  }),

  // a node of a cluster
  registerNode: row({
    kind: boolean,
    default: true,
    flag: "register-node",
    help: "The node makes its own Node object.",
  }),
  registerWithTaints: row({
    kind: list(taint),
    default: [],
    flag: "register-with-taints",
    help: "Taints of the new Node object.",
  }),
  providerID: row({
    kind: text,
    default: "",
    flag: "provider-id",
    help: "The machine's name at its cloud provider.",
  }),
  rotateCertificates: row({
    kind: boolean,
    default: false,
    flag: "rotate-certificates",
    help: "The client certificate is asked from the API server, and renewed before it expires.",
  }),
  serverTLSBootstrap: row({
    kind: boolean,
    default: false,
    help: "The serving certificate is asked from the API server, and renewed before it expires, unless tlsCertFile is given.",
  }),
  syncFrequency: row({
    kind: duration(),
    default: MINUTE_MS,
    pending: true,
    help: "How often volumes of ConfigMaps and Secrets of the API server are looked at.",
  }),
  nodeStatusUpdateFrequency: row({
    kind: duration(),
    default: 10 * SECOND_MS,
    help: "How often the node's status is worked out.",
  }),
  nodeStatusReportFrequency: row({
    kind: duration(),
    default: 5 * MINUTE_MS,
    help: "How often an unchanged status is reported; as often as nodeStatusUpdateFrequency where only that one is set.",
  }),
  nodeLeaseDurationSeconds: row({
    kind: integer(1, 86_400),
    default: 40,
    help: "How long the node counts as alive without a heartbeat.",
  }),
  nodeStatusMaxImages: row({
    kind: integer(-1, 100_000),
    default: 50,
    help: "Images in the node's status; -1 is all.",
  }),
  kubeAPIQPS: row({
    kind: count,
    default: 50,
    flag: "kube-api-qps",
    help: "Requests to the API server in a second, heartbeats and events not counted; 0 is 5.",
  }),
  kubeAPIBurst: row({
    kind: count,
    default: 100,
    flag: "kube-api-burst",
    help: "Requests at once above the rate; 0 is 10.",
  }),
  eventRecordQPS: row({
    kind: count,
    default: 50,
    flag: "event-qps",
    help: "Events in a second; 0 is no bound.",
  }),
  eventBurst: row({ kind: count, default: 100, help: "Events at once above the rate." }),

  // berthd's own log
  "logging.format": row({
    kind: choice("auto", "text", "json"),
    default: "auto",
    flag: "logging-format",
    kubelet: "text",
    help: "Readable lines or JSON lines; auto is readable on a terminal.",
  }),
  "logging.verbosity": row({
    kind: integer(0, 10),
    default: 0,
    flag: "v",
    short: "v",
    help: "From 4 on, debugging lines are logged too.",
  }),
};
