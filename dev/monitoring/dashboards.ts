/** A panel of a dashboard: what it shows, in which unit of Grafana's, and the queries that feed it, each with its legend. */
type Panel = {
  readonly title: string;
  readonly kind: "stat" | "timeseries";
  readonly unit: string;
  readonly queries: Readonly<Record<string, string>>;
};

type Dashboard = { readonly uid: string; readonly title: string; readonly instance: boolean; readonly panels: Panel[] };

const HOST = 'job="berth", instance="$instance"';
const rate = (series: string): string => `rate(${series}[$__rate_interval])`;

/** The 99th percentile of a histogram without labels of its own, or by some of them. */
const slowest = (name: string, matchers: string, by = ""): string =>
  `histogram_quantile(0.99, sum by (le${by}) (${rate(`${name}_bucket{${matchers}}`)}))`;

const stat = (title: string, unit: string, query: string): Panel => ({
  title,
  kind: "stat",
  unit,
  queries: { "": query },
});
const graph = (title: string, unit: string, queries: Panel["queries"]): Panel => ({
  title,
  kind: "timeseries",
  unit,
  queries,
});

const NODE: Dashboard = {
  uid: "berth-node",
  title: "Berth: a node",
  instance: true,
  panels: [
    stat("Agent answers", "bool_yes_no", `up{${HOST}}`),
    stat("Pods that run", "none", `kubelet_running_pods{${HOST}}`),
    stat("Pods asked for", "none", `sum(kubelet_desired_pods{${HOST}})`),
    stat("Broken manifests", "none", `sum(berth_manifest_problems{${HOST}, severity="error"})`),
    graph("Containers by state", "none", { "{{container_state}}": `kubelet_running_containers{${HOST}}` }),
    graph("Containers begun and ended a second", "ops", {
      begun: `sum(${rate(`kubelet_started_containers_total{${HOST}}`)})`,
      ended: `sum(${rate(`kubelet_terminated_containers_total{${HOST}}`)})`,
    }),
    graph("CPU of pods", "none", {
      "{{namespace}}/{{pod}}":
        'rate(pod_cpu_usage_seconds_total{job="berth-resource", instance="$instance"}[$__rate_interval])',
    }),
    graph("Memory of pods", "bytes", {
      "{{namespace}}/{{pod}}": 'pod_memory_working_set_bytes{job="berth-resource", instance="$instance"}',
    }),
    graph("Probes a second by result", "ops", {
      "{{probe_type}} {{result}}":
        'sum by (probe_type, result) (rate(prober_probe_total{job="berth-probes", instance="$instance"}[$__rate_interval]))',
    }),
    graph("Lateness of probes, 99 of 100", "s", { late: slowest("berth_probe_lateness_seconds", HOST) }),
    graph("From first sight of a pod to running, 99 of 100", "s", {
      start: slowest("kubelet_pod_start_duration_seconds", HOST),
    }),
    graph("Calls to the runtime, 99 of 100", "s", {
      "{{operation_type}}": slowest("kubelet_runtime_operations_duration_seconds", HOST, ", operation_type"),
    }),
    graph("Calls to the runtime a second", "ops", {
      calls: `sum(${rate(`kubelet_runtime_operations_total{${HOST}}`)})`,
      failed: `sum(${rate(`kubelet_runtime_operations_errors_total{${HOST}}`)}) or vector(0)`,
    }),
    graph("Memory of berthd", "bytes", { resident: `process_resident_memory_bytes{${HOST}}` }),
    graph("CPU of berthd", "percentunit", { cpu: rate(`process_cpu_seconds_total{${HOST}}`) }),
    graph("Longest slice of the event loop", "s", { slice: `berth_event_loop_delay_seconds{${HOST}}` }),
    graph("Actions that wait at a gate", "none", { "{{gate}}": `berth_gate_waiting{${HOST}}` }),
    graph("Steps of pods that failed, a second", "ops", {
      "{{action}}": `sum by (action) (${rate(`berth_action_failures_total{${HOST}}`)}) or vector(0)`,
    }),
  ],
};

const FLEET: Dashboard = {
  uid: "berth-fleet",
  title: "Berth: the fleet",
  instance: false,
  panels: [
    stat("Hosts", "none", 'count(up{job="berth"})'),
    stat("Hosts that do not answer", "none", 'count(up{job="berth"} == 0) or vector(0)'),
    stat("Pods that run", "none", 'sum(kubelet_running_pods{job="berth"})'),
    stat("Broken manifests", "none", 'sum(berth_manifest_problems{job="berth", severity="error"})'),
    stat("Alerts that fire", "none", 'count(ALERTS{alertname=~"Berth.*", alertstate="firing"}) or vector(0)'),
    stat("Versions", "none", 'count(count by (version) (berth_build_info{job="berth"}))'),
    graph("Pods that do not run, by host", "none", {
      "{{instance}}":
        'sum by (instance) (kubelet_desired_pods{job="berth"}) - on (instance) kubelet_running_pods{job="berth"}',
    }),
    graph("Containers begun a second, by host", "ops", {
      "{{instance}}": `sum by (instance) (${rate('kubelet_started_containers_total{job="berth"}')})`,
    }),
    graph("Calls to the runtime that fail, by host", "percentunit", {
      "{{instance}}":
        `(sum by (instance) (${rate('kubelet_runtime_operations_errors_total{job="berth"}')}) or 0 * kubelet_running_pods{job="berth"})` +
        ` / on (instance) sum by (instance) (${rate('kubelet_runtime_operations_total{job="berth"}')})`,
    }),
    graph("Memory of berthd, by host", "bytes", { "{{instance}}": 'process_resident_memory_bytes{job="berth"}' }),
    graph("CPU of berthd, by host", "percentunit", { "{{instance}}": rate('process_cpu_seconds_total{job="berth"}') }),
    graph("Longest slice of the event loop, by host", "s", {
      "{{instance}}": 'berth_event_loop_delay_seconds{job="berth"}',
    }),
  ],
};

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts the chosen source in its place
const SOURCE = { type: "prometheus", uid: "${datasource}" };

function jsonOf({ uid, title, instance, panels }: Dashboard): string {
  const list = [
    { name: "datasource", type: "datasource", query: "prometheus", label: "Source" },
    ...(instance
      ? [
          {
            name: "instance",
            type: "query",
            label: "Host",
            datasource: SOURCE,
            query: 'label_values(up{job="berth"}, instance)',
            refresh: 2,
          },
        ]
      : []),
  ];
  const dashboard = {
    uid,
    title,
    tags: ["berth"],
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: { list },
    panels: placed(panels),
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

const COLUMNS = 24;

/** Panels in rows from the top: six small ones or two wide ones side by side. */
function placed(panels: readonly Panel[]): unknown[] {
  let [x, y, height] = [0, 0, 0];
  return panels.map(({ title, kind, unit, queries }, index) => {
    const [w, h] = kind === "stat" ? [4, 4] : [12, 8];
    if (x + w > COLUMNS || (height > 0 && h !== height)) [x, y] = [0, y + height];
    const gridPos = { x, y, w, h };
    [x, height] = [x + w, h];
    const targets = Object.entries(queries).map(([legendFormat, expr], at) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + at),
      datasource: SOURCE,
      expr,
      legendFormat,
    }));
    return {
      id: index + 1,
      title,
      type: kind,
      datasource: SOURCE,
      gridPos,
      fieldConfig: { defaults: { unit } },
      targets,
    };
  });
}

/** Grafana's dashboard for one host. */
export const nodeDashboard = (): string => jsonOf(NODE);

/** Grafana's dashboard for all hosts. */
export const fleetDashboard = (): string => jsonOf(FLEET);

/** Every query of every panel, by dashboard and panel, with Grafana's variables still in it. */
export function panelQueries(): readonly { readonly panel: string; readonly query: string }[] {
  return [NODE, FLEET].flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      Object.values(panel.queries).map((query) => ({ panel: `${title}: ${panel.title}`, query })),
    ),
  );
}
