import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { workFolder } from "../../dev/paths.ts";
import { type Runtime, startRuntime } from "../../dev/runtime/start.ts";
import { readHierarchies } from "../../src/cgroup/hierarchies.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";
import { asShared } from "../kit/shared-runtime.ts";

/** Many pods at once on a runtime of their own, which is killed among them; the tests follow one another. */
const COUNT = thorough ? 100 : 24;
const names = Array.from({ length: COUNT }, (_, index) => `p${index}`);

let runtime: Runtime;
let host: Host;
let ids: string[];

beforeAll(async () => {
  const { version } = inject("runtime");
  runtime = await startRuntime({ folder: join(workFolder, "run", `crowd-${version}`), version });
  host = await openHost({ runtime: asShared(runtime) });
});

afterAll(async () => {
  await host?.close();
  await runtime?.stop();
});

/** Every other pod has a volume in memory, so that there are mounts to be left behind. */
function crowdPod(name: string, index: number) {
  const main = container("main", { volumeMounts: [{ name: "v", mountPath: "/v" }] });
  const emptyDir = index % 2 === 0 ? {} : { medium: "Memory" };
  return pod(name, { volumes: [{ name: "v", emptyDir }], containers: [main] });
}

async function allRun(count = COUNT): Promise<string[]> {
  return host.eventually(
    `${count} containers run`,
    async () => {
      const running = await host.runningIds();
      expect(running).toHaveLength(count);
      return running;
    },
    { withinMs: 120_000, everyMs: 250 },
  );
}

it("start all, and the numbers tell so", { timeout: 180_000 }, async () => {
  for (const [index, name] of names.entries()) await host.manifests.drop(`${name}.yaml`, crowdPod(name, index));
  ids = await allRun();
  await host.eventually("all are told", async () => {
    expect((await host.pods()).map(({ status }) => status?.phase)).toEqual(names.map(() => "Running"));
  });
  const metrics = await host.metrics();
  for (const name of ["kubelet_desired_pods", "kubelet_running_pods", "kubelet_started_pods_total"])
    expect([name, metrics.sum(name)]).toEqual([name, COUNT]);
  expect(metrics.sum("kubelet_running_containers", { container_state: "running" })).toBe(COUNT);
  expect(metrics.sum("kubelet_started_containers_total", { container_type: "container" })).toBe(COUNT);
  expect(metrics.sum("kubelet_pod_start_duration_seconds_count")).toBe(COUNT);
  expect(metrics.sum("kubelet_started_pods_errors_total")).toBe(0);
});

it("outlive a killed containerd, and what came meanwhile starts afterwards", { timeout: 180_000 }, async () => {
  const back = runtime.restart("KILL");
  await host.manifests.drop("late.yaml", pod("late"));
  await back;
  await host.running("late", "main", { withinMs: 60_000 });
  const all = await allRun(COUNT + 1);
  expect(ids.filter((id) => !all.includes(id))).toEqual([]);
  const restarts = (await host.pods()).flatMap(({ status }) => status?.containerStatuses ?? []);
  expect(restarts.filter(({ restartCount }) => restartCount > 0)).toEqual([]);
  await host.manifests.remove("late.yaml");
  await host.gone("late");
});

it("removed at once they leave nothing behind", { timeout: 180_000 }, async () => {
  for (const name of names) await host.manifests.remove(`${name}.yaml`);
  await host.eventually("no pod is left", async () => expect(await host.pods()).toEqual([]), { withinMs: 120_000 });
  expect(await host.cri.sandboxes()).toEqual([]);
  expect(await host.cri.containers()).toEqual([]);
  const { root, podLogs, containerLogs } = host.places;
  for (const folder of [join(root, "pods"), podLogs, containerLogs]) expect(await readdir(folder), folder).toEqual([]);
  expect(await podCgroups()).toEqual([]);
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  expect(mounts.filter((line) => line.includes(` ${root}/`))).toEqual([]);
  expect((await host.metrics()).sum("kubelet_running_pods")).toBe(0);
});

/** Cgroups of pods that are left below the host's own. */
async function podCgroups(): Promise<string[]> {
  const found = await Promise.all(
    (await readHierarchies()).map(async ({ folder }) => {
      const below = join(folder, runtime.cgroupRoot, host.node, "kubepods");
      return (await readdir(below, { recursive: true }).catch(() => [])).filter((path) => /(^|\/)pod[^/]+$/.test(path));
    }),
  );
  return found.flat();
}
