import { expect, it } from "vitest";
import type { Usage, View } from "../../src/ports.ts";
import { resourcePage } from "../../src/serve/resource-page.ts";
import { makePod } from "./house.ts";

const usage: Usage = {
  host: async () => ({
    atWallMs: 5000,
    cpuCoreNanoSeconds: 7e9,
    memoryBytes: 1024,
    swap: { usedBytes: 512, freeBytes: 1 },
  }),
  containers: async () =>
    ["main", "side"].map((container, place) => ({
      podUid: "uid-web",
      container,
      id: container,
      atWallMs: 4000 + place,
      cpuCoreNanoSeconds: 1.5e9,
      workingSetBytes: 100,
      ...(container === "side" ? { more: { swapUsageBytes: 10, swapAvailableBytes: 30 } } : {}),
    })),
};
const viewOf = (pods: ReturnType<typeof makePod>[]) => ({ pods: () => pods }) as unknown as View;
const live = new AbortController().signal;

it("tells what node, containers and pods use, with the moment of each count", async () => {
  const page = await resourcePage(usage, viewOf([makePod("web", { containers: ["main", "side"] })]), live);
  const samples = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const names = 'pod="web-node1",namespace="default"';
  expect(samples).toEqual([
    "node_cpu_usage_seconds_total 7 5000",
    "node_memory_working_set_bytes 1024 5000",
    "node_swap_usage_bytes 512 5000",
    `container_cpu_usage_seconds_total{container="main",${names}} 1.5 4000`,
    `container_cpu_usage_seconds_total{container="side",${names}} 1.5 4001`,
    `container_memory_working_set_bytes{container="main",${names}} 100 4000`,
    `container_memory_working_set_bytes{container="side",${names}} 100 4001`,
    `container_swap_usage_bytes{container="side",${names}} 10 4001`,
    `container_swap_limit_bytes{container="side",${names}} 40 4001`,
    `container_start_time_seconds{container="main",${names}} 1767323046`,
    `container_start_time_seconds{container="side",${names}} 1767323046`,
    `pod_cpu_usage_seconds_total{${names}} 3 4001`,
    `pod_memory_working_set_bytes{${names}} 200 4001`,
    `pod_swap_usage_bytes{${names}} 10 4001`,
    "resource_scrape_error 0",
    "scrape_error 0",
  ]);
});

it("has nothing of a pod that is gone, and says when something could not be read", async () => {
  expect(await resourcePage(usage, viewOf([]), live)).not.toContain("web");
  const silent = { ...usage, containers: () => Promise.reject(new Error("no runtime")) };
  const page = await resourcePage(silent, viewOf([]), live);
  expect(page).toContain("\nresource_scrape_error 1\n");
  expect(page).toContain("\nnode_cpu_usage_seconds_total 7 5000\n");
});
