import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster, OwnCluster } from "../../dev/cluster/start.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, IMAGE, pod, SLEEP, sh } from "../kit/sample-pods.ts";
import { openSomeCluster } from "./open-cluster.ts";

// Pods that a real scheduler binds to the node, from their birth to their last word (issue 8, 4).

let cluster: Cluster | OwnCluster;
let host: Host;
let node: string;

beforeAll(async () => {
  cluster = await openSomeCluster("cluster-pods");
  node = `n${randomBytes(3).toString("hex")}`;
  host = await openHost({ node, flags: ["--kubeconfig", await cluster.nodeKubeconfig(node)] });
  await host.eventually("the node is ready", async () => {
    const { status } = await seen<{ status: v1.PodStatus }>("node", node);
    expect(status.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
  });
}, 300_000);

afterAll(async () => {
  await host?.close();
  await cluster?.stop();
});

const PATIENT = { withinMs: 60_000 };

/** An object as the API server has it. */
async function seen<T = v1.Pod>(kind: string, name: string): Promise<T> {
  return JSON.parse(await cluster.kubectl(["get", kind, name, "-o", "json"])) as T;
}
const create = (object: object): Promise<string> => cluster.kubectl(["create", "-f", "-"], JSON.stringify(object));
const isGone = (name: string): Promise<void> =>
  host.eventually(
    `${name} is gone from the API server`,
    async () => expect(await cluster.kubectl(["get", "pod", name, "--ignore-not-found", "-o", "name"])).toBe(""),
    PATIENT,
  );
/** Ids of all that runs on the node; the pods of an API server do not have the node's name in theirs. */
async function runningIds(): Promise<string[]> {
  const { containers } = await host.cri.call("ListContainers", { filter: { state: { state: RUNNING } } });
  return containers.map(({ id }) => id).sort();
}
const RUNNING = 1;
const idOf = ({ status }: v1.Pod): string =>
  status?.containerStatuses?.[0]?.containerID?.replace("containerd://", "") ?? "none";
const isReady = ({ status }: v1.Pod): boolean =>
  status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
const whenReady = (name: string): Promise<v1.Pod> =>
  host.eventually(
    `${name} is ready`,
    async () => {
      const pod = await seen("pod", name);
      expect(isReady(pod), JSON.stringify(pod.status)).toBe(true);
      return pod;
    },
    PATIENT,
  );

it("a pod with ConfigMap, Secret, token, its own fields, probes, hooks and a sidecar runs, is updated, and is deleted with its grace", async () => {
  await create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { colour: "blue" } });
  await create({ apiVersion: "v1", kind: "Secret", metadata: { name: "key" }, stringData: { word: "open" } });
  const begun = { exec: { command: ["test", "-e", "/tmp/begun"] }, periodSeconds: 1 };
  const sources = [
    { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
    { configMap: { name: "settings" } },
    { secret: { name: "key" } },
    { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
  ];
  const main = container("main", {
    startupProbe: begun,
    readinessProbe: begun,
    livenessProbe: begun,
    lifecycle: {
      postStart: { exec: { command: sh("touch /tmp/begun") } },
      preStop: { exec: { command: sh("echo stopping >/shared/last; sleep 1") } },
    },
    env: [
      { name: "COLOUR", valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } } },
      { name: "WORD", valueFrom: { secretKeyRef: { name: "key", key: "word" } } },
      { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    ],
    volumeMounts: [
      { name: "all", mountPath: "/all" },
      { name: "shared", mountPath: "/shared" },
    ],
  });
  // This server is older than init containers that go on: a sidecar is one of the containers.
  const beside = container("beside", {
    command: sh(
      "trap 'exit 0' TERM; while [ ! -e /shared/last ]; do sleep 0.1; done; cat /shared/last; sleep 100 & wait",
    ),
    volumeMounts: [{ name: "shared", mountPath: "/shared" }],
  });
  const spec = {
    terminationGracePeriodSeconds: 20,
    initContainers: [container("before", { command: ["true"] })],
    containers: [main, beside],
    volumes: [
      { name: "all", projected: { sources } },
      { name: "shared", emptyDir: {} },
    ],
  };
  await create(pod("web", spec, { labels: { app: "web" } }));
  const first = await whenReady("web");
  expect(first.spec?.nodeName).toBe(node);
  expect([first.status?.phase, first.status?.podIP?.split(".").length]).toEqual(["Running", 4]);
  expect(first.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
  expect(first.status?.containerStatuses?.map(({ name, ready, started }) => [name, ready, started])).toEqual([
    ["beside", true, true],
    ["main", true, true],
  ]);
  const inside = async (command: string): Promise<string> =>
    (await host.berth("exec", "web", "-c", "main", "--", "sh", "-c", command)).stdout.trim();
  expect(await inside("echo $COLOUR $WORD $NODE $(cat /all/colour /all/word)")).toBe(`blue open ${node} blueopen`);
  expect(await inside("cat /all/labels")).toBe('app="web"');
  expect(await inside("cut -d. -f2 /all/token | wc -c")).toMatch(/^\d{3,}$/);
  expect(await inside("echo $KUBERNETES_SERVICE_HOST")).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  const ids = await runningIds();

  await cluster.kubectl(["label", "pod", "web", "more=yes"]);
  await cluster.kubectl(["patch", "configmap", "settings", "-p", JSON.stringify({ data: { colour: "green" } })]);
  await host.eventually(
    "the changes are seen inside",
    async () => expect(await inside("cat /all/colour /all/labels")).toBe('greenapp="web"\nmore="yes"'),
    PATIENT,
  );
  expect(await runningIds()).toEqual(ids);

  const image = { spec: { containers: [{ name: "main", image: `docker.io/library/${IMAGE}` }] } };
  await cluster.kubectl(["patch", "pod", "web", "-p", JSON.stringify(image)]);
  await host.eventually(
    "one container was made anew, and the other goes on",
    async () => {
      const { status } = await seen("pod", "web");
      const told = status?.containerStatuses?.map(({ name, restartCount, ready }) => [name, restartCount, ready]);
      expect(told).toEqual([
        ["beside", 0, true],
        ["main", 1, true],
      ]);
    },
    PATIENT,
  );
  expect(await inside("echo $COLOUR")).toBe("green");

  const asked = Date.now();
  await cluster.kubectl(["delete", "pod", "web", "--wait=false"]);
  const { metadata } = await seen("pod", "web");
  expect(metadata?.deletionGracePeriodSeconds).toBe(20);
  await isGone("web");
  expect(Date.now() - asked).toBeGreaterThan(900); // the hook
  await host.gone("web", PATIENT);
}, 240_000);

it("pods end while no agent runs, or are deleted meanwhile, and the next agent puts that right", async () => {
  await create(pod("stays", { automountServiceAccountToken: false }));
  await create(pod("goes", { automountServiceAccountToken: false }));
  await create(
    pod("ends", {
      automountServiceAccountToken: false,
      restartPolicy: "Never",
      containers: [container("main", { command: sh("sleep 4; exit 3") })],
    }),
  );
  for (const name of ["stays", "goes"]) await whenReady(name);
  // A start that the crash cuts off fails, which is another story.
  await host.eventually("the one that ends has begun", async () => {
    const [one] = (await seen("pod", "ends")).status?.containerStatuses ?? [];
    expect(one?.state?.running ?? one?.state?.terminated).toBeDefined();
  });
  const id = idOf(await seen("pod", "stays"));
  await host.crash();
  await cluster.kubectl(["delete", "pod", "goes", "--wait=false"]);
  if ("killServer" in cluster) await cluster.killServer();
  await host.start();
  await host.steadily(5000, async () => expect(await runningIds()).toContain(id));
  if ("startServer" in cluster) await cluster.startServer();
  await isGone("goes");
  await host.eventually(
    "the end of the other is known",
    async () => {
      const { status } = await seen("pod", "ends");
      expect([status?.phase, status?.containerStatuses?.[0]?.state?.terminated?.exitCode]).toEqual(["Failed", 3]);
    },
    PATIENT,
  );
  expect(await runningIds()).toContain(id);
  await cluster.kubectl(["delete", "pod", "stays", "ends", "--wait=false"]);
  for (const name of ["stays", "ends"]) await isGone(name);
}, 240_000);

it("what the node lacks is refused by name", async () => {
  const volumes = [{ name: "own", nfs: { server: "192.0.2.1", path: "/" } }];
  await create(pod("lacks", { automountServiceAccountToken: false, volumes }));
  await host.eventually("it is refused", async () => {
    const { status } = await seen("pod", "lacks");
    expect([status?.phase, status?.reason]).toEqual(["Failed", "PodFeatureUnsupported"]);
    expect(status?.message).toContain("spec.volumes[0].nfs");
  });
  await cluster.kubectl(["delete", "pod", "lacks", "--wait=false"]);
  await isGone("lacks");
}, 120_000);

it("a Deployment of 20 replicas is rolled", async () => {
  const template = (version: string) => ({
    metadata: { labels: { app: "many" } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 2,
      containers: [{ name: "main", image: IMAGE, command: SLEEP, env: [{ name: "VERSION", value: version }] }],
    },
  });
  const spec = { replicas: 20, selector: { matchLabels: { app: "many" } }, template: template("1") };
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "many" }, spec };
  const rolled = () => cluster.kubectl(["rollout", "status", "deployment/many", "--timeout=150s"]);
  await create(deployment);
  await rolled();
  await cluster.kubectl(["patch", "deployment", "many", "-p", JSON.stringify({ spec: { template: template("2") } })]);
  await rolled();
  await host.eventually(
    "only the new ones are left",
    async () => {
      const list = await cluster.kubectl(["get", "pods", "-l", "app=many", "-o", "json"]);
      const pods = (JSON.parse(list) as { items: v1.Pod[] }).items;
      expect(pods.map(({ spec }) => spec?.containers[0]?.env?.[0]?.value)).toEqual(Array(20).fill("2"));
      expect((await runningIds()).length).toBe(20);
    },
    PATIENT,
  );
  await cluster.kubectl(["delete", "deployment", "many"]);
  await host.eventually("all are gone", async () => expect(await runningIds()).toEqual([]), PATIENT);
}, 400_000);
