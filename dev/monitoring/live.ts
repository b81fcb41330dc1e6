// `make monitoring`: a real Prometheus (Debian's, unpacked) scrapes a real berthd with pods that are well, that crash and that
// are broken. Every panel's query must bring data, promtool reads every page, and the alerts for a crash loop, a broken manifest
// and a dead agent fire. The rules are those of monitoring/alerts.yaml with seconds in place of minutes.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startBerthd } from "../agent/berthd.ts";
import { freePort } from "../agent/free-port.ts";
import { agentPlacesOf } from "../agent/places.ts";
import { checkout, workFolder } from "../paths.ts";
import { startDaemon } from "../runtime/daemon.ts";
import { type Runtime, startRuntime } from "../runtime/start.ts";
import { newestVersion } from "../sample.ts";
import { fail, messageOf, say } from "../say.ts";
import { checkPages } from "./check-pages.ts";
import { panelQueries } from "./dashboards.ts";
import { prometheusProgram } from "./debian-prometheus.ts";

const PATIENCE_MS = 120_000;
const JOBS = { berth: "/metrics", "berth-probes": "/metrics/probes", "berth-resource": "/metrics/resource" };

const pod = (name: string, container: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image: "busybox:1.36", ...container }] },
  });

const MANIFESTS = {
  "well.json": pod("well", {
    command: ["sleep", "1000000"],
    readinessProbe: { exec: { command: ["true"] }, periodSeconds: 1 },
  }),
  "crashing.json": pod("crashing", { command: ["false"] }),
  "broken.json": pod("broken", { comand: ["sleep", "1000000"] }),
};

/** The rules with each minute made a second. */
const hurried = (rules: string): string => rules.replace(/\b(\d+)m\b/g, "$1s");

function prometheusConfig(target: string): string {
  const scrape_configs = Object.entries(JOBS).map(([job_name, metrics_path]) => ({
    job_name,
    metrics_path,
    static_configs: [{ targets: [target] }],
  }));
  const global = { scrape_interval: "1s", evaluation_interval: "1s" };
  return JSON.stringify({ global, rule_files: ["alerts.yaml"], scrape_configs });
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url);
  const answer = (await response.json()) as { readonly data: T; readonly error?: string };
  if (answer.error !== undefined) throw new Error(`${url}: ${answer.error}`);
  return answer.data;
}

/** Waits until nothing is missing; throws with what still is. */
async function untilNone(what: string, missing: () => Promise<readonly string[]>): Promise<void> {
  let left = await missing();
  for (const end = performance.now() + PATIENCE_MS; left.length > 0; left = await missing()) {
    if (performance.now() > end) throw new Error(`${what}:\n  ${left.join("\n  ")}`);
    await sleep(500);
  }
}

type Answer = { readonly result: readonly { readonly value: readonly [number, string] }[] };

/** Asks for the panels that never had data so far; what is about beginnings has some only for a while. */
function emptyPanels(base: string, target: string): () => Promise<string[]> {
  const seen = new Set<string>();
  return async () => {
    const empty: string[] = [];
    for (const { panel, query } of panelQueries()) {
      const filled = query.replaceAll("$__rate_interval", "15s").replaceAll("$instance", target);
      if (seen.has(filled)) continue;
      const { result } = await ask<Answer>(`${base}/api/v1/query?query=${encodeURIComponent(filled)}`);
      if (result.some(({ value }) => value[1] !== "NaN")) seen.add(filled);
      else empty.push(`${panel}: ${filled}`);
    }
    return empty;
  };
}

type Alerts = {
  readonly alerts: readonly { readonly state: string; readonly labels: Readonly<Record<string, string>> }[];
};

async function silentAlerts(base: string, names: readonly string[]): Promise<string[]> {
  const { alerts } = await ask<Alerts>(`${base}/api/v1/alerts`);
  const firing = alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels.alertname);
  return names.filter((name) => !firing.includes(name));
}

async function watch(runtime: Runtime): Promise<void> {
  const places = agentPlacesOf(runtime.places, "watched");
  const [port, own] = [await freePort(), await freePort()];
  await mkdir(places.manifests, { recursive: true });
  for (const [name, text] of Object.entries(MANIFESTS)) await writeFile(join(places.manifests, name), text);
  const berthd = await startBerthd({
    places,
    endpoint: runtime.endpoint,
    cgroupRoot: `${runtime.cgroupRoot}/watched`,
    nodeName: "watched",
    port,
    kubelet: { crashLoopBackOff: { maxContainerRestartPeriod: "1s" } },
  });
  const folder = join(places.folder, "prometheus");
  await mkdir(folder, { recursive: true });
  const target = `127.0.0.1:${port}`;
  await writeFile(join(folder, "prometheus.yaml"), prometheusConfig(target));
  await writeFile(
    join(folder, "alerts.yaml"),
    hurried(await readFile(join(checkout, "monitoring/alerts.yaml"), "utf8")),
  );
  const words = [
    `--config.file=${join(folder, "prometheus.yaml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${own}`,
  ];
  const prometheus = await startDaemon(await prometheusProgram("prometheus"), words, join(folder, "log"));
  try {
    await prometheus.waitForLine(/Server is ready to receive web requests/, 30_000);
    await berthd.ready();
    const base = `http://127.0.0.1:${own}`;
    const empty = emptyPanels(base, target);
    await untilNone("Prometheus has not seen berthd", async () => {
      const { result } = await ask<Answer>(`${base}/api/v1/query?query=kubelet_running_pods`);
      return result.length > 0 ? [] : [target];
    });
    await writeFile(join(places.manifests, "late.json"), pod("late", { command: ["sleep", "1000000"] }));
    await untilNone("these panels have no data", empty);
    say(`${panelQueries().length} queries of panels have data`);
    for (const line of await checkPages(target, Object.values(JOBS))) say(line);
    await untilNone("these alerts do not fire", () =>
      silentAlerts(base, ["BerthContainersCrash", "BerthManifestBroken"]),
    );
    say("BerthContainersCrash and BerthManifestBroken fire");
    await berthd.stop();
    await untilNone("this alert does not fire", () => silentAlerts(base, ["BerthDown"]));
    say("BerthDown fires");
  } finally {
    await prometheus.stop();
    await berthd.stop();
  }
}

try {
  const runtime = await startRuntime({ folder: join(workFolder, "run/monitoring"), version: newestVersion() });
  try {
    await watch(runtime);
  } finally {
    await runtime.stop();
  }
} catch (thrown) {
  fail(messageOf(thrown));
}
