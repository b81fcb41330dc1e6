import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import type { Cluster } from "../../dev/cluster/start.ts";
import { workFolder } from "../../dev/paths.ts";
import { type Runtime, startRuntime } from "../../dev/runtime/start.ts";
import { ceilUnits, parseQuantity, ZERO } from "../../src/pod/quantity.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { asShared } from "../kit/shared-runtime.ts";
import { openSomeCluster } from "./open-cluster.ts";

// Pods of a real API server that have to go: for what they have on disk themselves, and because the node is short (node.md 5.1).

let cluster: Cluster;
let runtime: Runtime;
let host: Host;
let node: string;

const MIB = 2 ** 20;
const PATIENT = { withinMs: 60_000 };
const PLAIN = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 1 };

beforeAll(async () => {
  cluster = await openSomeCluster("cluster-eviction");
  // Of its own: a node that is short of disk removes all images that nobody uses.
  const { version } = inject("runtime");
  runtime = await startRuntime({ folder: join(workFolder, "run", `eviction-${version}`), version });
  node = `n${randomBytes(3).toString("hex")}`;
  host = await openHost({
    node,
    runtime: asShared(runtime),
    flags: ["--kubeconfig", await cluster.nodeKubeconfig(node)],
  });
  await host.eventually("the node is ready", async () => expect(await conditionOf("Ready")).toBe("True"));
  await host.manifests.drop("static.json", pod("static"));
  await host.running("static");
}, 300_000);

afterAll(async () => {
  await host?.close();
  await runtime?.stop();
  await cluster?.stop();
});

async function seen<T = v1.Pod>(kind: string, name: string): Promise<T> {
  return JSON.parse(await cluster.kubectl(["get", kind, name, "-o", "json"])) as T;
}
const create = (object: object): Promise<string> => cluster.kubectl(["create", "-f", "-"], JSON.stringify(object));
async function conditionOf(type: string): Promise<string | undefined> {
  const { status } = await seen<{ status: v1.PodStatus }>("node", node);
  return status.conditions?.find((one) => one.type === type)?.status;
}
/** Of the node, in bytes. */
async function capacity(resource: string): Promise<number> {
  const { status } = await seen<{ status: { capacity: Record<string, string> } }>("node", node);
  return ceilUnits(parseQuantity(status.capacity[resource] ?? "") ?? ZERO);
}
/** The agent that begins anew finds its pods as they are. */
async function restartWith(settings: object): Promise<void> {
  await host.leave();
  const config = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration", ...settings };
  await writeFile(join(host.places.dropIns, "short.conf"), JSON.stringify(config));
  await host.start();
}
const isEvicted = (name: string, message: RegExp): Promise<v1.Pod> =>
  host.eventually(
    `${name} was evicted`,
    async () => {
      const found = await seen("pod", name);
      expect(found.status).toMatchObject({ phase: "Failed", reason: "Evicted" });
      expect(found.status?.message).toMatch(message);
      return found;
    },
    PATIENT,
  );
const disrupted = ({ status }: v1.Pod): boolean =>
  status?.conditions?.some(({ type }) => type === "DisruptionTarget") === true;

it("a pod goes that has more in a volume, or in a container, than it allows itself; the others stay", async () => {
  const write = container("main", {
    command: sh("dd if=/dev/zero of=/v/big bs=1M count=8 2>/dev/null; exec sleep 1000"),
    volumeMounts: [{ name: "v", mountPath: "/v" }],
  });
  const limited = container("main", {
    command: sh("dd if=/dev/zero of=/big bs=1M count=8 2>/dev/null; exec sleep 1000"),
    resources: { limits: { "ephemeral-storage": "4Mi" } },
  });
  const volume = (sizeLimit: string) => [{ name: "v", emptyDir: { sizeLimit } }];
  await create(pod("volume", { ...PLAIN, containers: [write], volumes: volume("4Mi") }));
  await create(pod("layer", { ...PLAIN, containers: [limited] }));
  await create(pod("fits", { ...PLAIN, containers: [write], volumes: volume("40Mi") }));
  const first = await isEvicted("volume", /^Usage of EmptyDir volume "v" exceeds the limit "4Mi"\. $/);
  const other = await isEvicted(
    "layer",
    /^Pod ephemeral local storage usage exceeds the total limit of containers 4Mi\. $/,
  );
  expect([first, other].map(disrupted)).toEqual([false, false]);
  expect((await seen("pod", "fits")).status?.phase).toBe("Running");
  await cluster.kubectl(["delete", "pod", "volume", "layer", "--wait=false"]);
}, 180_000);

it("a static pod without room takes that of a pod of the server, which is told why; the others stay", async () => {
  const { id } = await host.running("static");
  const { status } = await seen<{ status: { allocatable: Record<string, string> } }>("node", node);
  const cpu = (share: number): string => `${Math.floor(Number(status.allocatable.cpu) * share * 1000)}m`;
  const asking = (share: number) => ({
    containers: [container("main", { resources: { requests: { cpu: cpu(share) } } })],
  });
  await create(pod("small", { ...PLAIN, ...asking(0.1) }));
  await create(pod("large", { ...PLAIN, ...asking(0.6) }));
  for (const name of ["small", "large"]) {
    await host.eventually(
      `${name} runs`,
      async () => expect((await seen("pod", name)).status?.phase).toBe("Running"),
      PATIENT,
    );
  }
  await host.manifests.drop("needs.json", pod("needs", asking(0.6)));
  await host.running("needs");
  const message = "Preempted in order to admit critical pod";
  await host.eventually(
    "the server knows why the other has gone",
    async () => {
      const { status } = await seen("pod", "large");
      expect(status).toMatchObject({ phase: "Failed", reason: "Preempting", message });
      expect(status?.conditions).toContainEqual(
        expect.objectContaining({ type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" }),
      );
      const events = await cluster.kubectl([
        "get",
        "events",
        "--field-selector",
        "involvedObject.name=large",
        "-o",
        "json",
      ]);
      const { items } = JSON.parse(events) as { items: { reason: string; message: string }[] };
      expect(items).toContainEqual(expect.objectContaining({ reason: "Preempting", message }));
    },
    PATIENT,
  );
  expect([(await seen("pod", "small")).status?.phase, (await host.running("static")).id]).toEqual(["Running", id]);
  await host.manifests.remove("needs.json");
  await host.gone("needs", PATIENT);
  await cluster.kubectl(["delete", "pod", "small", "large", "--wait=false"]);
}, 180_000);

it("pods that together come near their limit of memory lose one, and the static one stays", async () => {
  const { id } = await host.running("static");
  const bytes = (await capacity("memory")) - 200 * MIB;
  await restartWith({
    systemReserved: { memory: String(bytes) },
    evictionHard: { "memory.available": "100Mi" },
    evictionPressureTransitionPeriod: "1s",
  });
  const eater = container("main", {
    command: sh("dd if=/dev/zero of=/v/big bs=1M count=120 2>/dev/null; exec sleep 1000"),
    volumeMounts: [{ name: "v", mountPath: "/v" }],
  });
  const volumes = [{ name: "v", emptyDir: { medium: "Memory" } }];
  await create(pod("eater", { ...PLAIN, containers: [eater], volumes }));
  const found = await isEvicted(
    "eater",
    /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: /,
  );
  expect(disrupted(found)).toBe(true);
  const phases = [(await seen("pod", "fits")).status?.phase, (await host.running("static")).id];
  expect(phases).toEqual(["Running", id]);
  await host.eventually("there is room again", async () => expect(await conditionOf("MemoryPressure")).toBe("False"));
}, 180_000);

it("a node that is short of disk says so, evicts a pod, and keeps its static one", async () => {
  const { id } = await host.running("static");
  // More than there is: whatever is free, it is not enough.
  await restartWith({ evictionHard: { "nodefs.available": String((await capacity("ephemeral-storage")) * 2) } });
  await host.eventually(
    "the condition is told",
    async () => expect(await conditionOf("DiskPressure")).toBe("True"),
    PATIENT,
  );
  const found = await isEvicted("fits", /^The node was low on resource: ephemeral-storage\. Threshold quantity: /);
  expect(disrupted(found)).toBe(true);
  expect((await host.running("static")).id).toBe(id);
  const { items } = JSON.parse(await cluster.kubectl(["get", "events", "-o", "json"])) as {
    items: { reason: string; involvedObject: { name: string } }[];
  };
  expect(items.filter(({ reason }) => reason === "Evicted").map((one) => one.involvedObject.name)).toContain("fits");
}, 180_000);
