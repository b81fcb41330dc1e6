import { METRICS, type MetricRow } from "../pod/metrics.ts";

const HEAD = `# Metrics

<!-- Made by dev/generate-docs.ts from src/pod/metrics.ts. -->

berthd tells its numbers on \`127.0.0.1:10248\`, and on \`metricsBindAddress\` where that is set: on \`/metrics\`, on
\`/metrics/probes\`, and on \`/metrics/resource\`, which metrics-server reads. Names, types, labels and buckets are the kubelet's
where the meaning is the same; what only Berth has begins with \`berth_\`. Nothing on \`/metrics\` is labelled by pod, so that its
size does not grow with the pods; series of a pod on the other pages go with the pod.
`;

const RESOURCE = `
## /metrics/resource

Each value stands with the moment when it was counted.

| Name | Type | Labels |
|---|---|---|
| \`node_cpu_usage_seconds_total\` | counter | |
| \`node_memory_working_set_bytes\`, \`node_swap_usage_bytes\` | gauge | |
| \`pod_cpu_usage_seconds_total\` | counter | pod, namespace |
| \`pod_memory_working_set_bytes\`, \`pod_swap_usage_bytes\` | gauge | pod, namespace |
| \`container_cpu_usage_seconds_total\` | counter | container, pod, namespace |
| \`container_memory_working_set_bytes\`, \`container_swap_usage_bytes\`, \`container_swap_limit_bytes\` | gauge | container, pod, namespace |
| \`container_start_time_seconds\` | gauge | container, pod, namespace |
| \`resource_scrape_error\`, \`scrape_error\` | gauge | |
`;

const ABSENT = `
## What the kubelet tells and Berth does not

| Name | Why |
|---|---|
| \`kubelet_pleg_discard_events\` | no event of the runtime is ever dropped |
| \`kubelet_container_log_filesystem_used_bytes\` | it would make \`/metrics\` grow with the pods |
| \`kubelet_orphan_pod_cleaned_volumes\`, \`..._errors\` | no sweep: what a pod leaves is cleared with the pod, and held to it until that is done |
| \`kubelet_volume_stats_*\` | no persistent volume claims |
| \`kubelet_pod_start_sli_duration_seconds\`, \`..._total_...\`, \`kubelet_first_network_pod_...\` | they leave static pods out; \`kubelet_pod_start_duration_seconds\` has all |
| \`kubelet_cri_losing_support\` | both ways to learn the cgroup driver are kept |
| \`rest_client_rate_limiter_duration_seconds\` | requests to the API server wait for no limiter |
| \`kubernetes_build_info\`, \`kubernetes_feature_enabled\` | this is no build of Kubernetes; \`berth_build_info\` tells what runs |
`;

const STANDARD =
  "\n`process_resident_memory_bytes`, `process_cpu_seconds_total`, `process_open_fds`, `process_max_fds` and `process_start_time_seconds` are there as everywhere.\n";

/** docs/metrics.md. */
export function metricsPage(): string {
  const rows = Object.entries(METRICS) as [string, MetricRow][];
  const on = (page: "main" | "probes") => rows.filter(([, row]) => (row.page ?? "main") === page);
  return `${HEAD}\n## /metrics\n\n${table(on("main"))}${STANDARD}\n## /metrics/probes\n\n${table(on("probes"))}${RESOURCE}${ABSENT}`;
}

function table(rows: readonly (readonly [string, MetricRow])[]): string {
  const lines = rows
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { kind, labels, help }]) => `| \`${name}\` | ${kind} | ${labels.join(", ")} | ${help} |\n`);
  return `| Name | Type | Labels | Meaning |\n|---|---|---|---|\n${lines.join("")}`;
}
