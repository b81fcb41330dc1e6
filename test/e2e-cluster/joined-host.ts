import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { freePort } from "../../dev/agent/free-port.ts";
import type { Cluster } from "../../dev/cluster/start.ts";
import { silentLog } from "../../src/base/log.ts";
import { openCluster } from "../../src/kube/connect.ts";
import type { ClusterNode } from "../../src/pod/cluster.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type * as ports from "../../src/ports.ts";
import type { Patience } from "../kit/eventually.ts";
import { type Host, type HostOptions, openHost } from "../kit/host.ts";
import { never } from "../kit/never.ts";

/** A host that is a node of a real control plane, seen from both sides. A pod is named without the node's suffix. */
export type JoinedHost = Host & {
  /** The API server, asked as its administrator. */
  readonly api: ports.Cluster;
  toldNode(): Promise<ClusterNode>;
  /** The pods that the API server has of this node. */
  told(): Promise<ReadonlyMap<string, v1.Pod>>;
  /** Makes a pod that is bound to the node from the beginning; no token is mounted by itself unless its spec says so. */
  bind(pod: v1.Pod): Promise<void>;
  /** Has the API server end a pod with its grace. */
  unbind(name: string): Promise<void>;
  /** Waits until the API server shows these pods as ready. */
  toldReady(names: readonly string[], patience?: Patience): Promise<void>;
};

/** Joins a host to a cluster and waits until it is ready there. `kubeconfig` is one that leads there by a detour. */
export async function joinHost(
  cluster: Cluster,
  { kubeconfig, ...options }: HostOptions & { readonly kubeconfig?: string } = {},
): Promise<JoinedHost> {
  const node = options.node ?? `n${randomBytes(3).toString("hex")}`;
  const flags = ["--kubeconfig", kubeconfig ?? (await cluster.nodeKubeconfig(node)), ...(options.flags ?? [])];
  // The node's own API, which no test here asks, listens where no other node of the machine does.
  const kubelet = { address: "127.0.0.1", port: await freePort(), ...options.kubelet };
  const host = await openHost({ ...options, kubelet, node, flags });
  const doors = await openCluster({
    ...{ kubeconfig: cluster.kubeconfig, environment: {}, version: "test", log: silentLog, meter: silentMeter },
    ...{ timeoutMs: 10_000, heartbeatTimeoutMs: 10_000 },
  });
  const api = doors.general;
  const placeOf = (name: string) => ({ kind: "pods", namespace: "default", name: `${name}-${node}` }) as const;

  const joined: JoinedHost = {
    ...host,
    api,
    toldNode: () => api.get({ kind: "nodes", name: node }, never),
    async told() {
      const { items } = await api.list({ kind: "pods", fieldSelector: `spec.nodeName=${node}` }, "newest", never);
      return new Map(items.map((pod) => [pod.metadata?.name?.replace(`-${node}`, "") ?? "", pod]));
    },
    async bind({ metadata, spec }) {
      const name = `${metadata?.name}-${node}`;
      const bound = {
        metadata: { ...metadata, name },
        spec: { automountServiceAccountToken: false, ...spec, nodeName: node },
      } as v1.Pod;
      await api.create({ kind: "pods", namespace: "default" }, bound, never);
    },
    unbind: (name) => api.remove(placeOf(name), {}, never),
    async toldReady(names, patience) {
      const look = async (): Promise<void> => {
        const told = await joined.told();
        expect(names.filter((name) => statusOf(told.get(name)?.status?.conditions, "Ready") !== "True")).toEqual([]);
      };
      await host.eventually(`the API server shows ${names.join(", ")} as ready`, look, patience);
    },
    async close() {
      doors.close();
      await host.close();
    },
  };
  try {
    await host.eventually(
      "the node is ready",
      async () => expect(statusOf((await joined.toldNode()).status?.conditions, "Ready")).toBe("True"),
      { withinMs: 60_000 },
    );
  } catch (thrown) {
    await joined.close();
    throw thrown;
  }
  return joined;
}

/** The status of one of several conditions. */
export const statusOf = (
  conditions: readonly { readonly type: string; readonly status: string }[] = [],
  type: string,
): string | undefined => conditions.find((condition) => condition.type === type)?.status;

/** How often the first container of a pod was restarted. */
export const restartsOf = (pod: v1.Pod | undefined): number | undefined =>
  pod?.status?.containerStatuses?.[0]?.restartCount;
