import type * as v1 from "./v1.ts";

/** Objects of an API server beyond pods, as far as a node reads and writes them. Times are RFC 3339 texts, as on the wire. */

/** `v1 Node` (node.md 2). */
export type ClusterNode = {
  apiVersion?: string;
  kind?: string;
  metadata: v1.ObjectMeta;
  spec?: NodeSpec;
  status?: NodeStatus;
};

export type NodeSpec = {
  podCIDR?: string;
  podCIDRs?: string[];
  providerID?: string;
  unschedulable?: boolean;
  taints?: Taint[];
};

export type Taint = { key: string; value?: string; effect: string; timeAdded?: string };

export type NodeStatus = {
  capacity?: Record<string, string>;
  allocatable?: Record<string, string>;
  conditions?: NodeCondition[];
  addresses?: NodeAddress[];
  daemonEndpoints?: { kubeletEndpoint?: { Port: number } };
  nodeInfo?: NodeSystemInfo;
  images?: NodeImage[];
  runtimeHandlers?: NodeRuntimeHandler[];
  features?: { supplementalGroupsPolicy?: boolean };
  declaredFeatures?: string[];
  /** What a kubelet has mounted that can be attached elsewhere; Berth mounts no such volume. */
  volumesInUse?: string[];
};

export type NodeCondition = {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastHeartbeatTime?: string;
  lastTransitionTime?: string;
};

export type NodeAddress = { type: string; address: string };

export type NodeSystemInfo = {
  machineID: string;
  systemUUID: string;
  bootID: string;
  kernelVersion: string;
  osImage: string;
  containerRuntimeVersion: string;
  kubeletVersion: string;
  kubeProxyVersion: string;
  operatingSystem: string;
  architecture: string;
  swap?: { capacity: number };
};

export type NodeImage = { names: string[]; sizeBytes: number };

export type NodeRuntimeHandler = {
  name: string;
  features?: { recursiveReadOnlyMounts?: boolean; userNamespaces?: boolean };
};

/** The node as its API server has it, as far as pods are placed by it: people and controllers label and taint nodes there. */
export type Placement = {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** How many of each extended resource pods may have; absent: it has none. */
  readonly extended?: Readonly<Record<string, number>>;
};

/** `coordination.k8s.io/v1 Lease` (node.md 2.5). */
export type Lease = {
  apiVersion?: string;
  kind?: string;
  metadata: v1.ObjectMeta;
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; renewTime?: string };
};

/** `v1 Event` (node.md 3.7). */
export type ApiEvent = {
  apiVersion?: string;
  kind?: string;
  metadata: v1.ObjectMeta;
  involvedObject: {
    apiVersion: string;
    kind: string;
    namespace?: string;
    name: string;
    uid: string;
    fieldPath?: string;
  };
  reason: string;
  message: string;
  type: string;
  count: number;
  firstTimestamp: string;
  lastTimestamp: string;
  source: { component: string; host: string };
  reportingComponent: string;
  reportingInstance: string;
};

/** `v1 Service`, as far as environment variables come from it. */
export type Service = {
  apiVersion?: string;
  kind?: string;
  metadata: v1.ObjectMeta;
  spec?: {
    clusterIP?: string;
    ports?: { name?: string; port: number; protocol?: string }[];
  };
};

/** `node.k8s.io/v1 RuntimeClass`. */
export type RuntimeClass = { apiVersion?: string; kind?: string; metadata: v1.ObjectMeta; handler: string };

/** `certificates.k8s.io/v1 CertificateSigningRequest` (node.md 1.3). */
export type CertificateRequest = {
  apiVersion?: string;
  kind?: string;
  metadata: v1.ObjectMeta;
  /** `request` is PEM in base64, as is `certificate`. */
  spec: { request: string; signerName: string; usages: string[] };
  status?: { certificate?: string; conditions?: { type: string; reason?: string; message?: string }[] };
};

/** What a certificate says of its owner and its time. */
export type CertificateFacts = {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Hosts that it is for: DNS names and addresses, each in its canonical form. */
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
};

/** What a certificate of the node is for: to be known by the API server, or to serve the node's own API (node.md 1.3). */
export type CertificateUse = "client" | "serving";

/** Whose certificate is asked for; `names` are DNS names and addresses of a server. */
export type CertificateSubject = {
  readonly commonName: string;
  readonly organization: string;
  readonly names: readonly string[];
};

// ---- what is asked of an API server ----

/** The kinds that a node deals with, by the name of their resource. */
export type ClusterTypes = {
  readonly nodes: ClusterNode;
  readonly leases: Lease;
  readonly pods: v1.Pod;
  readonly events: ApiEvent;
  readonly configmaps: v1.ConfigMap;
  readonly secrets: v1.Secret;
  readonly services: Service;
  readonly runtimeclasses: RuntimeClass;
  readonly certificatesigningrequests: CertificateRequest;
};
export type ClusterKind = keyof ClusterTypes;
export type ClusterPlace<K extends ClusterKind> = { readonly kind: K; readonly namespace?: string };
export type ClusterObject<K extends ClusterKind> = ClusterPlace<K> & {
  readonly name: string;
  readonly subresource?: "status";
};
export type ClusterSelection<K extends ClusterKind> = ClusterPlace<K> & {
  /** As in `spec.nodeName=n1`; a node may list little without it (node.md 1.5). */
  readonly fieldSelector?: string;
};
export type RemoveOptions = { readonly graceSeconds?: number; readonly uid?: string };
/** `any`: what the server has at hand; `newest`: as of now; else not older than this version. */
export type ListVersion = "any" | "newest" | { readonly version: string };
export type ClusterList<T> = { readonly version: string; readonly items: readonly T[] };
export type WatchFrom = { readonly version: string; readonly timeoutSeconds: number };
export type ClusterChange<T> =
  /** The server has taken the watch; always the first, and once. */
  | { readonly kind: "open" }
  | { readonly kind: "put"; readonly object: T }
  | { readonly kind: "gone"; readonly object: T }
  /** Nothing changed up to this version. */
  | { readonly kind: "bookmark"; readonly version: string };
export type TokenWish = {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly pod: { readonly name: string; readonly uid: string };
};
export type ServiceAccountToken = { readonly token: string; readonly expiresWallMs: number };

// ---- how the node stands with its cluster ----

/** What people are shown of the connection to the API server. Times are wall times; absent: never. */
export type ClusterContact = {
  readonly connected: boolean;
  readonly leaseRenewedMs?: number;
  readonly statusSentMs?: number;
  /** The newest failure since all was well. */
  readonly lastError?: { readonly message: string; readonly atMs: number };
};
