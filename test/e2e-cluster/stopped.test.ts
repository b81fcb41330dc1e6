import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../dev/cluster/start.ts";
import { container, pod } from "../kit/sample-pods.ts";
import { type JoinedHost, joinHost, restartsOf, statusOf } from "./joined-host.ts";
import { isBorrowed, openSomeCluster } from "./open-cluster.ts";

// What a control plane makes of a node whose agent is stopped (issue 8, 2). One of the tests' own waits for a shorter time than
// others, which wait for 40 s or 50 s.

const GRACE_SECONDS = 15;
const PATIENT = { withinMs: isBorrowed ? 120_000 : 60_000 };
const TYPES = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"];

let cluster: Cluster;
let host: JoinedHost;

beforeAll(async () => {
  const manager = ["--node-monitor-period=1s", `--node-monitor-grace-period=${GRACE_SECONDS}s`];
  cluster = await openSomeCluster("cluster-stopped", { manager });
  host = await joinHost(cluster);
}, 600_000);

afterAll(async () => {
  await host?.close();
  await cluster?.stop();
});

/** The statuses of the node's conditions, and whether new pods are kept away from it. */
async function standing(): Promise<{ conditions: unknown[]; reasons: unknown[]; taints: string[] }> {
  const { status, spec } = await host.toldNode();
  return {
    conditions: TYPES.map((type) => statusOf(status?.conditions, type)),
    reasons: [...new Set(status?.conditions?.map(({ reason }) => reason))],
    // Where no node is ready at all the controller drives no pod away: it takes that for a fault of its own.
    taints: (spec?.taints ?? [])
      .filter(({ effect }) => !isBorrowed || effect === "NoSchedule")
      .map(({ key, effect }) => `${key}:${effect}`)
      .sort(),
  };
}

it.each([
  ["stopped", () => host.leave()],
  ["killed", () => host.crash()],
])(
  "a node whose agent was %s is taken for lost and comes back, and its pods do not notice",
  { timeout: 240_000 },
  async (how, end) => {
    const probe = { exec: { command: ["true"] }, periodSeconds: 1 };
    const [own, bound] = [`own-${how}`, `bound-${how}`];
    const readies = async (): Promise<unknown[]> => {
      const told = await host.told();
      return [own, bound].map((name) => statusOf(told.get(name)?.status?.conditions, "Ready"));
    };
    const spec = { containers: [container("main", { livenessProbe: probe, readinessProbe: probe })] };
    await host.manifests.drop(`${own}.yaml`, pod(own, spec));
    await host.bind(pod(bound, spec));
    await host.toldReady([own, bound], PATIENT);
    const ids = await host.runningIds();
    expect(ids.length).toBeGreaterThanOrEqual(2);

    await end();
    await host.eventually(
      "the node is taken for lost",
      async () => {
        const { conditions, reasons, taints } = await standing();
        expect(conditions).toEqual(TYPES.map(() => "Unknown"));
        expect(reasons).toEqual(["NodeStatusUnknown"]);
        expect(taints).toEqual(["node.kubernetes.io/unreachable:NoSchedule"]);
        expect(await readies()).toEqual(["False", "False"]);
      },
      PATIENT,
    );
    await host.steadily(3000, async () => expect(await host.runningIds()).toEqual(ids));

    await host.start();
    await host.eventually(
      "the node is back",
      async () => {
        const { conditions, taints } = await standing();
        expect(conditions).toEqual(["False", "False", "False", "True"]);
        expect(taints).toEqual([]);
      },
      PATIENT,
    );
    await host.toldReady([own, bound], PATIENT);
    expect(await host.runningIds()).toEqual(ids);
    const told = await host.told();
    expect([own, bound].map((name) => restartsOf(told.get(name)))).toEqual([0, 0]);
  },
);
