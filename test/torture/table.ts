import type { Gauge } from "./gauge.ts";
import type { Record } from "./rounds.ts";

/** What the run ends with. */
export type Ending = {
  readonly record: Record;
  readonly minutes: number;
  readonly pods: number;
  readonly containers: number;
  readonly twins: readonly string[];
  readonly leftovers: readonly string[];
  readonly gauge: ReturnType<Gauge["read"]>;
};

/** The table that a person reads at the end. */
export function tableOf({ record, minutes, pods, containers, twins, leftovers, gauge }: Ending): string {
  const { struck, missed, broken, recoveriesMs, rounds, onlyLooked } = record;
  const sorted = recoveriesMs.toSorted((a, b) => a - b);
  const seconds = (share: number): string => ((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(1);
  const rows: [string, string | number][] = [
    ...[...struck].map(([name, count]): [string, number] => [name, count]),
    ["", ""],
    ["rounds", rounds],
    ["rounds that looked settled too early", onlyLooked],
    ["minutes", minutes.toFixed(1)],
    ["pods asked for", pods],
    ["containers that ran", containers],
    ["strikes that found nothing to hit", missed.length],
    ["until all was as asked for, median", `${seconds(0.5)} s`],
    ["until all was as asked for, longest", `${seconds(1)} s`],
    ["berthd, resident memory", `median ${gauge.medianMiB} MiB, most ${gauge.mostMiB} MiB`],
    ["berthd, file descriptors", `median ${gauge.medianFds}, most ${gauge.mostFds}`],
    ["", ""],
    ["promises broken (pods lost, restarts without a cause)", broken.length],
    ["containers that ran twice at once", twins.length],
    ["left over on the host", leftovers.length],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join("\n");
}
