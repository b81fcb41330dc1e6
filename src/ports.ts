/** Every interface between the agent and the edges. Types only. */

import type { SeenImage } from "./pod/action.ts";
import type {
  CertificateFacts,
  CertificateSubject,
  ClusterChange,
  ClusterKind,
  ClusterList,
  ClusterObject,
  ClusterPlace,
  ClusterSelection,
  ClusterTypes,
  ListVersion,
  RemoveOptions,
  ServiceAccountToken,
  TokenWish,
  WatchFrom,
} from "./pod/cluster.ts";
import type { RegistryCredential } from "./pod/credential.ts";
import type { DesiredContainer, DesiredPod, EndCause, PodKey } from "./pod/desired.ts";
import type { DocumentBodies, DocumentSummary } from "./pod/document.ts";
import type { CountedEvent } from "./pod/event.ts";
import type { LogOptions } from "./pod/log-options.ts";
import type { PodRecord } from "./pod/memory.ts";
import type { ObservedContainer, ObservedSandbox, Sighting } from "./pod/observed.ts";
import type { Hold } from "./pod/plan.ts";
import type { Problem } from "./pod/problem.ts";
import type { DirectorySighting } from "./pod/source.ts";
import type { ContainerUsage, HostUsage } from "./pod/usage.ts";
import type { AccessQuestion, User } from "./pod/user.ts";
import type * as v1 from "./pod/v1.ts";
import type { AgentHealth, InstanceView, ProbeView } from "./pod/view.ts";

// ---- the container runtime -------------------------------------------------------------------------------------------

/**
 * Pods and containers of a CRI runtime. Every call throws a BerthError with its effect; none is retried. Lists and events
 * show only what carries this root directory's berth.dev/owner label.
 */
export type Runtime = {
  /** Looked up at start and after each reconnect. */
  capabilities(): RuntimeCapabilities | undefined;
  /** Called after each reconnect: whatever was known has to be listed again. Returns the way to stop listening. */
  onReconnect(listener: () => void): () => void;
  /** Conditions of the runtime itself. */
  health(signal: AbortSignal): Promise<RuntimeHealth>;

  /** All of this owner's pods, one sighting each, whole as of the call's begin. Containers are not detailed. */
  list(signal: AbortSignal): Promise<readonly Sighting[]>;
  /** One pod's objects by label, whole, detailed. */
  look(podUid: string, signal: AbortSignal): Promise<Sighting>;
  /** One container, detailed; undefined when it is gone. */
  container(id: string, signal: AbortSignal): Promise<ObservedContainer | undefined>;
  /** Absent where the runtime has no event stream. Never paused by the consumer; ends with the signal or the connection. */
  events(signal: AbortSignal): AsyncIterable<Sighting> | undefined;
  /** Pods of other owners that carry Kubernetes labels, to find a kubelet at work: their count. */
  foreignPods(signal: AbortSignal): Promise<number>;
  /** The CNI list, if no plugin in it leads ports of the host to pods; undefined too where the runtime does not tell. */
  listWithoutPortMap?(signal: AbortSignal): Promise<string | undefined>;

  /** Answers with id and addresses: from the event stream where it has told them already, else by one status read. */
  runSandbox(request: SandboxRequest, signal: AbortSignal): Promise<ObservedSandbox>;
  /** Success when it is gone already. */
  stopSandbox(id: string, signal: AbortSignal): Promise<void>;
  removeSandbox(id: string, signal: AbortSignal): Promise<void>;
  /** Gives a running container the cpu and memory that its pod has now (S26). */
  updateContainer(
    request: Pick<ContainerRequest, "pod" | "container"> & { readonly id: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** Tells the runtime what the whole pod has now; success where it does not listen. */
  updateSandbox(id: string, pod: DesiredPod, signal: AbortSignal): Promise<void>;
  createContainer(request: ContainerRequest, signal: AbortSignal): Promise<ObservedContainer>;
  startContainer(id: string, signal: AbortSignal): Promise<void>;
  /** Success when it is gone already. The signal ends only the wait. */
  stopContainer(id: string, timeoutSeconds: number, signal: AbortSignal): Promise<void>;
  removeContainer(id: string, signal: AbortSignal): Promise<void>;
  /** A timeout of 0 means none. Throws RuntimeTimeout when the command ran out of time. */
  execSync(id: string, command: readonly string[], timeoutSeconds: number, signal: AbortSignal): Promise<ExecResult>;
  /** Opens a streaming session; the answer is the runtime's URL for it. */
  exec(id: string, command: readonly string[], streams: ExecStreams, signal: AbortSignal): Promise<string>;
  /** The same for the container's own process; `tty` must be as the container was made. */
  attach(id: string, streams: ExecStreams, signal: AbortSignal): Promise<string>;
  /** The same for connections to ports inside a sandbox; those that speak SPDY name each of them later. */
  portForward(sandboxId: string, ports: readonly number[], signal: AbortSignal): Promise<string>;
  reopenLog(id: string, signal: AbortSignal): Promise<void>;
  /** The addresses of the node's pods, in CIDR notation, for networks that the runtime sets up itself. */
  setPodRange(range: string, signal: AbortSignal): Promise<void>;
  /** What each running container uses now. */
  usage(signal: AbortSignal): Promise<readonly ContainerUsage[]>;
};

/** What is used, asked anew each time. */
export type Usage = {
  host(signal: AbortSignal): Promise<HostUsage>;
  containers(signal: AbortSignal): Promise<readonly ContainerUsage[]>;
};

export type RuntimeCapabilities = {
  readonly name: string;
  readonly version: string;
  readonly events: boolean;
  /** Whether its events are dealt out among all who listen, so that none of them hears of everything. */
  readonly sharedEvents: boolean;
  /** From RuntimeConfig; absent where the runtime cannot tell (cri-mapping 3.2). */
  readonly cgroupDriver?: "cgroupfs" | "systemd";
  readonly userNamespaces: boolean;
  readonly recursiveReadOnly: boolean;
  readonly supplementalGroupsPolicy: boolean;
  readonly imageVolumes: boolean;
};

export type RuntimeHealth = {
  readonly ready: boolean;
  readonly networkReady: boolean;
  /** Why not, in the runtime's words. */
  readonly message?: string;
};

/** Without a handler it is the runtime's own. */
export type SandboxRequest = { readonly pod: DesiredPod; readonly attempt: number; readonly handler?: string };

/** All that a CreateContainer call is made from (cri-mapping 2). */
export type ContainerRequest = {
  readonly pod: DesiredPod;
  readonly container: DesiredContainer;
  /** Restart count of the new instance. */
  readonly attempt: number;
  readonly sandbox: ObservedSandbox;
  readonly image: SeenImage;
  readonly backOffMs: number;
  /** The instance whose processes it sees: of an ephemeral container that asks for one. */
  readonly targetId?: string;
  readonly environment: readonly EnvVariable[];
  readonly mounts: readonly PreparedMount[];
};

export type EnvVariable = { readonly name: string; readonly value: string };

/** A mount whose host side stands; order is that of cri-mapping 2.4. */
export type PreparedMount = {
  readonly containerPath: string;
  /** Empty for an image volume. */
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly propagation: "private" | "hostToContainer" | "bidirectional";
  readonly recursiveReadOnly: boolean;
  readonly image?: { readonly ref: string; readonly written: string; readonly subPath: string };
};

export type ExecResult = { readonly stdout: Uint8Array; readonly stderr: Uint8Array; readonly exitCode: number };
export type ExecStreams = {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
};

/** The image service of the runtime. */
export type Images = {
  /** Undefined when the image is absent. */
  find(ref: string, signal: AbortSignal): Promise<SeenImage | undefined>;
  /** Has no deadline of its own. Throws ImagePullFailed, RegistryUnavailable, SignatureValidationFailed. */
  pull(request: PullRequest, signal: AbortSignal): Promise<SeenImage>;
};
export type PullRequest = {
  readonly ref: string;
  readonly pod: DesiredPod;
  /** Sandbox attempt, for the sandbox config that goes with the call. */
  readonly attempt: number;
  readonly credential?: RegistryCredential;
};

// ---- the agent's files -----------------------------------------------------------------------------------------------

/** Directories, volumes and records of pods under the root directory, and the log directories (cri-mapping 4, 5). */
export type PodFiles = {
  /** The pod's directories and log directory; may be called again. */
  makeHome(pod: DesiredPod, signal: AbortSignal): Promise<void>;
  /** Makes one volume stand with this version of its content; may be called again. */
  setVolume(pod: DesiredPod, volume: string, bodies: DocumentBodies, signal: AbortSignal): Promise<void>;
  /** Log directory, hosts file, termination log and mounts for one coming instance. */
  prepareContainer(request: PrepareRequest, signal: AbortSignal): Promise<readonly PreparedMount[]>;
  /** The text of a file in an emptyDir, for fileKeyRef (2.3); undefined when there is none. */
  readVolumeFile(pod: DesiredPod, volume: string, path: string, signal: AbortSignal): Promise<string | undefined>;
  /** The link in the containers' log directory; a failure is only worth a log line. */
  linkLog(pod: PodName, container: string, attempt: number, id: string, signal: AbortSignal): Promise<void>;
  /** What an exited instance left behind (cri-mapping 4.2); empty when it left nothing. */
  readMessage(pod: DesiredPod, container: ObservedContainer, signal: AbortSignal): Promise<string>;
  /** Log, its rotated files, link and termination log of one dead instance. */
  removeInstance(pod: PodName, container: string, attempt: number, id: string, signal: AbortSignal): Promise<void>;
  /** Highest attempt that has a log file, or undefined (S28). */
  lastAttempt(pod: PodName, container: string, signal: AbortSignal): Promise<number | undefined>;
  /** Volumes unmounted and removed; with "nothing" also logs, directories and the record. Throws when a mount remains. */
  clearHome(pod: PodName, keep: "logs" | "nothing", signal: AbortSignal): Promise<void>;
  /** Every record under the root directory; damaged ones are reported as problems, and whose home has none. */
  loadRecords(signal: AbortSignal): Promise<LoadedRecords>;
  saveRecord(stored: StoredPod, signal: AbortSignal): Promise<void>;
  /** Where an instance writes its log. */
  logPath(pod: PodName, container: string, attempt: number): string;
};

export type PodName = { readonly uid: string; readonly namespace: string; readonly name: string };

export type PrepareRequest = {
  readonly pod: DesiredPod;
  readonly container: DesiredContainer;
  readonly attempt: number;
  /** Empty for the host network. */
  readonly podIps: readonly string[];
  readonly environment: readonly EnvVariable[];
};

/** What stands in pods/<uid>/berth.json: the last accepted form of the pod, and what was learnt since (D1, D8). */
export type StoredPod = {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly source?: "api" /** The pod of an API server, which has no path. */;
  readonly path: string;
  readonly document: number;
  readonly seenWallMs: number;
  readonly manifest: v1.Pod;
  readonly record: PodRecord;
  /** The device of the manifest directory when the pod was accepted: one that is not mounted after a restart removes nothing (D1). */
  readonly device?: string;
  /** The pod was told to end: an agent that starts goes on with it, whatever the sources say by then (T16). */
  readonly ending?: { readonly cause: EndCause; readonly graceSeconds: number };
};

/** All that is kept of pods on disk. `unrecorded`: UIDs of homes that hold no record, or one that makes no sense. */
export type LoadedRecords = {
  readonly pods: readonly StoredPod[];
  readonly problems: readonly Problem[];
  readonly unrecorded: readonly string[];
};

// ---- sources ---------------------------------------------------------------------------------------------------------

/** The manifest directory. */
export type ManifestSource = {
  /** The whole set again after each change; the newest replaces one that was not taken yet. Ends with the signal. */
  sightings(signal: AbortSignal): AsyncIterable<DirectorySighting>;
  /** The pod of a record, compiled as the directory would; undefined when its manifest no longer compiles. */
  recompile(stored: StoredPod): Promise<DesiredPod | undefined>;
  /** Looks at the directory again now. */
  rescan(): void;
};

// ---- handlers --------------------------------------------------------------------------------------------------------
/** Runs one handler of a hook or probe, once. */
export type Handlers = {
  /** Empty string on success, else why it failed (H3). Ends with the signal. */
  runHook(request: HookRequest, signal: AbortSignal): Promise<string>;
  /** One attempt of a probe (6.2). */
  runProbe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult>;
};
export type HookRequest = {
  readonly pod: DesiredPod;
  readonly container: DesiredContainer;
  readonly hook: "postStart" | "preStop";
  readonly containerId: string;
  readonly podIp: string;
  onFallback(address: string): void; // H5: the HTTPS request to this host:port was answered in plain HTTP
};
export type ProbeRequest = {
  readonly pod: DesiredPod;
  readonly container: DesiredContainer;
  readonly probe: "startup" | "liveness" | "readiness";
  /** An exec probe's command after `$(VAR)` was expanded from literal variables only (R13); absent: as written. */
  readonly command?: readonly string[];
  readonly containerId: string;
  readonly podIp: string;
};
export type ProbeResult =
  | { readonly kind: "success" | "warning" | "failure"; readonly output: string }
  /** The attempt proves nothing (R4). */
  | { readonly kind: "discarded"; readonly output: string };

// ---- the service manager ---------------------------------------------------------------------------------------------

/** Who started the agent and ends it when it hangs. */
export type Supervisor = {
  /** A sign of life is due at least so often; undefined when nobody waits for one. */
  readonly aliveWithinMs?: number;
  /** Best effort: never throws, and does not wait for long. */
  tell(news: SupervisorNews): Promise<void>;
};
export type SupervisorNews = {
  /** `ready` also ends `reloading`. */
  readonly kind: "ready" | "alive" | "reloading" | "stopping";
  /** One line for people who ask how the service is. */
  readonly status: string;
};

// ---- the API server --------------------------------------------------------------------------------------------------

/**
 * The API server of a cluster (node.md 1 to 3). Each call is one request, tried once. It throws a BerthError with one of the
 * codes that begin with Api; a write that may have worked has the effect "unknown".
 */
export type Cluster = {
  get<K extends ClusterKind>(object: ClusterObject<K>, signal: AbortSignal): Promise<ClusterTypes[K]>;
  /** Of a subresource the answer is that of its parent's kind, but for tokens and evictions. */
  create<K extends ClusterKind>(
    at: ClusterPlace<K>,
    body: ClusterTypes[K],
    signal: AbortSignal,
  ): Promise<ClusterTypes[K]>;
  replace<K extends ClusterKind>(
    object: ClusterObject<K>,
    body: ClusterTypes[K],
    signal: AbortSignal,
  ): Promise<ClusterTypes[K]>;
  /** A strategic merge patch. */
  patch<K extends ClusterKind>(object: ClusterObject<K>, patch: object, signal: AbortSignal): Promise<ClusterTypes[K]>;
  remove<K extends ClusterKind>(object: ClusterObject<K>, options: RemoveOptions, signal: AbortSignal): Promise<void>;
  list<K extends ClusterKind>(
    of: ClusterSelection<K>,
    since: ListVersion,
    signal: AbortSignal,
  ): Promise<ClusterList<ClusterTypes[K]>>;
  /** Changes after a version, until the server ends the stream, the connection breaks (which throws) or the signal. */
  watch<K extends ClusterKind>(
    of: ClusterSelection<K>,
    from: WatchFrom,
    signal: AbortSignal,
  ): AsyncIterable<ClusterChange<ClusterTypes[K]>>;
  /** A token of a service account that is bound to a pod (node.md 3.9). */
  token(request: TokenWish, signal: AbortSignal): Promise<ServiceAccountToken>;
  /** Breaks all connections: the next request makes a new one (node.md 1.1). */
  disconnect(): void;
};

/** The certificates of one use that are the node's (node.md 1.3, 1.4). Keys stay behind this port. */
export type NodeCertificates = {
  /** The one that is in use; undefined while there is none. */
  current(): CertificateFacts | undefined;
  /** A new key, and the request for its certificate. `keep` takes the answer into use. Both are PEM in base64. */
  ask(subject: CertificateSubject): Promise<{
    readonly request: string;
    keep(certificate: string): Promise<CertificateFacts>;
  }>;
  /** Whether the server is so old that it issues no certificate without this usage. Never throws. */
  wantsKeyEncipherment(signal: AbortSignal): Promise<boolean>;
};

/** What an API server says of users. Each call is one request, tried once; it throws as those of Cluster do. */
export type Reviews = {
  /** Whose token it is; undefined when it is nobody's. */
  token(token: string, signal: AbortSignal): Promise<User | undefined>;
  access(question: AccessQuestion, signal: AbortSignal): Promise<boolean>;
};

// ---- what the agent tells --------------------------------------------------------------------------------------------

/** Takes the newest of something; its owner keeps queue, rate and back-off. */
export type Sink<T> = { put(item: T, signal: AbortSignal): Promise<void> };

/** What sockets and ports may see and ask of the agent. */
export type View = {
  /** v1 Pods with live status, sorted by key. */
  pods(): readonly v1.Pod[];
  /** The full list first, then each change, until the signal. A slow reader misses versions, never the newest. */
  watchPods(signal: AbortSignal): AsyncIterable<PodChange>;
  problems(): readonly Problem[];
  watchProblems(signal: AbortSignal): AsyncIterable<readonly Problem[]>;
  /** ConfigMaps and Secrets that pods may use, sorted; names and sizes only. */
  documents(): readonly DocumentSummary[];
  /** Events that are kept, by their last time. */
  events(): readonly CountedEvent[];
  /** The same, then each as it happens (again), until the signal. */
  watchEvents(signal: AbortSignal): AsyncIterable<CountedEvent>;
  /** Why the pod is not further; undefined when it is unknown. */
  holds(key: PodKey): readonly Hold[] | undefined;
  /** What the pod's probes have shown of the instances that run now. */
  probes(key: PodKey): readonly ProbeView[];
  /** The newest instance of a container, or the one before it. */
  instance(key: PodKey, container: string, which: "newest" | "previous"): InstanceView | undefined;
  /** Asks for a restart; false when there is no such container. */
  restart(key: PodKey, container: string): boolean;
  /** Opens an exec session in the newest running instance; the answer is the runtime's URL. */
  exec(id: string, command: readonly string[], streams: ExecStreams, signal: AbortSignal): Promise<string>;
  attach(id: string, streams: ExecStreams, signal: AbortSignal): Promise<string>;
  /** Opens the way to ports of a pod; the answer is the runtime's URL. Throws NotFound while no sandbox is ready. */
  portForward(key: PodKey, ports: readonly number[], signal: AbortSignal): Promise<string>;
  health(): AgentHealth;
};
export type PodChange =
  | { readonly kind: "put"; readonly pod: v1.Pod }
  | { readonly kind: "gone"; readonly key: PodKey }
  /** The full list has been told. */
  | { readonly kind: "synced" };
/** Reads CRI log files (cri-mapping 4.3). */
export type Logs = {
  /** Lines of one instance's log as chunks of bytes. With follow it goes on until `running` says no and the end is reached. */
  read(path: string, options: LogOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;
};
