import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeClusterPrograms } from "../cluster/programs.ts";
import { type Cluster, startCluster } from "../cluster/start.ts";
import { workFolder } from "../paths.ts";
import type { Runtime } from "../runtime/start.ts";
import { say } from "../say.ts";
import { BENCH_NODE, berthOf, type Opened } from "./contender.ts";
import { type Bench, batch, REST_MS, removeAll, SETTLE_MS, startAll } from "./measure.ts";
import { manifestOf } from "./pods.ts";
import { cpuPercent, residentMiB } from "./process-cost.ts";
import { addResult, type RowName } from "./rows.ts";

const ROWS = {
  joined: ["joined50", "joined150"],
  bound: ["bound50", "bound150"],
} as const satisfies Record<string, readonly [RowName, RowName]>;

/**
 * Memory of Berth as a node of a real control plane, at rest. `joined`: the pods are static ones and have mirrors. `bound`: the
 * API server has bound them to the node, each with its service account's token as volume.
 */
export async function measureJoined(
  { eye, results }: Bench,
  runtime: Runtime,
  way: "joined" | "bound",
  only50: boolean,
): Promise<void> {
  await makeClusterPrograms();
  const cluster = await startCluster(join(workFolder, "run/bench-cluster"));
  try {
    const flags = ["--kubeconfig", await cluster.nodeKubeconfig(BENCH_NODE)];
    const berth = await berthOf(runtime, flags).open();
    const one: Opened = way === "joined" ? berth : { ...berth, pid: berth.pid, ...binder(cluster) };
    await untilNode(cluster);
    const batches = only50 ? [batch(50)] : [batch(50), batch(100)];
    for (const [index, { prefix, pods }] of batches.entries()) {
      await startAll(eye, one, prefix, pods);
      await sleep(SETTLE_MS);
      const cpu = await cpuPercent(one.pid, REST_MS);
      const row = ROWS[way][index] ?? ROWS[way][0];
      addResult(results, row, "berth", await residentMiB(one.pid));
      say(
        `${row}: ${await runningAtServer(cluster)} pods run as the API server has it; CPU at rest ${cpu.toFixed(2)} %`,
      );
    }
    for (const { prefix, pods } of batches) await removeAll(eye, one, prefix, pods);
    await one.close();
  } finally {
    await cluster.stop();
  }
}

/** Has the API server bind pods to the node, and delete them. */
function binder({ kubectl }: Cluster): Pick<Opened, "start" | "remove"> {
  const list = (items: readonly unknown[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const boundPod = (name: string) => {
    const pod = JSON.parse(manifestOf(name)) as { spec: object };
    return { ...pod, spec: { ...pod.spec, nodeName: BENCH_NODE } };
  };
  return {
    async start(pods) {
      const beganAtMs = Date.now();
      await kubectl(["create", "-f", "-"], list(pods.map(boundPod)));
      return beganAtMs;
    },
    remove: async (pods) => void (await kubectl(["delete", "pod", "--wait=false", ...pods])),
  };
}

async function untilNode({ kubectl }: Cluster): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(200)) {
    const found = await kubectl(["get", "nodes", "-o", "name"]);
    if (found !== "") return void (await kubectl(["wait", "--for=condition=Ready", found.trim(), "--timeout=60s"]));
  }
  throw new Error("the node did not register within a minute");
}

async function runningAtServer({ kubectl }: Cluster): Promise<number> {
  const names = await kubectl(["get", "pods", "--field-selector=status.phase=Running", "-o", "name"]);
  return names.split("\n").filter(Boolean).length;
}
