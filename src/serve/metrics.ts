import { readdirSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, type Metric, Registry } from "prom-client";
import { METRICS, type Meter, type MetricName, type MetricPage, type MetricRow } from "../pod/metrics.ts";

/** The numbers of the agent: where they are reported, and the page that Prometheus reads. */
export type Metrics = {
  readonly meter: Meter;
  /** The text of /metrics or /metrics/probes, with its content type. */
  page(page: MetricPage): Promise<{ readonly text: string; readonly type: string }>;
  /** Ends the measuring of the event loop. */
  close(): void;
};

type Labels = Readonly<Record<string, string>>;
/** Each tick wakes the process: ten a second cost 0.06 % of a core, fifty 0.2 %. */
const LOOP_RESOLUTION_MS = 100;

/** A registry with every row of the table and the standard numbers of a process. */
export function makeMetrics(version: string): Metrics {
  const registries: Readonly<Record<MetricPage, Registry>> = { main: new Registry(), probes: new Registry() };
  /** @bound Counters: those of the table of metrics. */
  const counters = new Map<MetricName, Counter>();
  /** @bound Gauges: those of the table of metrics. */
  const gauges = new Map<MetricName, Gauge>();
  /** @bound Histograms: those of the table of metrics. */
  const histograms = new Map<MetricName, Histogram>();
  for (const [name, row] of Object.entries(METRICS) as [MetricName, MetricRow][]) {
    const registry = registries[row.page ?? "main"];
    const options = { name, help: row.help, labelNames: [...row.labels], registers: [registry] };
    switch (row.kind) {
      case "counter":
        counters.set(name, new Counter(options));
        break;
      case "gauge":
        gauges.set(name, new Gauge(options));
        break;
      case "histogram":
        histograms.set(name, new Histogram({ ...options, buckets: [...(row.buckets ?? [])] }));
        break;
    }
  }
  for (const metric of processMetrics()) registries.main.registerMetric(metric);
  registries.probes.registerMetric(startTime());
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();

  const meter: Meter = {
    add: (name, labels: Labels, by = 1) => counters.get(name)?.inc(labels, by),
    set: (name, labels: Labels, value) => gauges.get(name)?.set(labels, value),
    observe: (name, labels: Labels, value) => histograms.get(name)?.observe(labels, value),
    drop: (name, labels: Labels) => (counters.get(name) ?? gauges.get(name) ?? histograms.get(name))?.remove(labels),
  };
  meter.set("berth_build_info", { version, node_version: process.version }, 1);

  return {
    meter,
    async page(page) {
      const registry = registries[page];
      if (page !== "main") return { text: await registry.metrics(), type: registry.contentType };
      // the histogram counts the time between its own ticks: what exceeds a tick was a slice of somebody else's
      const longestMs = loop.count === 0 ? 0 : Math.max(0, loop.max / 1e6 - LOOP_RESOLUTION_MS);
      meter.set("berth_event_loop_delay_seconds", {}, longestMs / 1000);
      loop.reset();
      return { text: await registry.metrics(), type: registry.contentType };
    },
    close: () => void loop.disable(),
  };
}

/** The names that every exporter gives the numbers of its own process (node.md 7.1). */
function processMetrics(): Metric[] {
  const unregistered = { registers: [] };
  return [
    new Gauge({
      ...unregistered,
      name: "process_resident_memory_bytes",
      help: "Resident memory.",
      collect() {
        this.set(process.memoryUsage.rss());
      },
    }),
    new Counter({
      ...unregistered,
      name: "process_cpu_seconds_total",
      help: "Time spent in user and system.",
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
    new Gauge({
      ...unregistered,
      name: "process_open_fds",
      help: "Open file descriptors.",
      collect() {
        this.set(readdirSync("/proc/self/fd").length - 1);
      },
    }),
    new Gauge({
      ...unregistered,
      name: "process_max_fds",
      help: "File descriptors that may be open.",
      collect() {
        this.set(maxOpenFiles());
      },
    }),
    startTime(),
  ];
}

function startTime(): Metric {
  const started = Math.round(Date.now() / 1000 - process.uptime());
  return new Gauge({
    registers: [],
    name: "process_start_time_seconds",
    help: "Start, in seconds since the epoch.",
    collect() {
      this.set(started);
    },
  });
}

function maxOpenFiles(): number {
  const line = readFileSync("/proc/self/limits", "utf8")
    .split("\n")
    .find((each) => each.startsWith("Max open files"));
  return Number(line?.split(/\s+/)[3] ?? Number.NaN);
}
