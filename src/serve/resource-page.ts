import type { ContainerUsage, HostUsage, UsageDetails } from "../pod/usage.ts";
import type * as v1 from "../pod/v1.ts";
import type { Usage, View } from "../ports.ts";

export const RESOURCE_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * The page that metrics-server reads (node.md 7.2): what the node, pods and containers use, each value with the moment when it
 * was counted. What cannot be read is left out, and `resource_scrape_error` says so. Made anew for each request, so that a pod
 * that is gone has no series.
 */
export async function resourcePage(usage: Usage, view: View, signal: AbortSignal): Promise<string> {
  const [host, containers] = await Promise.allSettled([usage.host(signal), usage.containers(signal)]);
  const failed = host.status === "rejected" || containers.status === "rejected";
  const rows = containers.status === "fulfilled" ? rowsOf(view.pods(), containers.value) : [];
  return [
    ...(host.status === "fulfilled" ? nodeFamilies(host.value) : []),
    ...containerFamilies(rows),
    ...podFamilies(rows),
    family("resource_scrape_error", "gauge", "1 if something could not be read.", [`{} ${failed ? 1 : 0}`]),
    family("scrape_error", "gauge", "1 if something could not be read; the older name.", [`{} ${failed ? 1 : 0}`]),
  ].join("");
}

/** One running container that is shown, with its pod. */
type Row = {
  readonly usage: ContainerUsage;
  readonly pod: string;
  readonly labels: string;
  readonly startedWallMs: number;
};

function rowsOf(pods: readonly v1.Pod[], usages: readonly ContainerUsage[]): Row[] {
  const byUid = new Map(pods.map((pod) => [pod.metadata?.uid ?? "", pod]));
  return usages.flatMap((usage) => {
    const pod = byUid.get(usage.podUid);
    if (pod === undefined) return [];
    const names = `pod=${quoted(pod.metadata?.name)},namespace=${quoted(pod.metadata?.namespace)}`;
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const startedAt = statuses.find(({ name }) => name === usage.container)?.state?.running?.startedAt;
    const startedWallMs = startedAt === undefined ? Number.NaN : Date.parse(startedAt);
    return [{ usage, pod: names, labels: `container=${quoted(usage.container)},${names}`, startedWallMs }];
  });
}

/** A value of a label, as the page of Prometheus has it. */
export const quoted = (text = ""): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

function nodeFamilies({ atWallMs, cpuCoreNanoSeconds, memoryBytes, swap }: HostUsage): string[] {
  return [
    family("node_cpu_usage_seconds_total", "counter", "Processor time of the node.", [
      `{} ${cpuCoreNanoSeconds / 1e9} ${Math.round(atWallMs)}`,
    ]),
    family("node_memory_working_set_bytes", "gauge", "Memory in use on the node.", [
      `{} ${memoryBytes} ${Math.round(atWallMs)}`,
    ]),
    family(
      "node_swap_usage_bytes",
      "gauge",
      "Swap in use on the node.",
      swap === undefined ? [] : [`{} ${swap.usedBytes} ${Math.round(atWallMs)}`],
    ),
  ];
}

function containerFamilies(rows: readonly Row[]): string[] {
  return [
    family(
      "container_cpu_usage_seconds_total",
      "counter",
      "Processor time of the container.",
      rows.flatMap(({ labels, usage }) =>
        usage.cpuCoreNanoSeconds === undefined ? [] : `{${labels}} ${usage.cpuCoreNanoSeconds / 1e9} ${usage.atWallMs}`,
      ),
    ),
    family(
      "container_memory_working_set_bytes",
      "gauge",
      "Memory of the container that could not be freed at once.",
      rows.flatMap(({ labels, usage }) =>
        usage.workingSetBytes === undefined ? [] : `{${labels}} ${usage.workingSetBytes} ${usage.atWallMs}`,
      ),
    ),
    family(
      "container_swap_usage_bytes",
      "gauge",
      "Swap of the container.",
      rows.flatMap(({ labels, usage: { more, atWallMs } }) =>
        more?.swapUsageBytes === undefined ? [] : `{${labels}} ${more.swapUsageBytes} ${atWallMs}`,
      ),
    ),
    family(
      "container_swap_limit_bytes",
      "gauge",
      "Swap that the container may use.",
      rows.flatMap(({ labels, usage }) => {
        const limit = swapLimitBytes(usage.more);
        return limit === undefined ? [] : `{${labels}} ${limit} ${usage.atWallMs}`;
      }),
    ),
    family(
      "container_start_time_seconds",
      "gauge",
      "When the container began, since the epoch.",
      rows.flatMap(({ labels, startedWallMs }) =>
        Number.isNaN(startedWallMs) ? [] : `{${labels}} ${startedWallMs / 1000}`,
      ),
    ),
  ];
}

/** Without a limit the runtime tells the largest number there is, or so. */
const UNLIMITED_BYTES = 2 ** 60;

function swapLimitBytes({ swapUsageBytes, swapAvailableBytes }: UsageDetails = {}): number | undefined {
  if (swapUsageBytes === undefined || swapAvailableBytes === undefined) return undefined;
  const limit = swapUsageBytes + swapAvailableBytes;
  return limit < UNLIMITED_BYTES ? limit : undefined;
}

/** Sums over the containers of a pod; the youngest count tells when. */
function podFamilies(rows: readonly Row[]): string[] {
  const pods = [...Map.groupBy(rows, ({ pod }) => pod)];
  const sums = (value: (usage: ContainerUsage) => number | undefined, divisor = 1): string[] =>
    pods.flatMap(([pod, all]) => {
      const told = all.flatMap(({ usage }) => value(usage) ?? []);
      if (told.length === 0) return [];
      const atWallMs = Math.max(...all.map(({ usage }) => usage.atWallMs));
      return `{${pod}} ${told.reduce((sum, value) => sum + value, 0) / divisor} ${atWallMs}`;
    });
  return [
    family(
      "pod_cpu_usage_seconds_total",
      "counter",
      "Processor time of the pod's containers.",
      sums((usage) => usage.cpuCoreNanoSeconds, 1e9),
    ),
    family(
      "pod_memory_working_set_bytes",
      "gauge",
      "Memory of the pod's containers.",
      sums((usage) => usage.workingSetBytes),
    ),
    family(
      "pod_swap_usage_bytes",
      "gauge",
      "Swap of the pod's containers.",
      sums((usage) => usage.more?.swapUsageBytes),
    ),
  ];
}

/** One metric with its samples, each `{labels} value [moment]`; nothing without samples. */
export function family(name: string, type: "counter" | "gauge", help: string, samples: readonly string[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map((sample) => `${name}${sample.replace(/^\{\}/, "")}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}
