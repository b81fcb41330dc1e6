import type { Meter } from "../pod/metrics.ts";
import type { Rpc } from "./calls.ts";
import type { CallObserver } from "./client.ts";

/** What each call is named in metrics (node 7.1). */
const OPERATIONS: Readonly<Record<Rpc, string>> = {
  Version: "version",
  RunPodSandbox: "run_podsandbox",
  StopPodSandbox: "stop_podsandbox",
  RemovePodSandbox: "remove_podsandbox",
  PodSandboxStatus: "podsandbox_status",
  ListPodSandbox: "list_podsandbox",
  StreamPodSandboxes: "stream_podsandboxes",
  CreateContainer: "create_container",
  StartContainer: "start_container",
  StopContainer: "stop_container",
  RemoveContainer: "remove_container",
  ListContainers: "list_containers",
  StreamContainers: "stream_containers",
  ContainerStatus: "container_status",
  UpdateContainerResources: "update_container",
  ReopenContainerLog: "reopen_container_log",
  ExecSync: "exec_sync",
  Exec: "exec",
  Attach: "attach",
  PortForward: "port_forward",
  ContainerStats: "container_stats",
  ListContainerStats: "list_container_stats",
  StreamContainerStats: "stream_container_stats",
  PodSandboxStats: "podsandbox_stats",
  ListPodSandboxStats: "list_podsandbox_stats",
  StreamPodSandboxStats: "stream_podsandbox_stats",
  UpdateRuntimeConfig: "update_runtime_config",
  Status: "status",
  CheckpointContainer: "checkpoint_container",
  GetContainerEvents: "get_container_events",
  ListMetricDescriptors: "list_metric_descriptors",
  ListPodSandboxMetrics: "list_podsandbox_metrics",
  StreamPodSandboxMetrics: "stream_podsandbox_metrics",
  RuntimeConfig: "runtime_config",
  UpdatePodSandboxResources: "update_podsandbox_resources",
  ListImages: "list_images",
  StreamImages: "stream_images",
  ImageStatus: "image_status",
  PullImage: "pull_image",
  RemoveImage: "remove_image",
  ImageFsInfo: "image_fs_info",
};

/** Counts each call that has ended. */
export function countCalls(meter: Meter): CallObserver {
  return (rpc, durationMs, failure) => {
    const labels = { operation_type: OPERATIONS[rpc] };
    meter.add("kubelet_runtime_operations_total", labels);
    meter.observe("kubelet_runtime_operations_duration_seconds", labels, durationMs / 1000);
    if (failure !== undefined) meter.add("kubelet_runtime_operations_errors_total", labels);
  };
}
