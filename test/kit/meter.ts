import { type Meter, type MetricName, silentMeter } from "../../src/pod/metrics.ts";

/** A meter that keeps the newest value of each gauge and all that histograms were told; labels are left out. */
export function recordingMeter() {
  const gauges = new Map<MetricName, number>();
  const told = new Map<MetricName, number[]>();
  const meter: Meter = {
    ...silentMeter,
    set: (name, _labels, value) => void gauges.set(name, value),
    observe: (name, _labels, value) => void told.set(name, [...(told.get(name) ?? []), value]),
  };
  return { meter, gauge: (name: MetricName) => gauges.get(name), told: (name: MetricName) => told.get(name) ?? [] };
}
