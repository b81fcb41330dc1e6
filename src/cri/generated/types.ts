// Written by proto/generate.ts from proto/runtime/v1/api.proto: change that and run it again.

// Messages as they are received: complete, a message that was not sent being undefined. To be sent: Draft<...> of them.
// Enum values are plain numbers, since a newer runtime may know more of them.

/** Who writes cgroups. Zero is SYSTEMD: look whether the enclosing message is there at all. */
export const CgroupDriver = { SYSTEMD: 0, CGROUPFS: 1 } as const;
export type CgroupDriver = number;

/** Transport protocol of a mapped port. */
export const Protocol = { TCP: 0, UDP: 1, SCTP: 2 } as const;
export type Protocol = number;

/** Whether the image's own group file adds to the wanted groups. */
export const SupplementalGroupsPolicy = { Merge: 0, Strict: 1 } as const;
export type SupplementalGroupsPolicy = number;

/** Whose namespace of one sort a process gets. Zero is POD, so CONTAINER must always be sent. */
export const NamespaceMode = { POD: 0, CONTAINER: 1, NODE: 2, TARGET: 3 } as const;
export type NamespaceMode = number;

/** Where a profile comes from. */
export const ProfileType = { RuntimeDefault: 0, Unconfined: 1, Localhost: 2 } as const;
export type ProfileType = number;

/** A sandbox is either in order or not. */
export const PodSandboxState = { SANDBOX_READY: 0, SANDBOX_NOTREADY: 1 } as const;
export type PodSandboxState = number;

/** Stop signals by name. Zero leaves the choice to image and runtime. */
export const Signal = {
  RUNTIME_DEFAULT: 0, SIGABRT: 1, SIGALRM: 2, SIGBUS: 3, SIGCHLD: 4, SIGCLD: 5, SIGCONT: 6, SIGFPE: 7, SIGHUP: 8,
  SIGILL: 9, SIGINT: 10, SIGIO: 11, SIGIOT: 12, SIGKILL: 13, SIGPIPE: 14, SIGPOLL: 15, SIGPROF: 16, SIGPWR: 17,
  SIGQUIT: 18, SIGSEGV: 19, SIGSTKFLT: 20, SIGSTOP: 21, SIGSYS: 22, SIGTERM: 23, SIGTRAP: 24, SIGTSTP: 25, SIGTTIN: 26,
  SIGTTOU: 27, SIGURG: 28, SIGUSR1: 29, SIGUSR2: 30, SIGVTALRM: 31, SIGWINCH: 32, SIGXCPU: 33, SIGXFSZ: 34,
  SIGRTMIN: 35, SIGRTMINPLUS1: 36, SIGRTMINPLUS2: 37, SIGRTMINPLUS3: 38, SIGRTMINPLUS4: 39, SIGRTMINPLUS5: 40,
  SIGRTMINPLUS6: 41, SIGRTMINPLUS7: 42, SIGRTMINPLUS8: 43, SIGRTMINPLUS9: 44, SIGRTMINPLUS10: 45, SIGRTMINPLUS11: 46,
  SIGRTMINPLUS12: 47, SIGRTMINPLUS13: 48, SIGRTMINPLUS14: 49, SIGRTMINPLUS15: 50, SIGRTMAXMINUS14: 51,
  SIGRTMAXMINUS13: 52, SIGRTMAXMINUS12: 53, SIGRTMAXMINUS11: 54, SIGRTMAXMINUS10: 55, SIGRTMAXMINUS9: 56,
  SIGRTMAXMINUS8: 57, SIGRTMAXMINUS7: 58, SIGRTMAXMINUS6: 59, SIGRTMAXMINUS5: 60, SIGRTMAXMINUS4: 61,
  SIGRTMAXMINUS3: 62, SIGRTMAXMINUS2: 63, SIGRTMAXMINUS1: 64, SIGRTMAX: 65,
} as const;
export type Signal = number;

/** How mounts made below a mount travel between host and container. */
export const MountPropagation = {
  PROPAGATION_PRIVATE: 0, PROPAGATION_HOST_TO_CONTAINER: 1, PROPAGATION_BIDIRECTIONAL: 2,
} as const;
export type MountPropagation = number;

/** Where a container stands in its life. */
export const ContainerState = {
  CONTAINER_CREATED: 0, CONTAINER_RUNNING: 1, CONTAINER_EXITED: 2, CONTAINER_UNKNOWN: 3,
} as const;
export type ContainerState = number;

/** What happened to the container. */
export const ContainerEventType = {
  CONTAINER_CREATED_EVENT: 0, CONTAINER_STARTED_EVENT: 1, CONTAINER_STOPPED_EVENT: 2, CONTAINER_DELETED_EVENT: 3,
} as const;
export type ContainerEventType = number;

/** How a metric's value may move. */
export const MetricType = { COUNTER: 0, GAUGE: 1 } as const;
export type MetricType = number;

/** Carries the version of the API that the caller speaks. */
export interface VersionRequest { version: string }

/** Who answers, and which API it serves. */
export interface VersionResponse {
  version: string;
  runtime_name: string;
  runtime_version: string;
  /** Says "v1" for all that this file holds. */
  runtime_api_version: string;
}

/** Asks for readiness. */
export interface StatusRequest {
  /** Fills info with the runtime's own debugging text. */
  verbose: boolean;
}

/** Readiness and abilities of the runtime. */
export interface StatusResponse {
  status: RuntimeStatus | undefined;
  info: Record<string, string>;
  runtime_handlers: RuntimeHandler[];
  features: RuntimeFeatures | undefined;
}

/** The conditions; RuntimeReady and NetworkReady are always among them. */
export interface RuntimeStatus { conditions: RuntimeCondition[] }

/** One thing that is so or is not so, with the reason. */
export interface RuntimeCondition {
  /** RuntimeReady, NetworkReady or a name of the runtime's own. */
  type: string;
  status: boolean;
  reason: string;
  message: string;
}

/** One way to run containers (runc, gVisor, ...); the default one has an empty name. */
export interface RuntimeHandler { name: string; features: RuntimeHandlerFeatures | undefined }

/** What one handler can do. */
export interface RuntimeHandlerFeatures {
  /** Mount.recursive_read_only is honoured. */
  recursive_read_only_mounts: boolean;
  user_namespaces: boolean;
}

/** What the runtime can do whatever the handler. */
export interface RuntimeFeatures { supplemental_groups_policy: boolean; user_namespaces_host_network: boolean }

/** Asks for the shared settings. */
export type RuntimeConfigRequest = Record<never, never>;

/** The settings; a runtime that does not say leaves the field out. */
export interface RuntimeConfigResponse { linux: LinuxRuntimeConfiguration | undefined }

/** The settings that exist on Linux. */
export interface LinuxRuntimeConfiguration { cgroup_driver: CgroupDriver }

/** New settings. */
export interface UpdateRuntimeConfigRequest { runtime_config: RuntimeConfig | undefined }

/** The settings are taken over. */
export type UpdateRuntimeConfigResponse = Record<never, never>;

/** What an agent may set in the runtime. */
export interface RuntimeConfig { network_config: NetworkConfig | undefined }

/** What the network plugins need from the agent. */
export interface NetworkConfig { pod_cidr: string }

/** The wish for a sandbox. */
export interface RunPodSandboxRequest { config: PodSandboxConfig | undefined; runtime_handler: string }

/** The id by which the sandbox goes from now on. */
export interface RunPodSandboxResponse { pod_sandbox_id: string }

/** Names the sandbox to stop. */
export interface StopPodSandboxRequest { pod_sandbox_id: string }

/** The sandbox is stopped. */
export type StopPodSandboxResponse = Record<never, never>;

/** Names the sandbox to forget. */
export interface RemovePodSandboxRequest { pod_sandbox_id: string }

/** The sandbox is gone. */
export type RemovePodSandboxResponse = Record<never, never>;

/** Names the sandbox to look at. */
export interface PodSandboxStatusRequest { pod_sandbox_id: string; verbose: boolean }

/** One sandbox in full. Not every runtime adds the containers, even where it sets the timestamp. */
export interface PodSandboxStatusResponse {
  status: PodSandboxStatus | undefined;
  info: Record<string, string>;
  containers_statuses: ContainerStatus[];
  /** When this was true, in ns since 1970. */
  timestamp: bigint;
}

/** Which sandboxes to list; no filter means all. */
export interface ListPodSandboxRequest { filter: PodSandboxFilter | undefined }

/** The sandboxes found. */
export interface ListPodSandboxResponse { items: PodSandbox[] }

/** Which sandboxes to list. */
export interface StreamPodSandboxesRequest { filter: PodSandboxFilter | undefined }

/** Some of the sandboxes; the list is whole only at the end of the stream. */
export interface StreamPodSandboxesResponse { pod_sandboxes: PodSandbox[] }

/** The pod's resources as they are now. */
export interface UpdatePodSandboxResourcesRequest {
  pod_sandbox_id: string;
  overhead: LinuxContainerResources | undefined;
  resources: LinuxContainerResources | undefined;
}

/** The change is noted. */
export type UpdatePodSandboxResourcesResponse = Record<never, never>;

/** All that makes a sandbox; the same config goes into every container and pull of the pod. */
export interface PodSandboxConfig {
  metadata: PodSandboxMetadata | undefined;
  /** Left empty when the pod is on the host's network. */
  hostname: string;
  /** On the host; the log_path of each container is relative to it. */
  log_directory: string;
  dns_config: DNSConfig | undefined;
  port_mappings: PortMapping[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux: LinuxPodSandboxConfig | undefined;
  windows: WindowsPodSandboxConfig | undefined;
}

/** Which pod, and which try. The four together are the sandbox's unique name. */
export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  /** Rises by one with each new sandbox of the same pod. */
  attempt: number;
}

/** What goes into resolv.conf. Given but empty makes an empty file. */
export interface DNSConfig { servers: string[]; searches: string[]; options: string[] }

/** One port of the pod and the port of the host that leads to it. */
export interface PortMapping {
  protocol: Protocol;
  container_port: number;
  /** 0: nothing on the host. */
  host_port: number;
  host_ip: string;
}

/** The Linux part of a sandbox. */
export interface LinuxPodSandboxConfig {
  /** Absolute, as if written for cgroupfs. */
  cgroup_parent: string;
  security_context: LinuxSandboxSecurityContext | undefined;
  sysctls: Record<string, string>;
  /** What the pod costs beside its containers. */
  overhead: LinuxContainerResources | undefined;
  /** The sum of the containers, without overhead. */
  resources: LinuxContainerResources | undefined;
}

/** Rights and namespaces of a sandbox. */
export interface LinuxSandboxSecurityContext {
  namespace_options: NamespaceOption | undefined;
  selinux_options: SELinuxOption | undefined;
  run_as_user: Int64Value | undefined;
  readonly_rootfs: boolean;
  supplemental_groups: bigint[];
  privileged: boolean;
  seccomp_profile_path: string;
  /** Only together with run_as_user. */
  run_as_group: Int64Value | undefined;
  seccomp: SecurityProfile | undefined;
  apparmor: SecurityProfile | undefined;
  supplemental_groups_policy: SupplementalGroupsPolicy;
}

/** Which namespaces are shared with whom. */
export interface NamespaceOption {
  network: NamespaceMode;
  pid: NamespaceMode;
  ipc: NamespaceMode;
  /** With pid TARGET: the container whose processes are seen. */
  target_id: string;
  userns_options: UserNamespace | undefined;
}

/** Whether users are mapped, and how. */
export interface UserNamespace { mode: NamespaceMode; uids: IDMapping[]; gids: IDMapping[] }

/** A run of user or group ids inside, and where it begins outside. */
export interface IDMapping {
  /** First id on the host. */
  host_id: number;
  /** First id in the container. */
  container_id: number;
  length: number;
}

/** The four parts of an SELinux label. */
export interface SELinuxOption { user: string; role: string; type: string; level: string }

/** A seccomp or AppArmor profile. */
export interface SecurityProfile {
  profile_type: ProfileType;
  /** With Localhost: path of a seccomp file, or name of a loaded AppArmor profile. */
  localhost_ref: string;
}

/** A number that may be absent, which is not the same as zero. */
export interface Int64Value { value: bigint }

/** A sandbox as lists show it. */
export interface PodSandbox {
  id: string;
  metadata: PodSandboxMetadata | undefined;
  state: PodSandboxState;
  /** In ns since 1970. */
  created_at: bigint;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  runtime_handler: string;
}

/** All given conditions must hold. */
export interface PodSandboxFilter {
  id: string;
  state: PodSandboxStateValue | undefined;
  /** Each of these labels with exactly this value. */
  label_selector: Record<string, string>;
}

/** A state that may be absent: no value means any state. */
export interface PodSandboxStateValue { state: PodSandboxState }

/** A sandbox in full. */
export interface PodSandboxStatus {
  id: string;
  metadata: PodSandboxMetadata | undefined;
  state: PodSandboxState;
  /** In ns since 1970. */
  created_at: bigint;
  /** Absent, or without address, for a pod on the host's network. */
  network: PodSandboxNetworkStatus | undefined;
  linux: LinuxPodSandboxStatus | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  runtime_handler: string;
}

/** The pod's addresses; the first one stands apart. */
export interface PodSandboxNetworkStatus { ip: string; additional_ips: PodIP[] }

/** One further address. */
export interface PodIP { ip: string }

/** The Linux part of a sandbox's status. */
export interface LinuxPodSandboxStatus { namespaces: Namespace | undefined }

/** The namespaces that the sandbox really got. */
export interface Namespace { options: NamespaceOption | undefined }

/** The wish for a container. */
export interface CreateContainerRequest {
  pod_sandbox_id: string;
  config: ContainerConfig | undefined;
  /** Word for word the config of RunPodSandbox. */
  sandbox_config: PodSandboxConfig | undefined;
}

/** The id by which the container goes from now on. */
export interface CreateContainerResponse { container_id: string }

/** Names the container to start. */
export interface StartContainerRequest { container_id: string }

/** The container runs. */
export type StartContainerResponse = Record<never, never>;

/** Names the container to stop and the time that it has. */
export interface StopContainerRequest {
  container_id: string;
  /** In seconds; 0 kills at once. */
  timeout: bigint;
}

/** The container has ended. */
export type StopContainerResponse = Record<never, never>;

/** Names the container to forget. */
export interface RemoveContainerRequest { container_id: string }

/** The container is gone. */
export type RemoveContainerResponse = Record<never, never>;

/** Which containers to list; no filter means all. */
export interface ListContainersRequest { filter: ContainerFilter | undefined }

/** The containers found. */
export interface ListContainersResponse { containers: Container[] }

/** Which containers to list. */
export interface StreamContainersRequest { filter: ContainerFilter | undefined }

/** Some of the containers; the list is whole only at the end of the stream. */
export interface StreamContainersResponse { containers: Container[] }

/** Names the container to look at. */
export interface ContainerStatusRequest { container_id: string; verbose: boolean }

/** One container in full. */
export interface ContainerStatusResponse { status: ContainerStatus | undefined; info: Record<string, string> }

/** New limits for one container. */
export interface UpdateContainerResourcesRequest {
  container_id: string;
  linux: LinuxContainerResources | undefined;
  windows: WindowsContainerResources | undefined;
  annotations: Record<string, string>;
}

/** The limits are in force. */
export type UpdateContainerResourcesResponse = Record<never, never>;

/** Names the container whose log was rotated. */
export interface ReopenContainerLogRequest { container_id: string }

/** The new log file is open. */
export type ReopenContainerLogResponse = Record<never, never>;

/** Names the container to freeze and where its state goes. */
export interface CheckpointContainerRequest {
  container_id: string;
  location: string;
  /** In seconds; 0 leaves it to the runtime. */
  timeout: bigint;
}

/** The file is written. */
export type CheckpointContainerResponse = Record<never, never>;

/** All that makes a container. */
export interface ContainerConfig {
  metadata: ContainerMetadata | undefined;
  image: ImageSpec | undefined;
  /** Replaces the image's entrypoint. */
  command: string[];
  /** Replaces the image's arguments. */
  args: string[];
  working_dir: string;
  envs: KeyValue[];
  mounts: Mount[];
  devices: Device[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to log_directory of the sandbox. */
  log_path: string;
  stdin: boolean;
  /** Closes stdin after the first attached client has left. */
  stdin_once: boolean;
  tty: boolean;
  linux: LinuxContainerConfig | undefined;
  windows: WindowsContainerConfig | undefined;
  CDI_devices: CDIDevice[];
  stop_signal: Signal;
}

/** Which container of the pod, and which try; part of its unique name. */
export interface ContainerMetadata {
  name: string;
  /** Rises by one with each new container of the same name. */
  attempt: number;
}

/** One environment variable; the value need not be text. */
export interface KeyValue { key: string; value: Uint8Array }

/** One thing of the host, or an image, made visible in the container. */
export interface Mount {
  container_path: string;
  /** Empty when image is given. */
  host_path: string;
  readonly: boolean;
  selinux_relabel: boolean;
  propagation: MountPropagation;
  uidMappings: IDMapping[];
  gidMappings: IDMapping[];
  /** Needs readonly and private propagation. */
  recursive_read_only: boolean;
  image: ImageSpec | undefined;
  /** Older runtimes do not know it and mount the whole image. */
  image_sub_path: string;
}

/** One device node of the host. */
export interface Device {
  container_path: string;
  host_path: string;
  /** Some of r, w and m (mknod). */
  permissions: string;
}

/** A device named by its container device interface name. */
export interface CDIDevice {
  /** vendor.com/class=name */
  name: string;
}

/** The Linux part of a container. */
export interface LinuxContainerConfig {
  resources: LinuxContainerResources | undefined;
  security_context: LinuxContainerSecurityContext | undefined;
}

/** Cgroup limits. Zero means: not set. */
export interface LinuxContainerResources {
  /** In microseconds. */
  cpu_period: bigint;
  /** In microseconds of each period; -1: no limit. */
  cpu_quota: bigint;
  cpu_shares: bigint;
  memory_limit_in_bytes: bigint;
  oom_score_adj: bigint;
  /** As the kernel writes it: 0-3,7 */
  cpuset_cpus: string;
  cpuset_mems: string;
  hugepage_limits: HugepageLimit[];
  /** Files of cgroup v2 and what to write into them. */
  unified: Record<string, string>;
  memory_swap_limit_in_bytes: bigint;
}

/** How much of one huge page size may be used. */
export interface HugepageLimit {
  /** As the kernel's file names have it: 2MB, 1GB */
  page_size: string;
  /** In bytes. */
  limit: bigint;
}

/** Rights, user and namespaces of a container. */
export interface LinuxContainerSecurityContext {
  capabilities: Capability | undefined;
  privileged: boolean;
  namespace_options: NamespaceOption | undefined;
  selinux_options: SELinuxOption | undefined;
  run_as_user: Int64Value | undefined;
  /** Only without run_as_user. */
  run_as_username: string;
  readonly_rootfs: boolean;
  supplemental_groups: bigint[];
  apparmor_profile: string;
  seccomp_profile_path: string;
  no_new_privs: boolean;
  run_as_group: Int64Value | undefined;
  masked_paths: string[];
  readonly_paths: string[];
  seccomp: SecurityProfile | undefined;
  apparmor: SecurityProfile | undefined;
  supplemental_groups_policy: SupplementalGroupsPolicy;
}

/** Capabilities on top of, or taken from, the runtime's default set; names without CAP_. */
export interface Capability {
  add_capabilities: string[];
  drop_capabilities: string[];
  add_ambient_capabilities: string[];
}

/** A container as lists show it: enough to see its state, not how it ended. */
export interface Container {
  id: string;
  pod_sandbox_id: string;
  metadata: ContainerMetadata | undefined;
  image: ImageSpec | undefined;
  /** What the container was made from, by digest. */
  image_ref: string;
  state: ContainerState;
  /** In ns since 1970. */
  created_at: bigint;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Older runtimes leave it empty: use image_ref. */
  image_id: string;
}

/** All given conditions must hold. */
export interface ContainerFilter {
  id: string;
  state: ContainerStateValue | undefined;
  pod_sandbox_id: string;
  /** Each of these labels with exactly this value. */
  label_selector: Record<string, string>;
}

/** A state that may be absent: no value means any state. */
export interface ContainerStateValue { state: ContainerState }

/** A container in full. */
export interface ContainerStatus {
  id: string;
  metadata: ContainerMetadata | undefined;
  state: ContainerState;
  /** This and the next two in ns since 1970; 0: not yet. */
  created_at: bigint;
  started_at: bigint;
  finished_at: bigint;
  exit_code: number;
  image: ImageSpec | undefined;
  image_ref: string;
  /** One word, OOMKilled for example. */
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  mounts: Mount[];
  /** Absolute, unlike that of ContainerConfig. */
  log_path: string;
  resources: ContainerResources | undefined;
  image_id: string;
  user: ContainerUser | undefined;
  stop_signal: Signal;
}

/** The limits in force. */
export interface ContainerResources {
  linux: LinuxContainerResources | undefined;
  windows: WindowsContainerResources | undefined;
}

/** The user that the first process got. */
export interface ContainerUser { linux: LinuxContainerUser | undefined }

/** User and groups as numbers. */
export interface LinuxContainerUser { uid: bigint; gid: bigint; supplemental_groups: bigint[] }

/** A command to run to its end. */
export interface ExecSyncRequest {
  container_id: string;
  cmd: string[];
  /** In seconds; 0 waits for ever. */
  timeout: bigint;
}

/** What the command wrote and how it ended. A non-zero code is a good answer. */
export interface ExecSyncResponse { stdout: Uint8Array; stderr: Uint8Array; exit_code: number }

/** A command to be connected to streams. */
export interface ExecRequest {
  container_id: string;
  cmd: string[];
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** Where to connect. */
export interface ExecResponse { url: string }

/** Streams wanted of the first process. */
export interface AttachRequest {
  container_id: string;
  stdin: boolean;
  /** Must be as the container was made. */
  tty: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** Where to connect. */
export interface AttachResponse { url: string }

/** Ports wanted of a sandbox; none means that the stream names them. */
export interface PortForwardRequest { pod_sandbox_id: string; port: number[] }

/** Where to connect. */
export interface PortForwardResponse { url: string }

/** Asks for events from now on. Named differently from its call. */
export type GetEventsRequest = Record<never, never>;

/** One event, with the pod as it was just after it. */
export interface ContainerEventResponse {
  container_id: string;
  container_event_type: ContainerEventType;
  /** In ns since 1970. */
  created_at: bigint;
  pod_sandbox_status: PodSandboxStatus | undefined;
  containers_statuses: ContainerStatus[];
}

/** Names the container to measure. */
export interface ContainerStatsRequest { container_id: string }

/** Its figures. */
export interface ContainerStatsResponse { stats: ContainerStats | undefined }

/** Which containers to measure; no filter means all. */
export interface ListContainerStatsRequest { filter: ContainerStatsFilter | undefined }

/** Their figures. */
export interface ListContainerStatsResponse { stats: ContainerStats[] }

/** Which containers to measure. */
export interface StreamContainerStatsRequest { filter: ContainerStatsFilter | undefined }

/** Figures of some of them. */
export interface StreamContainerStatsResponse { container_stats: ContainerStats[] }

/** All given conditions must hold. */
export interface ContainerStatsFilter { id: string; pod_sandbox_id: string; label_selector: Record<string, string> }

/** What one container uses. */
export interface ContainerStats {
  attributes: ContainerAttributes | undefined;
  cpu: CpuUsage | undefined;
  memory: MemoryUsage | undefined;
  writable_layer: FilesystemUsage | undefined;
  swap: SwapUsage | undefined;
  io: IoUsage | undefined;
}

/** Which container the figures belong to. */
export interface ContainerAttributes {
  id: string;
  metadata: ContainerMetadata | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** Names the sandbox to measure. */
export interface PodSandboxStatsRequest { pod_sandbox_id: string }

/** Its figures. */
export interface PodSandboxStatsResponse { stats: PodSandboxStats | undefined }

/** Which sandboxes to measure; no filter means all. */
export interface ListPodSandboxStatsRequest { filter: PodSandboxStatsFilter | undefined }

/** Their figures. */
export interface ListPodSandboxStatsResponse { stats: PodSandboxStats[] }

/** Which sandboxes to measure. */
export interface StreamPodSandboxStatsRequest { filter: PodSandboxStatsFilter | undefined }

/** Figures of some of them. */
export interface StreamPodSandboxStatsResponse { pod_sandbox_stats: PodSandboxStats[] }

/** All given conditions must hold. */
export interface PodSandboxStatsFilter { id: string; label_selector: Record<string, string> }

/** What one pod uses. */
export interface PodSandboxStats {
  attributes: PodSandboxAttributes | undefined;
  linux: LinuxPodSandboxStats | undefined;
  windows: WindowsPodSandboxStats | undefined;
}

/** Which sandbox the figures belong to. */
export interface PodSandboxAttributes {
  id: string;
  metadata: PodSandboxMetadata | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** A pod's usage as its cgroup counts it. */
export interface LinuxPodSandboxStats {
  cpu: CpuUsage | undefined;
  memory: MemoryUsage | undefined;
  network: NetworkUsage | undefined;
  process: ProcessUsage | undefined;
  containers: ContainerStats[];
  io: IoUsage | undefined;
}

/** Processor time. */
export interface CpuUsage {
  /** In ns since 1970, here and below. */
  timestamp: bigint;
  /** Since the start, over all cores. */
  usage_core_nano_seconds: UInt64Value | undefined;
  usage_nano_cores: UInt64Value | undefined;
  psi: PsiStats | undefined;
}

/** Memory. */
export interface MemoryUsage {
  timestamp: bigint;
  /** What could not be freed at once. */
  working_set_bytes: UInt64Value | undefined;
  /** Only where there is a limit. */
  available_bytes: UInt64Value | undefined;
  usage_bytes: UInt64Value | undefined;
  rss_bytes: UInt64Value | undefined;
  page_faults: UInt64Value | undefined;
  major_page_faults: UInt64Value | undefined;
  psi: PsiStats | undefined;
}

/** Swap. */
export interface SwapUsage {
  /** In ns since 1970. */
  timestamp: bigint;
  swap_available_bytes: UInt64Value | undefined;
  swap_usage_bytes: UInt64Value | undefined;
}

/** Block devices; only the pressure is told. */
export interface IoUsage { timestamp: bigint; psi: PsiStats | undefined }

/** Pressure stall information: all tasks stalled, or at least one. */
export interface PsiStats { Full: PsiData | undefined; Some: PsiData | undefined }

/** Stalled time in total and its share of the last 10, 60 and 300 seconds. */
export interface PsiData {
  /** In nanoseconds. */
  Total: bigint;
  Avg10: number;
  Avg60: number;
  Avg300: number;
}

/** Traffic by interface. */
export interface NetworkUsage {
  timestamp: bigint;
  default_interface: NetworkInterfaceUsage | undefined;
  interfaces: NetworkInterfaceUsage[];
}

/** Counters of one interface. */
export interface NetworkInterfaceUsage {
  name: string;
  rx_bytes: UInt64Value | undefined;
  rx_errors: UInt64Value | undefined;
  tx_bytes: UInt64Value | undefined;
  tx_errors: UInt64Value | undefined;
}

/** Processes and threads. */
export interface ProcessUsage { timestamp: bigint; process_count: UInt64Value | undefined }

/** A count that may be absent, which is not the same as zero. */
export interface UInt64Value { value: bigint }

/** Asks for all descriptors. */
export type ListMetricDescriptorsRequest = Record<never, never>;

/** The descriptors; they do not change while the runtime runs. */
export interface ListMetricDescriptorsResponse { descriptors: MetricDescriptor[] }

/** Name, help text and label keys of one metric. */
export interface MetricDescriptor { name: string; help: string; label_keys: string[] }

/** Asks for all metrics. */
export type ListPodSandboxMetricsRequest = Record<never, never>;

/** The metrics, by pod. */
export interface ListPodSandboxMetricsResponse { pod_metrics: PodSandboxMetrics[] }

/** Asks for all metrics. */
export type StreamPodSandboxMetricsRequest = Record<never, never>;

/** The metrics of some pods. */
export interface StreamPodSandboxMetricsResponse { pod_sandbox_metrics: PodSandboxMetrics[] }

/** Metrics of one pod and of its containers. */
export interface PodSandboxMetrics { pod_sandbox_id: string; metrics: Metric[]; container_metrics: ContainerMetrics[] }

/** Metrics of one container. */
export interface ContainerMetrics { container_id: string; metrics: Metric[] }

/** One value. Label values stand in the order of the descriptor's keys. */
export interface Metric {
  name: string;
  timestamp: bigint;
  metric_type: MetricType;
  label_values: string[];
  value: UInt64Value | undefined;
}

/** Which images to list; no filter means all. */
export interface ListImagesRequest { filter: ImageFilter | undefined }

/** The images found. */
export interface ListImagesResponse { images: Image[] }

/** Which images to list. */
export interface StreamImagesRequest { filter: ImageFilter | undefined }

/** Some of the images; the list is whole only at the end of the stream. */
export interface StreamImagesResponse { images: Image[] }

/** Names the image to look at. */
export interface ImageStatusRequest { image: ImageSpec | undefined; verbose: boolean }

/** The image, or nothing when it is not on this node. */
export interface ImageStatusResponse { image: Image | undefined; info: Record<string, string> }

/** What to fetch, with which credentials, for which pod. */
export interface PullImageRequest {
  image: ImageSpec | undefined;
  auth: AuthConfig | undefined;
  sandbox_config: PodSandboxConfig | undefined;
}

/** The reference to use from now on. */
export interface PullImageResponse { image_ref: string }

/** Names the image to delete. */
export interface RemoveImageRequest { image: ImageSpec | undefined }

/** The image is gone. */
export type RemoveImageResponse = Record<never, never>;

/** Asks for file system usage. */
export type ImageFsInfoRequest = Record<never, never>;

/** Usage of images, and of writable layers where those live elsewhere. */
export interface ImageFsInfoResponse {
  image_filesystems: FilesystemUsage[];
  /** Not empty: images and writable layers are on different disks. */
  container_filesystems: FilesystemUsage[];
}

/** The image must be this one. */
export interface ImageFilter { image: ImageSpec | undefined }

/** An image by reference, with what the pod said about it. */
export interface ImageSpec {
  /** Reference or id. */
  image: string;
  annotations: Record<string, string>;
  /** As the manifest has it, before any resolution. */
  user_specified_image: string;
  runtime_handler: string;
  image_ref: string;
}

/** An image on this node. */
export interface Image {
  /** Digest of the image's config. */
  id: string;
  repo_tags: string[];
  repo_digests: string[];
  /** In bytes. */
  size: bigint;
  /** The image's user if it is a number, */
  uid: Int64Value | undefined;
  /** and if it is a name. */
  username: string;
  spec: ImageSpec | undefined;
  /** Never to be collected as garbage. */
  pinned: boolean;
}

/** Credentials for one registry. Never to be logged. */
export interface AuthConfig {
  username: string;
  password: string;
  /** Base64 of user:password. */
  auth: string;
  server_address: string;
  /** To be traded for an access token at the registry. */
  identity_token: string;
  /** To be sent to the registry as it is. */
  registry_token: string;
}

/** What one directory takes of its file system. */
export interface FilesystemUsage {
  timestamp: bigint;
  fs_id: FilesystemIdentifier | undefined;
  used_bytes: UInt64Value | undefined;
  inodes_used: UInt64Value | undefined;
}

/** A file system, by where it is mounted. */
export interface FilesystemIdentifier { mountpoint: string }

/** A pod's usage. */
export interface WindowsPodSandboxStats {
  cpu: WindowsCpuUsage | undefined;
  memory: WindowsMemoryUsage | undefined;
  network: WindowsNetworkUsage | undefined;
  process: WindowsProcessUsage | undefined;
  containers: WindowsContainerStats[];
}

/** Traffic by interface. */
export interface WindowsNetworkUsage {
  timestamp: bigint;
  default_interface: WindowsNetworkInterfaceUsage | undefined;
  interfaces: WindowsNetworkInterfaceUsage[];
}

/** Counters of one interface. */
export interface WindowsNetworkInterfaceUsage {
  name: string;
  rx_bytes: UInt64Value | undefined;
  rx_packets_dropped: UInt64Value | undefined;
  tx_bytes: UInt64Value | undefined;
  tx_packets_dropped: UInt64Value | undefined;
}

/** Processes. */
export interface WindowsProcessUsage { timestamp: bigint; process_count: UInt64Value | undefined }

/** Whether the host's network is used. */
export interface WindowsNamespaceOption { network: NamespaceMode }

/** User and rights of a sandbox. */
export interface WindowsSandboxSecurityContext {
  run_as_username: string;
  credential_spec: string;
  host_process: boolean;
  namespace_options: WindowsNamespaceOption | undefined;
}

/** The Windows part of a sandbox. */
export interface WindowsPodSandboxConfig { security_context: WindowsSandboxSecurityContext | undefined }

/** User and rights of a container. */
export interface WindowsContainerSecurityContext {
  run_as_username: string;
  credential_spec: string;
  host_process: boolean;
}

/** The Windows part of a container. */
export interface WindowsContainerConfig {
  resources: WindowsContainerResources | undefined;
  security_context: WindowsContainerSecurityContext | undefined;
}

/** Limits of a container. */
export interface WindowsContainerResources {
  cpu_shares: bigint;
  cpu_count: bigint;
  cpu_maximum: bigint;
  memory_limit_in_bytes: bigint;
  rootfs_size_in_bytes: bigint;
  affinity_cpus: WindowsCpuGroupAffinity[];
}

/** Processors of one group that may be used. */
export interface WindowsCpuGroupAffinity {
  /** One bit a processor. */
  cpu_mask: bigint;
  cpu_group: number;
}

/** What one directory takes of its file system. */
export interface WindowsFilesystemUsage {
  timestamp: bigint;
  fs_id: FilesystemIdentifier | undefined;
  used_bytes: UInt64Value | undefined;
}

/** What one container uses. */
export interface WindowsContainerStats {
  attributes: ContainerAttributes | undefined;
  cpu: WindowsCpuUsage | undefined;
  memory: WindowsMemoryUsage | undefined;
  writable_layer: WindowsFilesystemUsage | undefined;
}

/** Processor time. */
export interface WindowsCpuUsage {
  timestamp: bigint;
  usage_core_nano_seconds: UInt64Value | undefined;
  usage_nano_cores: UInt64Value | undefined;
}

/** Memory. */
export interface WindowsMemoryUsage {
  timestamp: bigint;
  working_set_bytes: UInt64Value | undefined;
  available_bytes: UInt64Value | undefined;
  page_faults: UInt64Value | undefined;
  commit_memory_bytes: UInt64Value | undefined;
}

/** Calls that get one answer: request and response. */
export interface UnaryCalls {
  Version: [VersionRequest, VersionResponse];
  RunPodSandbox: [RunPodSandboxRequest, RunPodSandboxResponse];
  StopPodSandbox: [StopPodSandboxRequest, StopPodSandboxResponse];
  RemovePodSandbox: [RemovePodSandboxRequest, RemovePodSandboxResponse];
  PodSandboxStatus: [PodSandboxStatusRequest, PodSandboxStatusResponse];
  ListPodSandbox: [ListPodSandboxRequest, ListPodSandboxResponse];
  CreateContainer: [CreateContainerRequest, CreateContainerResponse];
  StartContainer: [StartContainerRequest, StartContainerResponse];
  StopContainer: [StopContainerRequest, StopContainerResponse];
  RemoveContainer: [RemoveContainerRequest, RemoveContainerResponse];
  ListContainers: [ListContainersRequest, ListContainersResponse];
  ContainerStatus: [ContainerStatusRequest, ContainerStatusResponse];
  UpdateContainerResources: [UpdateContainerResourcesRequest, UpdateContainerResourcesResponse];
  ReopenContainerLog: [ReopenContainerLogRequest, ReopenContainerLogResponse];
  ExecSync: [ExecSyncRequest, ExecSyncResponse];
  Exec: [ExecRequest, ExecResponse];
  Attach: [AttachRequest, AttachResponse];
  PortForward: [PortForwardRequest, PortForwardResponse];
  ContainerStats: [ContainerStatsRequest, ContainerStatsResponse];
  ListContainerStats: [ListContainerStatsRequest, ListContainerStatsResponse];
  PodSandboxStats: [PodSandboxStatsRequest, PodSandboxStatsResponse];
  ListPodSandboxStats: [ListPodSandboxStatsRequest, ListPodSandboxStatsResponse];
  UpdateRuntimeConfig: [UpdateRuntimeConfigRequest, UpdateRuntimeConfigResponse];
  Status: [StatusRequest, StatusResponse];
  CheckpointContainer: [CheckpointContainerRequest, CheckpointContainerResponse];
  ListMetricDescriptors: [ListMetricDescriptorsRequest, ListMetricDescriptorsResponse];
  ListPodSandboxMetrics: [ListPodSandboxMetricsRequest, ListPodSandboxMetricsResponse];
  RuntimeConfig: [RuntimeConfigRequest, RuntimeConfigResponse];
  UpdatePodSandboxResources: [UpdatePodSandboxResourcesRequest, UpdatePodSandboxResourcesResponse];
  ListImages: [ListImagesRequest, ListImagesResponse];
  ImageStatus: [ImageStatusRequest, ImageStatusResponse];
  PullImage: [PullImageRequest, PullImageResponse];
  RemoveImage: [RemoveImageRequest, RemoveImageResponse];
  ImageFsInfo: [ImageFsInfoRequest, ImageFsInfoResponse];
}

/** Calls that get a stream of answers: request and each response. */
export interface StreamCalls {
  StreamPodSandboxes: [StreamPodSandboxesRequest, StreamPodSandboxesResponse];
  StreamContainers: [StreamContainersRequest, StreamContainersResponse];
  StreamContainerStats: [StreamContainerStatsRequest, StreamContainerStatsResponse];
  StreamPodSandboxStats: [StreamPodSandboxStatsRequest, StreamPodSandboxStatsResponse];
  GetContainerEvents: [GetEventsRequest, ContainerEventResponse];
  StreamPodSandboxMetrics: [StreamPodSandboxMetricsRequest, StreamPodSandboxMetricsResponse];
  StreamImages: [StreamImagesRequest, StreamImagesResponse];
}
