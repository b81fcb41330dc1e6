import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../dev/cluster/start.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { podCgroupLimits } from "../kit/pod-cgroup.ts";
import { container, pod } from "../kit/sample-pods.ts";
import { openSomeCluster } from "./open-cluster.ts";

// RuntimeClass, from a real API server to the sandbox (issue 8).

let cluster: Cluster;
let host: Host;
let node: string;

beforeAll(async () => {
  cluster = await openSomeCluster("cluster-runtime-class");
  node = `n${randomBytes(3).toString("hex")}`;
  host = await openHost({ node, flags: ["--kubeconfig", await cluster.nodeKubeconfig(node)] });
  await host.eventually("the node is there", () => cluster.kubectl(["get", "node", node]));
}, 300_000);
afterAll(async () => {
  await host?.close();
  await cluster?.stop();
});

const PATIENT = { withinMs: 60_000 };
const create = (object: object): Promise<string> => cluster.kubectl(["create", "-f", "-"], JSON.stringify(object));
const makeClass = (name: string, handler: string, scheduling?: object): Promise<string> =>
  create({
    ...{ apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name }, handler },
    overhead: { podFixed: { cpu: "50m", memory: "32Mi" } },
    ...(scheduling === undefined ? {} : { scheduling }),
  });
const seen = async (name: string): Promise<v1.Pod> =>
  JSON.parse(await cluster.kubectl(["get", "pod", name, "-o", "json"])) as v1.Pod;
const eventsOf = (name: string): Promise<string> =>
  cluster.kubectl(["get", "events", "--field-selector", `involvedObject.name=${name}`, "-o", "json"]);
/** The server's admission asks for the class, which goes before the scheduler has a say. */
const bind = (name: string): Promise<string> => {
  const target = { apiVersion: "v1", kind: "Node", name: node };
  const binding = { apiVersion: "v1", kind: "Binding", metadata: { name }, target };
  return cluster.kubectl(
    ["create", "--raw", `/api/v1/namespaces/default/pods/${name}/binding`, "-f", "-"],
    JSON.stringify(binding),
  );
};
const isolated = (name: string, runtimeClassName: string): v1.Pod =>
  pod(name, { automountServiceAccountToken: false, runtimeClassName, schedulerName: "nobody" });
/** Handlers of the sandboxes of a pod, as the runtime has them. */
async function handlersOf(name: string): Promise<string[]> {
  const { items } = await host.cri.call("ListPodSandbox", {});
  return items.filter(({ metadata }) => metadata?.name === name).map(({ runtime_handler }) => runtime_handler);
}
const runs = (name: string): Promise<void> =>
  host.eventually(
    `${name} runs`,
    async () => expect((await seen(name)).status?.phase, JSON.stringify((await seen(name)).status)).toBe("Running"),
    PATIENT,
  );

it("the handler of the class reaches the sandbox, and its overhead the pod and its cgroup", async () => {
  await makeClass("plain", "runc");
  const containers = [container("main", { resources: { limits: { cpu: "100m", memory: "32Mi" } } })];
  await create({ ...isolated("isolated", "plain"), spec: { ...isolated("isolated", "plain").spec, containers } });
  expect((await seen("isolated")).spec?.overhead).toEqual({ cpu: "50m", memory: "32Mi" });
  await bind("isolated");
  await runs("isolated");
  expect(await handlersOf("isolated")).toEqual(["runc"]);
  const { metadata } = await seen("isolated");
  expect(podCgroupLimits(metadata?.uid ?? "")).toEqual({ memory: `${64 * 2 ** 20}`, cpu: "15000" });
}, 120_000);

it("the real scheduler goes by what the class says of nodes", async () => {
  const tolerations = [{ key: "berth.dev/isolates", operator: "Exists", effect: "NoSchedule" }];
  await makeClass("apart", "runc", { nodeSelector: { "berth.dev/isolates": "yes" }, tolerations });
  await create(pod("placed", { automountServiceAccountToken: false, runtimeClassName: "apart" }));
  await host.eventually(
    "the scheduler finds no node for it",
    async () => expect(await eventsOf("placed")).toContain("FailedScheduling"),
    PATIENT,
  );
  await cluster.kubectl(["taint", "node", node, "berth.dev/isolates=yes:NoSchedule"]);
  await cluster.kubectl(["label", "node", node, "berth.dev/isolates=yes"]);
  await runs("placed");
  expect((await seen("placed")).spec).toMatchObject({ nodeName: node, overhead: { memory: "32Mi" } });
  await cluster.kubectl(["delete", "pod", "placed", "--wait=false"]);
  await host.gone("placed", PATIENT);
}, 180_000);

it("a class that is gone, or whose handler the runtime lacks, is told and tried again", async () => {
  await makeClass("later", "runc");
  await create(isolated("waits", "later"));
  await cluster.kubectl(["delete", "runtimeclass", "later"]);
  await bind("waits");
  await host.eventually(
    "the event",
    async () => {
      const events = await eventsOf("waits");
      expect(events).toContain("FailedCreatePodSandBox");
      expect(events).toContain('runtimeclass.node.k8s.io \\"later\\" not found');
    },
    PATIENT,
  );
  expect((await seen("waits")).status).toMatchObject({ phase: "Pending" });
  await makeClass("later", "no-such-handler");
  await host.eventually(
    "the runtime's word",
    async () => expect(await eventsOf("waits")).toContain("no-such-handler"),
    PATIENT,
  );
  await cluster.kubectl(["delete", "runtimeclass", "later"]);
  await makeClass("later", "runc");
  await runs("waits");
  await cluster.kubectl(["delete", "pod", "isolated", "waits", "--wait=false"]);
  for (const name of ["isolated", "waits"]) await host.gone(name, PATIENT);
  await cluster.kubectl(["delete", "runtimeclass", "plain", "later", "apart"]);
}, 240_000);
