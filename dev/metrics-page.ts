import { METRICS, type MetricRow } from "../src/pod/metrics.ts";

/** docs/metrics.md: every metric of the table. */
export function metricsPage(): string {
  const rows = Object.entries<MetricRow>(METRICS);
  return `# Metrics

<!-- Made by dev/generate-docs.ts from src/pod/metrics.ts. Do not edit. -->

Names of the kubelet where the meaning is the same; the rest begins with \`berth_\`. [Monitoring](monitoring.md) tells where they
are read and which of them to watch.

## /metrics

${table(rows.filter(([, { page }]) => page !== "probes"))}
Of the process itself: \`process_cpu_seconds_total\`, \`process_resident_memory_bytes\`, \`process_open_fds\`, \`process_max_fds\`,
\`process_start_time_seconds\`.

## /metrics/probes

${table(rows.filter(([, { page }]) => page === "probes"))}`;
}

function table(rows: readonly (readonly [string, MetricRow])[]): string {
  const lines = rows.map(
    ([name, { kind, labels, help }]) => `| \`${name}\` | ${kind} | ${labels.join(", ")} | ${help} |\n`,
  );
  return `| Name | Type | Labels | What it tells |\n|---|---|---|---|\n${lines.join("")}`;
}
