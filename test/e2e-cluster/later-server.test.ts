import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as v1 from "../../src/pod/v1.ts";
import { type ApiServer, startApiServer } from "../kit/api-server/server.ts";
import { type Host, openHost } from "../kit/host.ts";
import { podCgroupLimits } from "../kit/pod-cgroup.ts";
import { container, IMAGE, pod, sh } from "../kit/sample-pods.ts";

// What a 1.20 server does not know yet, on the server of test/kit and a real runtime.

let server: ApiServer;
let host: Host;
let folder: string;
const NAME = "watched";
const PATIENT = { withinMs: 60_000 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-later-"));
  server = await startApiServer();
  const kubeconfig = join(folder, "kubeconfig");
  const config = {
    clusters: [{ name: "c", cluster: { server: server.url } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const node = `n${randomBytes(3).toString("hex")}`;
  host = await openHost({ node, flags: ["--kubeconfig", kubeconfig] });
  const resources = { requests: { cpu: "100m", memory: "32Mi" }, limits: { cpu: "200m", memory: "64Mi" } };
  const main = container("main", {
    resources,
    command: sh("trap 'exit 0' TERM; while :; do sleep 7654 & wait $!; done"),
  });
  const beside = container("beside", {
    restartPolicy: "Always",
    resources: { requests: { cpu: "50m", memory: "16Mi" }, limits: { cpu: "100m", memory: "32Mi" } },
    resizePolicy: [{ resourceName: "memory", restartPolicy: "RestartContainer" }],
  });
  const spec = { nodeName: node, initContainers: [beside], containers: [main] };
  const bound = pod(NAME, spec, { namespace: "default" });
  server.place("pods", { ...bound, status: { phase: "Pending" } });
}, 120_000);
afterAll(async () => {
  await host?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const status = (): v1.PodStatus => (server.shelf.get("pods", "default", NAME).status ?? {}) as v1.PodStatus;
const untilRunning = (list: "containerStatuses" | "ephemeralContainerStatuses"): Promise<v1.ContainerStatus> =>
  host.eventually(
    `${list} tell that it runs`,
    () => {
      const [first] = status()[list] ?? [];
      if (first?.state?.running === undefined) throw new Error(JSON.stringify(status()));
      return first;
    },
    PATIENT,
  );

it("an ephemeral container comes by a patch of pods/ephemeralcontainers (1.23 and later)", async () => {
  const main = await untilRunning("containerStatuses");
  const debug = { name: "looker", image: IMAGE, command: ["sleep", "100000"], targetContainerName: "main" };
  const path = `${server.url}/api/v1/namespaces/default/pods/${NAME}/ephemeralcontainers`;
  const patch = { spec: { ephemeralContainers: [debug] } };
  expect((await fetch(path, { method: "PATCH", body: JSON.stringify(patch) })).status).toBe(200);
  const looker = await untilRunning("ephemeralContainerStatuses");
  expect(looker).toMatchObject({ name: "looker", ready: false, restartCount: 0 });
  const { stdout } = await host.berth("exec", NAME, "-c", "looker", "--", "ps");
  expect(stdout).toContain("sleep 7654");
  expect(status()).toMatchObject({ phase: "Running", containerStatuses: [main], observedGeneration: 2 });

  await host.crash();
  await host.start();
  await host.steadily(3000, () => {
    expect(status()).toMatchObject({ containerStatuses: [main], ephemeralContainerStatuses: [looker] });
  });
});

type Amounts = { readonly cpu: string; readonly memory: string };
const condition = (type: string): v1.PodCondition | undefined => status().conditions?.find((one) => one.type === type);
const statusOf = (name: string): v1.ContainerStatus | undefined =>
  [...(status().initContainerStatuses ?? []), ...(status().containerStatuses ?? [])].find((one) => one.name === name);

/** Asks for other limits, with half of them requested, as `kubectl patch --subresource resize` does. */
async function resize(name: "main" | "beside", limits: Amounts): Promise<void> {
  const half = {
    cpu: `${Number.parseInt(limits.cpu, 10) / 2}m`,
    memory: `${Number.parseInt(limits.memory, 10) / 2}Mi`,
  };
  const path = `${server.url}/api/v1/namespaces/default/pods/${NAME}/resize`;
  const list = name === "main" ? "containers" : "initContainers";
  const patch = { spec: { [list]: [{ name, resources: { requests: half, limits } }] } };
  const answer = await fetch(path, { method: "PATCH", body: JSON.stringify(patch) });
  expect(answer.status, await answer.text()).toBe(200);
}
const has = (name: string, limits: Amounts, restartCount: number): Promise<void> =>
  host.eventually(
    `${name} has ${JSON.stringify(limits)}`,
    () => {
      expect(statusOf(name)).toMatchObject({ restartCount, resources: { limits }, state: { running: {} } });
      expect([condition("PodResizePending"), condition("PodResizeInProgress")]).toEqual([undefined, undefined]);
    },
    PATIENT,
  );

/** Its limit of memory in bytes, and its quota of processors in microseconds of 100 ms, as the container sees them. */
async function inside(name: string): Promise<string[]> {
  const files = "cat memory.max cpu.max || cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us";
  const { stdout } = await host.berth(
    "exec",
    NAME,
    "-c",
    name,
    "--",
    "sh",
    "-c",
    `cd /sys/fs/cgroup; (${files}) 2>/dev/null`,
  );
  return stdout.trim().split(/\s+/).slice(0, 2);
}
const limitsOf = (mebibytes: number, millis: number): string[] => [`${mebibytes * 2 ** 20}`, `${millis * 100}`];

/** The same of the pod's own cgroup, as the host sees it. */
function ofPod(): string[] {
  const { memory, cpu } = podCgroupLimits(server.shelf.get("pods", "default", NAME).metadata.uid ?? "");
  return [memory, cpu];
}

describe("cpu and memory of a running container change in place (1.33 and later)", () => {
  it("more of both, which the container and the pod's cgroup have at once", async () => {
    const { containerID } = statusOf("main") ?? {};
    expect([await inside("main"), ofPod()]).toEqual([limitsOf(64, 200), limitsOf(96, 300)]);
    await resize("main", { cpu: "400m", memory: "96Mi" });
    await has("main", { cpu: "400m", memory: "96Mi" }, 0);
    expect([await inside("main"), ofPod()]).toEqual([limitsOf(96, 400), limitsOf(128, 500)]);
    expect(statusOf("main")).toMatchObject({ containerID, allocatedResources: { cpu: "200m", memory: "48Mi" } });
  });

  it("memory is not taken that is in use; it is when it is free", async () => {
    await host.berth("exec", NAME, "-c", "main", "--", "sh", "-c", "dd if=/dev/zero of=/dev/shm/held bs=1M count=48");
    await resize("main", { cpu: "200m", memory: "32Mi" });
    await host.eventually("the refusal is told", () => {
      expect(condition("PodResizeInProgress")).toMatchObject({ status: "True", reason: "Error" });
      expect(condition("PodResizeInProgress")?.message).toMatch(
        /^cannot decrease memory limits: attempting to set container "main" memory limit \(33554432\) below current usage \(\d+\)/,
      );
    });
    expect(await inside("main")).toEqual(limitsOf(96, 400));
    await host.crash();
    await host.start();
    await host.berth("exec", NAME, "-c", "main", "--", "rm", "/dev/shm/held");
    await has("main", { cpu: "200m", memory: "32Mi" }, 0);
    expect([await inside("main"), ofPod()]).toEqual([limitsOf(32, 200), limitsOf(64, 300)]);
  });

  it("what the node will never have is told, and nothing changes", async () => {
    await resize("main", { cpu: "2000000m", memory: "32Mi" });
    await host.eventually("it is told", () => {
      expect(condition("PodResizePending")).toMatchObject({ status: "True", reason: "Infeasible" });
      expect(condition("PodResizePending")?.message).toMatch(
        /^Node didn't have enough capacity: cpu, requested: 1000050, capacity: \d+$/,
      );
    });
    await resize("main", { cpu: "200m", memory: "32Mi" });
    await has("main", { cpu: "200m", memory: "32Mi" }, 0);
  });

  it("a sidecar is made anew for its memory, as its policy says, and not for its processors", async () => {
    await resize("beside", { cpu: "200m", memory: "32Mi" });
    await has("beside", { cpu: "200m", memory: "32Mi" }, 0);
    await resize("beside", { cpu: "200m", memory: "48Mi" });
    await has("beside", { cpu: "200m", memory: "48Mi" }, 1);
    expect([await inside("beside"), ofPod()]).toEqual([limitsOf(48, 200), limitsOf(80, 400)]);
    expect(statusOf("main")?.restartCount).toBe(0);
  });

  it("and the pod ends as ever", async () => {
    server.remove("pods", "default", NAME);
    await host.gone(NAME, PATIENT);
    await host.eventually("it is gone", () => expect(server.shelf.all("pods")).toEqual([]), PATIENT);
  });
});
