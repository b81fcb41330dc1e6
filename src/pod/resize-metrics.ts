/** What is counted of resources that change while a pod runs (node.md 7.1); a part of the table of all metrics. */
export const RESIZE_METRICS = {
  kubelet_container_requested_resizes_total: {
    kind: "counter",
    help: "Amounts of containers that were asked for anew while their pod was there.",
    labels: ["resource", "requirement", "operation"],
  },
  kubelet_pod_resize_duration_milliseconds: {
    kind: "histogram",
    help: "From the grant of other resources until all that runs of the pod has them, or a step of it has failed.",
    labels: ["success"],
    buckets: [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480, 40_960, 81_920],
  },
  kubelet_pod_pending_resizes: {
    kind: "gauge",
    help: "Pods that ask for other resources and have not got them.",
    labels: ["reason"],
  },
  kubelet_pod_in_progress_resizes: {
    kind: "gauge",
    help: "Pods that were granted other resources which not all that runs of them has.",
    labels: [],
  },
  kubelet_pod_infeasible_resizes_total: {
    kind: "counter",
    help: "Other resources that were refused, since the node will never have them.",
    labels: ["reason_detail"],
  },
  kubelet_pod_deferred_accepted_resizes_total: {
    kind: "counter",
    help: "Other resources that were granted after they had to wait, by what made room.",
    labels: ["retry_trigger"],
  },
} as const;
