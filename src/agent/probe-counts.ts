import type { Attempt, ProbeKind } from "../decide/probing.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";

/** The numbers of one pod's probes, under the kubelet's names (node.md 7.3). */
export type ProbeCounts = {
  attempt(container: string, probe: ProbeKind, attempt: Attempt, tookMs: number): void;
  late(lateMs: number): void;
  /** The pod is gone: so are its series. */
  drop(): void;
};

const WORDS = { startup: "Startup", liveness: "Liveness", readiness: "Readiness" } as const;
const RESULTS = { passed: "successful", failed: "failed", discarded: "unknown" } as const;

type Series = {
  readonly total: Readonly<Record<Attempt, TotalLabels>>;
  readonly duration: {
    readonly probe_type: string;
    readonly container: string;
    readonly pod: string;
    readonly namespace: string;
  };
};
type TotalLabels = Series["duration"] & { readonly result: string; readonly pod_uid: string };

/** Nothing counted yet. Labels are made once for each probe. */
export function makeProbeCounts({ name: pod, namespace, uid: pod_uid }: DesiredPod, meter: Meter): ProbeCounts {
  /** @bound Series of metrics of a pod: three for each probe; dropped with the pod. */
  const all = new Map<string, Series>();

  const seriesOf = (container: string, probe: ProbeKind): Series => {
    const key = `${probe} ${container}`;
    const known = all.get(key);
    if (known !== undefined) return known;
    const duration = { probe_type: WORDS[probe], container, pod, namespace };
    const total = (attempt: Attempt): TotalLabels => ({ ...duration, result: RESULTS[attempt], pod_uid });
    const series = {
      duration,
      total: { passed: total("passed"), failed: total("failed"), discarded: total("discarded") },
    };
    all.set(key, series);
    return series;
  };

  return {
    attempt(container, probe, attempt, tookMs) {
      const { total, duration } = seriesOf(container, probe);
      meter.add("prober_probe_total", total[attempt]);
      if (attempt !== "failed") meter.observe("prober_probe_duration_seconds", duration, tookMs / 1000);
    },
    late: (lateMs) => meter.observe("berth_probe_lateness_seconds", {}, Math.max(0, lateMs) / 1000),
    drop() {
      for (const { total, duration } of all.values()) {
        for (const labels of Object.values(total)) meter.drop("prober_probe_total", labels);
        meter.drop("prober_probe_duration_seconds", duration);
      }
      all.clear();
    },
  };
}
