import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { METRICS, type MetricRow } from "../../src/pod/metrics.ts";

const RULES = readFileSync(join(import.meta.dirname, "../../monitoring/alerts.yaml"), "utf8");

it("alerts ask for metrics and labels that there are", () => {
  const asked = [...RULES.matchAll(/\b((?:kubelet|berth)_\w+)(?:\{([^}]*)\})/g)];
  expect(asked.length).toBeGreaterThan(5);
  for (const [, name = "", matchers = ""] of asked) {
    const row: MetricRow | undefined = Object.entries<MetricRow>(METRICS).find(([known]) => known === name)?.[1];
    expect(row, name).toBeDefined();
    const labels = [...matchers.matchAll(/(\w+)\s*=/g)].map(([, label]) => label);
    expect(labels.filter((label) => label !== "job" && !row?.labels.some((known) => known === label))).toEqual([]);
  }
});
