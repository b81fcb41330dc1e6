import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../dev/cluster/start.ts";
import { never } from "../kit/never.ts";
import { container, pod } from "../kit/sample-pods.ts";
import { type JoinedHost, joinHost } from "./joined-host.ts";
import { openSomeCluster } from "./open-cluster.ts";

// Labels and taints that people give the node at the API server decide about its pods.

let cluster: Cluster;
let host: JoinedHost;

beforeAll(async () => {
  cluster = await openSomeCluster("cluster-placement");
  host = await joinHost(cluster);
}, 600_000);

afterAll(async () => {
  await host?.close();
  await cluster?.stop();
});

const reasonOf = async (name: string): Promise<string | undefined> => (await host.told()).get(name)?.status?.reason;

it("a pod runs by a label that the node was given a moment before, and not without it", {
  timeout: 120_000,
}, async () => {
  const wants = (disk: string) => ({ nodeSelector: { disk } });
  await host.bind(pod("never", wants("none")));
  await host.eventually("it is refused", async () => expect(await reasonOf("never")).toBe("NodeAffinity"));
  for (const disk of ["one", "two", "three", "four", "five"]) {
    await cluster.kubectl(["label", "--overwrite", "node", host.node, `disk=${disk}`]);
    await host.bind(pod(`on-${disk}`, wants(disk)));
    await host.toldReady([`on-${disk}`]);
  }
  // What runs stays although its label is another's by now.
  await host.toldReady(["on-one", "on-five"]);
});

it("extended resources that the node was given are handed out as far as they go", { timeout: 120_000 }, async () => {
  const amounts = { "example.org/dongle": "1" };
  const containers = [container("main", { resources: { requests: amounts, limits: amounts } })];
  await host.bind(pod("unknown", { containers }));
  await host.toldReady(["unknown"]);
  const status = { capacity: { "example.org/dongle": "2" }, allocatable: { "example.org/dongle": "2" } };
  await host.api.patch({ kind: "nodes", name: host.node, subresource: "status" }, { status }, never);
  // A pod that goes by a label of later waits until the node has heard of both.
  await cluster.kubectl(["label", "node", host.node, "dongles=two"]);
  const nodeSelector = { dongles: "two" };
  await host.bind(pod("second", { containers, nodeSelector }));
  await host.toldReady(["second"]);
  await host.bind(pod("third", { containers, nodeSelector }));
  await host.eventually("it is refused", async () => {
    const message =
      "Pod was rejected: Node didn't have enough resource: example.org/dongle, requested: 1, used: 2, capacity: 2";
    expect((await host.told()).get("third")?.status).toMatchObject({ reason: "OutOfexample.org/dongle", message });
  });
  await host.toldReady(["unknown", "second"]);
});

it("a taint keeps away what does not tolerate it", { timeout: 120_000 }, async () => {
  // A taint that the control plane's own controller does not act on, since it is only for the scheduler, counts for nothing.
  await cluster.kubectl(["taint", "node", host.node, "busy=yes:NoSchedule"]);
  await host.bind(pod("bound"));
  await host.toldReady(["bound"]);
  await cluster.kubectl(["taint", "node", host.node, "busy=yes:NoExecute"]);
  const tolerations = [{ key: "busy", operator: "Exists" }];
  await host.bind(pod("tolerates", { tolerations }));
  await host.manifests.drop("own.yaml", pod("own"));
  await host.toldReady(["tolerates", "own"]);
  await host.eventually(
    "what does not tolerate it is driven away",
    async () => {
      expect([...(await host.told()).keys()].sort()).toEqual(["own", "tolerates"]);
    },
    { withinMs: 60_000 },
  );
});
