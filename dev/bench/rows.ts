/** What Berth must reach in a row: a ratio to the floor, so much more than the floor, or a number alone. */
export type Limit =
  | { readonly kind: "ratio"; readonly atMost: number }
  | { readonly kind: "above-floor"; readonly atMost: number }
  /** So much more than Berth itself in another row. */
  | { readonly kind: "above-row"; readonly row: string; readonly atMost: number }
  | { readonly kind: "value"; readonly atMost: number };

/** One line of the result. */
export type Row = {
  readonly name: string;
  readonly what: string;
  readonly unit: "ms" | "%" | "MiB";
  readonly limit: Limit;
};

/** All rows with their limits, from the list of numbers to reach. */
export const ROWS = [
  { name: "start50", what: "50 pods dropped at once, all running", unit: "ms", limit: { kind: "ratio", atMost: 1.15 } },
  {
    name: "start150",
    what: "150 pods dropped at once, all running",
    unit: "ms",
    limit: { kind: "ratio", atMost: 1.15 },
  },
  { name: "single", what: "one pod on an idle node (p50)", unit: "ms", limit: { kind: "above-floor", atMost: 20 } },
  {
    name: "restart",
    what: "container killed to its replacement (p50)",
    unit: "ms",
    limit: { kind: "value", atMost: 100 },
  },
  { name: "rest50", what: "CPU at rest with 50 pods", unit: "%", limit: { kind: "value", atMost: 0.5 } },
  { name: "memory50", what: "resident memory with 50 pods", unit: "MiB", limit: { kind: "value", atMost: 80 } },
  { name: "rest150", what: "CPU at rest with 150 pods", unit: "%", limit: { kind: "value", atMost: 0.7 } },
  { name: "memory150", what: "resident memory with 150 pods", unit: "MiB", limit: { kind: "value", atMost: 95 } },
  {
    name: "joined50",
    what: "the same as a node of a real cluster",
    unit: "MiB",
    limit: { kind: "above-row", row: "memory50", atMost: 15 },
  },
  {
    name: "joined150",
    what: "the same with 150 pods",
    unit: "MiB",
    limit: { kind: "above-row", row: "memory150", atMost: 15 },
  },
  {
    name: "bound50",
    what: "50 pods that the cluster has bound to it",
    unit: "MiB",
    limit: { kind: "above-row", row: "memory50", atMost: 15 },
  },
  {
    name: "bound150",
    what: "150 pods that the cluster has bound to it",
    unit: "MiB",
    limit: { kind: "above-row", row: "memory150", atMost: 15 },
  },
  {
    name: "exec50",
    what: "CPU with 50 exec probes a second",
    unit: "%",
    limit: { kind: "value", atMost: 4 },
  },
  {
    name: "http50",
    what: "CPU with 50 http probes a second",
    unit: "%",
    limit: { kind: "value", atMost: 3 },
  },
  {
    name: "adopt100",
    what: "killed and started with 100 pods: all adopted",
    unit: "ms",
    limit: { kind: "value", atMost: 2000 },
  },
  {
    name: "command",
    what: "berth get pods with 50 pods, start to end (p50)",
    unit: "ms",
    limit: { kind: "value", atMost: 150 },
  },
] as const satisfies readonly Row[];
export type RowName = (typeof ROWS)[number]["name"];

/** The rows that want the programs of a real control plane. */
export const JOINED_ROWS: readonly RowName[] = ["joined50", "joined150", "bound50", "bound150"];

/** Values by contender, for each row that was measured. */
export type Results = Map<RowName, Map<string, number[]>>;

/** Adds one measured value. */
export function addResult(results: Results, row: RowName, contender: string, value: number): void {
  const values = results.get(row) ?? new Map<string, number[]>();
  values.set(contender, [...(values.get(contender) ?? []), value]);
  results.set(row, values);
}
