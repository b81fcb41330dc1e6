import { RESIZE_METRICS } from "./resize-metrics.ts";

/**
 * Every metric: the kubelet's names, types, labels and buckets where the meaning is the same (node.md section 7), the
 * rest under `berth_`. The registry, the calls that feed it and docs/metrics.md follow from this table.
 */
export const METRICS = {
  kubelet_running_pods: { kind: "gauge", help: "Pods with a ready sandbox.", labels: [] },
  kubelet_running_containers: { kind: "gauge", help: "Containers by state.", labels: ["container_state"] },
  kubelet_runtime_operations_total: {
    kind: "counter",
    help: "Calls to the container runtime.",
    labels: ["operation_type"],
  },
  kubelet_runtime_operations_errors_total: {
    kind: "counter",
    help: "Calls to the container runtime that failed.",
    labels: ["operation_type"],
  },
  kubelet_runtime_operations_duration_seconds: {
    kind: "histogram",
    help: "Duration of calls to the container runtime.",
    labels: ["operation_type"],
    buckets: exponential(0.005, 2.5, 14),
  },
  kubelet_pod_start_duration_seconds: {
    kind: "histogram",
    help: "From first sight of a pod to its first Running status.",
    labels: [],
    buckets: [
      0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
    ],
  },
  kubelet_started_pods_total: { kind: "counter", help: "Sandboxes asked for.", labels: [] },
  kubelet_started_pods_errors_total: { kind: "counter", help: "Sandboxes that could not be made.", labels: [] },
  kubelet_started_containers_total: { kind: "counter", help: "Containers started.", labels: ["container_type"] },
  kubelet_started_containers_errors_total: {
    kind: "counter",
    help: "Containers that could not be started.",
    labels: ["container_type", "code"],
  },
  kubelet_managed_ephemeral_containers: {
    kind: "gauge",
    help: "Ephemeral containers that pods of an API server have, whatever became of them.",
    labels: [],
  },
  kubelet_desired_pods: { kind: "gauge", help: "Pods that the sources ask for.", labels: ["static"] },
  kubelet_pleg_relist_duration_seconds: {
    kind: "histogram",
    help: "Duration of a full list of the runtime.",
    labels: [],
    buckets: defaults(),
  },
  kubelet_pleg_relist_interval_seconds: {
    kind: "histogram",
    help: "Time between two full lists of the runtime; with an event stream they are rare.",
    labels: [],
    buckets: defaults(),
  },
  kubelet_pleg_last_seen_seconds: { kind: "gauge", help: "Time of the last full list, since the epoch.", labels: [] },
  kubelet_run_podsandbox_duration_seconds: {
    kind: "histogram",
    help: "Duration of making a sandbox.",
    labels: ["runtime_handler"],
    buckets: defaults(),
  },
  kubelet_run_podsandbox_errors_total: {
    kind: "counter",
    help: "Sandboxes that could not be made.",
    labels: ["runtime_handler"],
  },
  kubelet_image_pull_duration_seconds: {
    kind: "histogram",
    help: "Duration of pulls that brought an image.",
    labels: ["image_size_in_bytes"],
    buckets: [1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600],
  },
  kubelet_terminated_containers_total: {
    kind: "counter",
    help: "Containers that ended.",
    labels: ["container_type", "exit_code", "reason"],
  },
  kubelet_containers_per_pod_count: {
    kind: "histogram",
    help: "Containers of the pods that were taken on.",
    labels: [],
    buckets: [1, 2, 4, 8, 16],
  },
  kubelet_admission_rejections_total: {
    kind: "counter",
    help: "Pods that the node refused.",
    labels: ["reason"],
  },
  kubelet_cgroup_manager_duration_seconds: {
    kind: "histogram",
    help: "Duration of making and removing the cgroups of pods.",
    labels: ["operation_type"],
    buckets: defaults(),
  },
  kubelet_working_pods: {
    kind: "gauge",
    help: "Pods that have a worker: what it does, and who wants the pod.",
    labels: ["lifecycle", "config", "static"],
  },
  kubelet_pod_worker_start_duration_seconds: {
    kind: "histogram",
    help: "From first sight of a pod to the first look of its worker.",
    labels: [],
    buckets: defaults(),
  },
  kubelet_pod_worker_duration_seconds: {
    kind: "histogram",
    help: "Duration of one look of a pod's worker, which waits for nothing; berth_action_duration_seconds has what it begins.",
    labels: ["operation_type"],
    buckets: defaults(),
  },
  kubelet_pleg_pod_relist_duration_seconds: {
    kind: "histogram",
    help: "Duration of a list of one pod's objects.",
    labels: [],
    buckets: defaults(),
  },
  kubelet_orphaned_runtime_pods_total: {
    kind: "counter",
    help: "Pods found in the runtime that no record and no source knows.",
    labels: [],
  },
  kubelet_restarted_pods_total: {
    kind: "counter",
    help: "Pods that were asked for again under their UID while they ended.",
    labels: ["static"],
  },
  kubelet_image_garbage_collected_total: {
    kind: "counter",
    help: "Unused images that were removed for want of space or for their age.",
    labels: ["reason"],
  },
  kubelet_lifecycle_handler_http_fallbacks_total: {
    kind: "counter",
    help: "Hooks that asked for https and were answered by plain http.",
    labels: [],
  },
  kubelet_sleep_action_terminated_early_total: {
    kind: "counter",
    help: "Sleeps before a stop that the grace period cut short.",
    labels: [],
  },
  storage_operation_duration_seconds: {
    kind: "histogram",
    help: "Duration of making and refreshing volumes.",
    labels: ["volume_plugin", "operation_name", "status", "migrated"],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600],
  },
  volume_manager_total_volumes: {
    kind: "gauge",
    help: "Volumes that pods ask for, and those that stand.",
    labels: ["plugin_name", "state"],
  },
  rest_client_requests_total: {
    kind: "counter",
    help: "Requests to the API server by the code of the answer; <error> where none came.",
    labels: ["code", "method", "host"],
  },
  rest_client_request_duration_seconds: {
    kind: "histogram",
    help: "From a request to the API server to the head of its answer.",
    labels: ["verb", "host"],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
  },
  kubelet_active_pods: { kind: "gauge", help: "Pods that are admitted and have not finished.", labels: ["static"] },
  kubelet_metrics_provider: {
    kind: "gauge",
    help: "Always 1; where container numbers come from.",
    labels: ["provider"],
  },
  kubelet_http_requests_total: {
    kind: "counter",
    help: "Requests on the ports.",
    labels: ["method", "path", "server_type", "long_running"],
  },
  kubelet_http_inflight_requests: {
    kind: "gauge",
    help: "Requests on the ports that are being answered.",
    labels: ["method", "path", "server_type", "long_running"],
  },
  kubelet_http_requests_duration_seconds: {
    kind: "histogram",
    help: "Duration of requests on the ports.",
    labels: ["method", "path", "server_type", "long_running"],
    buckets: defaults(),
  },
  kubelet_websocket_streaming_requests_total: {
    kind: "counter",
    help: "Sessions that were asked for over a WebSocket.",
    labels: ["subresource"],
  },
  kubelet_mirror_pods: { kind: "gauge", help: "Mirrors of static pods that the API server has.", labels: [] },
  kubelet_pod_status_sync_duration_seconds: {
    kind: "histogram",
    help: "From a pod's change until the API server has taken its status.",
    labels: [],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60],
  },
  kubelet_node_startup_duration_seconds: {
    kind: "gauge",
    help: "Of a node that was new to the API server: from the boot of the host until it was told to be ready.",
    labels: [],
  },
  kubelet_node_startup_pre_kubelet_duration_seconds: {
    kind: "gauge",
    help: "The first part of it: from the boot of the host to the start of the agent.",
    labels: [],
  },
  kubelet_node_startup_pre_registration_duration_seconds: {
    kind: "gauge",
    help: "The second part: until the API server was first asked to take the node.",
    labels: [],
  },
  kubelet_node_startup_registration_duration_seconds: {
    kind: "gauge",
    help: "The third part: until the API server had made it.",
    labels: [],
  },
  kubelet_node_startup_post_registration_duration_seconds: {
    kind: "gauge",
    help: "The last part: until the API server had been told that it is ready.",
    labels: [],
  },
  kubelet_graceful_shutdown_start_time_seconds: {
    kind: "gauge",
    help: "When the host's last shutdown was told to pods, in seconds since the epoch.",
    labels: [],
  },
  kubelet_graceful_shutdown_end_time_seconds: {
    kind: "gauge",
    help: "When the pods had had their time in the host's last shutdown, in seconds since the epoch.",
    labels: [],
  },
  berth_action_duration_seconds: {
    kind: "histogram",
    help: "Duration of the steps of pods, with their wait at a gate.",
    labels: ["action"],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600],
  },
  berth_action_failures_total: { kind: "counter", help: "Steps of pods that failed.", labels: ["action"] },
  kubelet_cgroup_version: { kind: "gauge", help: "Version of the host's control groups.", labels: [] },
  berth_manifest_problems: {
    kind: "gauge",
    help: "Problems in the sources that wait to be mended.",
    labels: ["severity"],
  },
  berth_event_loop_delay_seconds: {
    kind: "gauge",
    help: "Longest synchronous slice since the last scrape.",
    labels: [],
  },
  berth_plans_total: { kind: "counter", help: "Plans made.", labels: [] },
  berth_gate_inside: { kind: "gauge", help: "Actions inside a gate.", labels: ["gate"] },
  berth_gate_waiting: { kind: "gauge", help: "Actions waiting at a gate.", labels: ["gate"] },
  kubelet_evictions: {
    kind: "counter",
    help: "Pods that had to go because the node was short of something.",
    labels: ["eviction_signal"],
  },
  kubelet_eviction_stats_age_seconds: {
    kind: "histogram",
    help: "Age of the reading for which a pod had to go.",
    labels: ["eviction_signal"],
    buckets: defaults(),
  },
  ...RESIZE_METRICS,
  kubelet_preemptions: {
    kind: "counter",
    help: "Pods that had to give way to a critical one, by what it lacked.",
    labels: ["preemption_signal"],
  },
  berth_node_pressure: {
    kind: "gauge",
    help: "1 while the node is short of it: memory, disk or pid.",
    labels: ["kind"],
  },
  berth_adopted_pods: { kind: "gauge", help: "Pods found running when the agent started.", labels: [] },
  berth_probe_lateness_seconds: {
    kind: "histogram",
    help: "How long after its due time an attempt of a probe began.",
    labels: [],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  prober_probe_total: {
    kind: "counter",
    help: "Attempts of probes by result.",
    labels: ["probe_type", "result", "container", "pod", "namespace", "pod_uid"],
    page: "probes",
  },
  prober_probe_duration_seconds: {
    kind: "histogram",
    help: "Duration of attempts that did not fail.",
    labels: ["probe_type", "container", "pod", "namespace"],
    buckets: defaults(),
    page: "probes",
  },
  kubelet_node_name: { kind: "gauge", help: "Always 1; the label tells the node's name.", labels: ["node"] },
  berth_cluster_connected: { kind: "gauge", help: "1 while the API server takes the node's lease.", labels: [] },
  berth_cluster_status_sent_timestamp_seconds: {
    kind: "gauge",
    help: "When the node's status was last sent, in seconds since the epoch.",
    labels: [],
  },
  berth_cluster_failures_total: {
    kind: "counter",
    help: "Failures of what is talked about with the API server.",
    labels: ["topic", "code"],
  },
  berth_cluster_events_dropped_total: {
    kind: "counter",
    help: "Events that the API server was not told: the queue was full, or it rejected them.",
    labels: ["reason"],
  },
  berth_cluster_lease_renewed_timestamp_seconds: {
    kind: "gauge",
    help: "When the node's lease was last renewed, in seconds since the epoch.",
    labels: [],
  },
  kubelet_certificate_manager_client_ttl_seconds: {
    kind: "gauge",
    help: "Seconds until the node's client certificate expires; negative when it has, +Inf without one.",
    labels: [],
  },
  kubelet_certificate_manager_client_expiration_renew_errors: {
    kind: "counter",
    help: "Requests for the node's client certificate that failed.",
    labels: [],
  },
  kubelet_certificate_manager_server_ttl_seconds: {
    kind: "gauge",
    help: "Seconds until the node's serving certificate expires; negative when it has, +Inf without one.",
    labels: [],
  },
  kubelet_certificate_manager_server_rotation_seconds: {
    kind: "histogram",
    help: "Age of serving certificates when they were replaced.",
    labels: [],
    buckets: [60, 3600, 14_400, 86_400, 604_800, 2_592_000, 7_776_000, 15_552_000, 31_104_000, 124_416_000],
  },
  kubelet_server_expiration_renew_errors: {
    kind: "counter",
    help: "Requests for the node's serving certificate that failed.",
    labels: [],
  },
  berth_build_info: {
    kind: "gauge",
    help: "Always 1; the labels tell what runs.",
    labels: ["version", "node_version"],
  },
} as const satisfies Record<string, MetricRow>;

export type MetricRow = {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
  /** The page that shows it; /metrics by itself. */
  readonly page?: MetricPage;
};
/** Pages of numbers: /metrics and /metrics/probes. */
export type MetricPage = "main" | "probes";
export type MetricName = keyof typeof METRICS;
export type MetricLabels<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]["labels"][number], string>>;

type NamesOf<K extends MetricRow["kind"]> = {
  [N in MetricName]: (typeof METRICS)[N]["kind"] extends K ? N : never;
}[MetricName];

/** Where the agent and the edges report numbers. */
export type Meter = {
  add<N extends NamesOf<"counter">>(name: N, labels: MetricLabels<N>, by?: number): void;
  set<N extends NamesOf<"gauge">>(name: N, labels: MetricLabels<N>, value: number): void;
  observe<N extends NamesOf<"histogram">>(name: N, labels: MetricLabels<N>, value: number): void;
  /** What was counted under these labels is about nothing any more. */
  drop<N extends MetricName>(name: N, labels: MetricLabels<N>): void;
};

/** Counts nothing; for tests and tools. */
export const silentMeter: Meter = { add: () => {}, set: () => {}, observe: () => {}, drop: () => {} };

function exponential(first: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, power) => first * factor ** power);
}

function defaults(): number[] {
  return [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
}
