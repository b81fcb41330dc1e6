import type { NodeFacts } from "../../pod/node.ts";
import type { ContainerUsage } from "../../pod/usage.ts";
import type * as v1 from "../../pod/v1.ts";
import { family, quoted } from "../resource-page.ts";

type Row = { readonly labels: string; readonly usage: ContainerUsage; readonly startedWallMs: number };

/**
 * /metrics/cadvisor (node.md 7.4), as far as the runtime tells it: processor, memory and written bytes of each container. Of
 * the base labels `id` stays empty, since the runtime does not tell cgroups.
 */
export function containerMetrics(
  facts: NodeFacts,
  pods: readonly v1.Pod[],
  containers: readonly ContainerUsage[],
): string {
  const rows = rowsOf(pods, containers);
  const table = (
    name: string,
    type: "counter" | "gauge",
    help: string,
    value: (row: Row) => number | undefined,
    extra = "",
  ): string =>
    family(
      name,
      type,
      help,
      rows.flatMap((row) => {
        const told = value(row);
        const { labels, usage } = row;
        return told === undefined || Number.isNaN(told) ? [] : `{${labels}${extra}} ${told} ${usage.atWallMs}`;
      }),
    );
  const seconds = (nanoSeconds: number | undefined): number | undefined =>
    nanoSeconds === undefined ? undefined : nanoSeconds / 1e9;
  const faults = (type: string, { labels, usage: { atWallMs } }: Row, value: number | undefined): string[] =>
    value === undefined ? [] : [`{${labels},failure_type="${type}",scope="container"} ${value} ${atWallMs}`];
  return [
    table(
      "container_cpu_usage_seconds_total",
      "counter",
      "Processor time.",
      ({ usage }) => seconds(usage.cpuCoreNanoSeconds),
      ',cpu="total"',
    ),
    table(
      "container_memory_working_set_bytes",
      "gauge",
      "Memory that could not be freed at once.",
      ({ usage }) => usage.workingSetBytes,
    ),
    table("container_memory_usage_bytes", "gauge", "Memory.", ({ usage }) => usage.more?.memoryBytes),
    table("container_memory_rss", "gauge", "Memory that is no file's.", ({ usage }) => usage.more?.residentBytes),
    table("container_memory_swap", "gauge", "Swap.", ({ usage }) => usage.more?.swapUsageBytes),
    family(
      "container_memory_failures_total",
      "counter",
      "Page faults.",
      rows.flatMap((row) => [
        ...faults("pgfault", row, row.usage.more?.pageFaults),
        ...faults("pgmajfault", row, row.usage.more?.majorPageFaults),
      ]),
    ),
    ...(["cpu", "memory", "io"] as const).flatMap((what) => [
      table(
        `container_pressure_${what}_waiting_seconds_total`,
        "counter",
        `Time in which some tasks waited for ${what}.`,
        ({ usage }) => seconds(usage.more?.pressure?.[what]?.some.total),
      ),
      table(
        `container_pressure_${what}_stalled_seconds_total`,
        "counter",
        `Time in which all tasks waited for ${what}.`,
        ({ usage }) => seconds(usage.more?.pressure?.[what]?.full.total),
      ),
    ]),
    table(
      "container_fs_usage_bytes",
      "gauge",
      "Bytes written beside the image.",
      ({ usage }) => usage.more?.writtenBytes,
      ',device=""',
    ),
    table("container_start_time_seconds", "gauge", "Start.", ({ startedWallMs }) => startedWallMs / 1000),
    table("container_last_seen", "gauge", "When it was counted.", ({ usage }) => Math.floor(usage.atWallMs / 1000)),
    family("machine_cpu_cores", "gauge", "Processors.", [
      `{boot_id=${quoted(facts.bootId)}} ${facts.cpuMillis / 1000}`,
    ]),
    family("container_scrape_error", "gauge", "1 if something could not be read.", ["{} 0"]),
    family("machine_memory_bytes", "gauge", "Memory.", [`{boot_id=${quoted(facts.bootId)}} ${facts.memoryBytes}`]),
  ].join("");
}

function rowsOf(pods: readonly v1.Pod[], containers: readonly ContainerUsage[]): Row[] {
  const byUid = new Map(pods.map((pod) => [pod.metadata?.uid ?? "", pod]));
  return containers.flatMap((usage) => {
    const pod = byUid.get(usage.podUid);
    if (pod === undefined) return [];
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const status = statuses.find(({ name }) => name === usage.container);
    const labels = Object.entries({
      id: "",
      name: usage.id,
      image: status?.image ?? "",
      pod: pod.metadata?.name,
      namespace: pod.metadata?.namespace,
      container: usage.container,
    }).map(([name, value]) => `${name}=${quoted(value)}`);
    return [{ usage, labels: labels.join(","), startedWallMs: Date.parse(status?.state?.running?.startedAt ?? "") }];
  });
}
