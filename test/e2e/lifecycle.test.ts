import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventItem } from "../../src/cmd/berth/get-events.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { SeenContainer, SeenStatus } from "../kit/cri.ts";
import { type Host, openHost } from "../kit/host.ts";
import { recordLives } from "../kit/lives.ts";
import { container, pod, SLEEP, sh } from "../kit/sample-pods.ts";
import { type Table, watchPods } from "../kit/table.ts";

let host: Host;
let table: Table;

/** Takes so many seconds to end after it was told to. */
const slowToEnd = (seconds: number) =>
  sh(`trap 'sleep ${seconds}; exit 0' TERM; while :; do sleep 1000 & wait $!; done`);
/** Never ends unless it is killed. */
const STUBBORN = sh("trap '' TERM; while :; do sleep 1; done");

beforeAll(async () => {
  host = await openHost();
  table = watchPods(host);
});

afterAll(async () => {
  await table?.close();
  await host?.close();
});

describe("init containers", () => {
  it("run one after the other, each once, before the app containers", async () => {
    const initContainers = ["first", "second"].map((name) => container(name, { command: sh("sleep 1") }));
    const containers = [container("app-a"), container("app-b")];
    await host.manifests.drop("ordered.yaml", pod("ordered", { initContainers, containers }));
    await table.shows("ordered", "Running", { withinMs: 30_000 });
    const [first, second, a, b] = await Promise.all(
      ["first", "second", "app-a", "app-b"].map((name) => statusOf("ordered", name)),
    );
    expect(first?.finishedAtMs).toBeLessThanOrEqual(Number(second?.startedAtMs));
    expect(second?.finishedAtMs).toBeLessThanOrEqual(Number(a?.startedAtMs));
    expect(second?.finishedAtMs).toBeLessThanOrEqual(Number(b?.startedAtMs));
    // Oldest first. Apps start side by side, and are made in their order.
    expect((await containersOf("ordered")).map(({ name }) => name)).toEqual(["first", "second", "app-a", "app-b"]);
    expect(table.statuses("ordered").at(-1)).toBe("Running");
    const seen = table.statuses("ordered").filter((status) => status.startsWith("Init:"));
    expect(seen).toEqual(["Init:0/2", "Init:1/2"]);
    const happy = ["Pulled", "Created", "Started"];
    await host.eventually("each container has its events (E1)", async () => {
      expect(await eventsOf("ordered")).toEqual({
        "spec.initContainers{first}": happy,
        "spec.initContainers{second}": happy,
        "spec.containers{app-a}": happy,
        "spec.containers{app-b}": happy,
      });
    });
  });

  it("one that fails is run again under Always, and ends the pod under Never", async () => {
    const failing = [container("init", { command: sh("exit 5") })];
    await host.manifests.drop(
      "init-never.yaml",
      pod("init-never", { initContainers: failing, restartPolicy: "Never" }),
    );
    await host.manifests.drop("init-always.yaml", pod("init-always", { initContainers: failing }));
    await table.shows("init-never", "Init:Error");
    expect((await host.pod("init-never")).status?.phase).toBe("Failed");
    await table.shows("init-always", "Init:CrashLoopBackOff");
    expect((await host.pod("init-always")).status?.phase).toBe("Pending");
    for (const name of ["init-never", "init-always"]) {
      expect((await containersOf(name)).filter((it) => it.name === "main")).toEqual([]);
      await host.manifests.remove(`${name}.yaml`);
    }
  });
});

describe("changes", () => {
  it("another image under a fixed UID restarts that container alone, in its sandbox", async () => {
    const spec = (image: string) => ({ containers: [container("main", { image }), container("other")] });
    const fixed = { uid: `fixed-${host.node}` };
    await host.manifests.drop("fixed.yaml", pod("fixed", spec("busybox:1.36"), fixed));
    const [main, other] = [await host.running("fixed", "main"), await host.running("fixed", "other")];
    await host.manifests.drop("fixed.yaml", pod("fixed", spec("busybox:1.31"), fixed));
    const after = await host.eventually("the container is another one", async () => {
      const running = await host.running("fixed", "main");
      expect(running.id).not.toBe(main.id);
      return running;
    });
    expect(after).toMatchObject({ sandboxId: main.sandboxId, attempt: 1 });
    expect((await host.running("fixed", "other")).id).toBe(other.id);
  });

  it("a changed manifest replaces the pod, and only after the old one has ended", async () => {
    const ends = await mkdtemp(join(host.places.folder, "ends-"));
    const slow = {
      terminationGracePeriodSeconds: 20,
      containers: [
        container("main", {
          command: sh("trap 'sleep 3; date +%s >/ends/$HOSTNAME; exit 0' TERM; while :; do sleep 1000 & wait $!; done"),
          volumeMounts: [{ name: "ends", mountPath: "/ends" }],
        }),
      ],
      volumes: [{ name: "ends", hostPath: { path: ends } }],
    };
    await host.manifests.drop("replaced.yaml", pod("replaced", slow));
    const old = await host.running("replaced");
    await host.manifests.drop("replaced.yaml", pod("replaced", slow, { labels: { version: "2" } }));
    const fresh = await host.eventually("the new pod runs", async () => {
      const running = (await containersOf("replaced")).filter((it) => it.state === "running");
      expect(running.length).toBeLessThanOrEqual(1);
      const [one] = running;
      if (!one || one.id === old.id) throw new Error("the old one runs");
      return one;
    });
    expect(fresh.uid).not.toBe(old.uid);
    expect(fresh.attempt).toBe(0);
    const sandbox = (await host.cri.sandboxes()).find((it) => it.id === fresh.sandboxId);
    // The old one's last words; what the runtime knew of it is gone with its sandbox.
    const [last] = await readdir(ends);
    const oldEndMs = Number(await readFile(join(ends, String(last)), "utf8")) * 1000;
    expect(oldEndMs).toBeGreaterThan(0);
    expect(sandbox?.createdAtMs).toBeGreaterThanOrEqual(oldEndMs);
    expect(sandbox?.labels.version).toBe("2");
  });

  it("a touched or rewritten file with the same content changes nothing", async () => {
    await host.manifests.drop("same.yaml", pod("same"));
    const before = await host.running("same");
    await host.manifests.drop("same.yaml", pod("same"));
    await host.manifests.overwrite("same.yaml", pod("same"));
    await host.steadily(4_000, async () => expect((await host.running("same")).id).toBe(before.id));
  });

  it("a renamed file replaces the pod", async () => {
    const before = await host.manifests.drop("old-name.yaml", pod("renamed"));
    const old = await host.running("renamed");
    await rename(before, join(host.manifests.path, "new-name.yaml"));
    await host.eventually("it is another pod", async () =>
      expect((await host.running("renamed")).uid).not.toBe(old.uid),
    );
  });

  it("removed and added back at once: ended in full, then begun again under the same UID", async () => {
    const slow = { terminationGracePeriodSeconds: 20, containers: [container("main", { command: slowToEnd(2) })] };
    await host.manifests.drop("back.yaml", pod("back", slow));
    const old = await host.running("back");
    await host.manifests.remove("back.yaml");
    await host.eventually("its end has begun", async () => {
      const shown = await host.pod("back").catch(() => undefined);
      expect(shown?.metadata?.deletionTimestamp ?? (shown ? undefined : "gone")).toBeDefined();
    });
    await host.manifests.drop("back.yaml", pod("back", slow));
    const fresh = await host.eventually("it runs again", async () => {
      const running = await host.running("back");
      expect(running.id).not.toBe(old.id);
      return running;
    });
    expect(fresh.uid).toBe(old.uid);
    expect(fresh.sandboxId).not.toBe(old.sandboxId);
  });

  it("a List and a file of many documents give all their pods; taking one out ends that one", async () => {
    const [a, b, c] = ["many-a", "many-b", "many-c"].map((name) => pod(name));
    await host.manifests.drop("list.yaml", { apiVersion: "v1", kind: "List", items: [a, b] });
    await host.manifests.drop("docs.yaml", `${JSON.stringify(c)}\n---\n${JSON.stringify(pod("many-d"))}\n`);
    const before = await host.running("many-a");
    for (const name of ["many-b", "many-c", "many-d"]) await host.running(name);
    await host.manifests.drop("list.yaml", { apiVersion: "v1", kind: "List", items: [a] });
    await host.gone("many-b");
    expect((await host.running("many-a")).id).toBe(before.id);
  });
});

describe("the end", () => {
  it("a removed pod leaves nothing: no sandbox, container, log or directory", async () => {
    await host.manifests.drop("leaves.yaml", pod("leaves"));
    const { uid } = await host.running("leaves");
    const logs = join(host.places.podLogs, `default_leaves-${host.node}_${uid}`);
    expect(existsSync(logs)).toBe(true);
    await host.manifests.remove("leaves.yaml");
    await host.gone("leaves");
    await host.eventually("its directories are gone", async () => {
      expect(existsSync(logs)).toBe(false);
      expect(await readdir(join(host.places.root, "pods"))).not.toContain(uid);
      expect((await readdir(host.places.containerLogs)).filter((link) => link.startsWith("leaves-"))).toEqual([]);
      expect((await host.pods()).map(({ metadata }) => metadata?.name)).not.toContain(`leaves-${host.node}`);
    });
  });

  it.each([
    { seconds: 3, leastMs: 2_900, mostMs: 8_000 },
    { seconds: 0, leastMs: 1_000, mostMs: 6_000 },
  ])(
    "a container that ignores SIGTERM is killed after its grace of $seconds s",
    async ({ seconds, leastMs, mostMs }) => {
      const name = `stubborn-${seconds}`;
      const spec = { terminationGracePeriodSeconds: seconds, containers: [container("main", { command: STUBBORN })] };
      await host.manifests.drop(`${name}.yaml`, pod(name, spec));
      await host.running(name);
      const begin = performance.now();
      await host.manifests.remove(`${name}.yaml`);
      await host.gone(name);
      const tookMs = performance.now() - begin;
      expect(tookMs).toBeGreaterThan(leastMs);
      expect(tookMs).toBeLessThan(mostMs);
    },
  );

  it("containers of a pod are stopped side by side", async () => {
    const recorder = await recordLives(host.cri, host.node, host.runtime);
    const containers = ["a", "b", "c"].map((name) => container(name, { command: slowToEnd(4) }));
    await host.manifests.drop("side.yaml", pod("side", { terminationGracePeriodSeconds: 30, containers }));
    for (const { name } of containers) await host.running("side", name);
    await host.manifests.remove("side.yaml");
    await host.gone("side");
    await recorder.stop();
    const ends = recorder.lives().map(({ finishedAtMs }) => finishedAtMs);
    expect(ends).toHaveLength(3);
    // one after the other they would end 4 s apart each
    expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(4_000);
  });

  it("activeDeadlineSeconds counts from the first status, init containers included", async () => {
    const slowInit = [container("init", { command: sh("sleep 3") })];
    const spec = { activeDeadlineSeconds: 5, terminationGracePeriodSeconds: 1, initContainers: slowInit };
    const begin = performance.now();
    await host.manifests.drop("deadline.yaml", pod("deadline", spec));
    const status = await host.eventually("the deadline is over", async () => {
      const { status } = await host.pod("deadline");
      expect(status).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
      return status;
    });
    expect(performance.now() - begin).toBeGreaterThan(5_000);
    expect(performance.now() - begin).toBeLessThan(12_000);
    expect(status?.message).toBe("Pod was active on the node longer than the specified deadline");
    await host.steadily(3_000, async () => {
      expect((await containersOf("deadline")).filter((it) => it.state === "running")).toEqual([]);
    });
  });

  it("a pod is shown as Terminating while it ends", async () => {
    const slow = [container("main", { command: slowToEnd(3) })];
    await host.manifests.drop("shown.yaml", pod("shown", { terminationGracePeriodSeconds: 30, containers: slow }));
    await table.shows("shown", "Running");
    await host.manifests.remove("shown.yaml");
    await table.shows("shown", "Terminating");
    await host.gone("shown");
  });
});

describe("status", () => {
  it("has phase, conditions, addresses and container states as kubectl users know them", async () => {
    const spec: Partial<v1.PodSpec> = {
      containers: [container("main", { command: SLEEP, ports: [{ containerPort: 80 }] })],
    };
    await host.manifests.drop("status.yaml", pod("status", spec, { labels: { app: "s" } }));
    await table.shows("status", "Running");
    const { metadata, spec: shown, status } = await host.pod("status");
    expect(metadata).toMatchObject({ name: `status-${host.node}`, namespace: "default", labels: { app: "s" } });
    expect(metadata?.annotations?.["kubernetes.io/config.source"]).toBe("file");
    expect(shown?.nodeName).toBe(host.node);
    expect(status).toMatchObject({ phase: "Running", qosClass: "BestEffort", podIPs: [{ ip: status?.podIP }] });
    const conditions = new Map(status?.conditions?.map(({ type, status }) => [type, status]));
    for (const type of ["PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"]) {
      expect(conditions.get(type), type).toBe("True");
    }
    const [main] = status?.containerStatuses ?? [];
    expect(main).toMatchObject({ name: "main", ready: true, started: true, restartCount: 0 });
    expect(main?.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
    expect(main?.state?.running?.startedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });
});

async function containersOf(name: string): Promise<SeenContainer[]> {
  return (await host.cri.containers()).filter((it) => it.pod === name);
}

async function statusOf(name: string, containerName: string): Promise<SeenStatus> {
  const found = (await containersOf(name)).find((it) => it.name === containerName);
  if (!found) throw new Error(`${name} has no container ${containerName}`);
  return host.cri.status(found.id);
}

/** The reasons of all events of a pod's containers, in their order. */
async function eventsOf(name: string): Promise<Record<string, string[]>> {
  const { stdout } = await host.berth("get", "events", "-o", "json");
  const { items } = JSON.parse(stdout) as { items: EventItem[] };
  const told: Record<string, string[]> = {};
  for (const { reason, involvedObject } of items) {
    const { fieldPath } = involvedObject;
    if (involvedObject.name !== `${name}-${host.node}` || fieldPath === undefined) continue;
    told[fieldPath] = [...(told[fieldPath] ?? []), reason];
  }
  return told;
}
