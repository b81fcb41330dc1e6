import type { PodUsage, UsageAnswer } from "../../serve/answer-usage.ts";

/** Which pods a table of usage shows, and how. */
export type ShownUsage = {
  /** Undefined is all of them, each with its namespace. */
  readonly namespace: string | undefined;
  /** Full names or those of manifests; none is every pod. */
  readonly names: readonly string[];
  readonly byContainer: boolean;
  readonly sortBy: "cpu" | "memory" | undefined;
};

/** A figure that the runtime did not tell. */
const UNKNOWN = "-";
const NANOSECONDS_PER_MS = 1e6;

type Counted = { readonly atWallMs: number; readonly cpuCoreNanoSeconds?: number };

/** Thousandths of a core between two counts; undefined without two that fit. */
export function cpuMillis(before: Counted | undefined, now: Counted): number | undefined {
  const passedMs = now.atWallMs - (before?.atWallMs ?? now.atWallMs);
  if (passedMs <= 0 || now.cpuCoreNanoSeconds === undefined || before?.cpuCoreNanoSeconds === undefined)
    return undefined;
  return Math.max(0, ((now.cpuCoreNanoSeconds - before.cpuCoreNanoSeconds) / NANOSECONDS_PER_MS / passedMs) * 1000);
}

/** The one row of the node. */
export function nodeRow(before: UsageAnswer["node"], now: UsageAnswer["node"]): string[] {
  const millis = cpuMillis(before, now);
  const share = (part: number | undefined, whole: number): string =>
    part === undefined || whole === 0 ? UNKNOWN : `${Math.round((part / whole) * 100)}%`;
  return [
    now.name,
    millisText(millis),
    share(millis, now.cpuCapacityMillis),
    bytesText(now.memoryBytes),
    share(now.memoryBytes, now.memoryCapacityBytes),
  ];
}

/** The rows of pods, or of their containers. */
export function podRows(before: UsageAnswer, now: UsageAnswer, shown: ShownUsage): string[][] {
  const earlier = new Map(before.pods.flatMap((pod) => pod.containers.map((container) => [container.id, container])));
  const nodeName = now.node.name;
  const isShown = ({ namespace, name }: PodUsage): boolean =>
    (shown.namespace === undefined || namespace === shown.namespace) &&
    (shown.names.length === 0 || shown.names.some((wanted) => name === wanted || name === `${wanted}-${nodeName}`));
  const rows = now.pods.filter(isShown).flatMap((pod) => {
    const containers = pod.containers.map((container) => ({
      name: container.name,
      millis: cpuMillis(earlier.get(container.id), container),
      bytes: container.workingSetBytes,
    }));
    const whole = { name: "", millis: sum(containers, "millis"), bytes: sum(containers, "bytes") };
    const head = [...(shown.namespace === undefined ? [pod.namespace] : []), pod.name];
    return (shown.byContainer ? containers : [whole]).map(({ name, millis, bytes }) => ({
      millis,
      bytes,
      cells: [...head, ...(shown.byContainer ? [name] : []), millisText(millis), bytesText(bytes)],
    }));
  });
  const key = shown.sortBy === "cpu" ? "millis" : "bytes";
  if (shown.sortBy !== undefined) rows.sort((one, other) => (other[key] ?? 0) - (one[key] ?? 0));
  return rows.map(({ cells }) => cells);
}

/** Undefined when not one of them is known. */
function sum<K extends string>(
  items: readonly { readonly [P in K]: number | undefined }[],
  key: K,
): number | undefined {
  const known = items.flatMap((item) => item[key] ?? []);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

const millisText = (millis: number | undefined): string => (millis === undefined ? UNKNOWN : `${Math.round(millis)}m`);
const bytesText = (bytes: number | undefined): string =>
  bytes === undefined ? UNKNOWN : `${Math.round(bytes / 2 ** 20)}Mi`;
