import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { panelQueries } from "../../dev/monitoring/dashboards.ts";
import { METRICS, type MetricRow } from "../../src/pod/metrics.ts";

const RULES = readFileSync(join(import.meta.dirname, "../../monitoring/alerts.yaml"), "utf8");

const PANELS = panelQueries()
  .map(({ query }) => query.replaceAll(/_bucket\b/g, ""))
  .join("\n");

it.each([
  ["alerts", RULES],
  ["dashboards", PANELS],
])("%s ask for metrics and labels that there are", (_, text) => {
  const asked = [...text.matchAll(/\b((?:kubelet|berth)_\w+)(?:\{([^}]*)\})/g)];
  expect(asked.length).toBeGreaterThan(5);
  for (const [, name = "", matchers = ""] of asked) {
    const row: MetricRow | undefined = Object.entries<MetricRow>(METRICS).find(([known]) => known === name)?.[1];
    expect(row, name).toBeDefined();
    const labels = [...matchers.matchAll(/(\w+)\s*=/g)].map(([, label]) => label);
    expect(
      labels.filter(
        (label) => label !== "job" && label !== "instance" && !row?.labels.some((known) => known === label),
      ),
    ).toEqual([]);
  }
});
