import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../dev/cluster/start.ts";
import { pod } from "../kit/sample-pods.ts";
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
