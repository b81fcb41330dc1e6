import type { NodeFacts } from "../pod/node.ts";
import type { ContainerUsage, HostUsage } from "../pod/usage.ts";
import type * as v1 from "../pod/v1.ts";
import type { Usage, View } from "../ports.ts";

/** What is used now. Counters of processor time only tell something in pairs: two answers give a rate. */
export type UsageAnswer = {
  readonly node: {
    readonly name: string;
    readonly cpuCapacityMillis: number;
    readonly memoryCapacityBytes: number;
  } & HostUsage;
  readonly pods: readonly PodUsage[];
};
export type PodUsage = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly containers: readonly (Omit<ContainerUsage, "podUid" | "container" | "more"> & { readonly name: string })[];
};

/** The usage of the node and of every pod that is shown, in the order of their names. */
export async function usageAnswer(
  usage: Usage,
  view: View,
  facts: NodeFacts,
  signal: AbortSignal,
): Promise<UsageAnswer> {
  const [host, containers] = await Promise.all([usage.host(signal), usage.containers(signal)]);
  const byPod = Map.groupBy(containers, ({ podUid }) => podUid);
  return {
    node: {
      name: facts.nodeName,
      cpuCapacityMillis: facts.cpuMillis,
      memoryCapacityBytes: facts.memoryBytes,
      ...host,
    },
    pods: view.pods().flatMap((pod) => podUsage(pod, byPod.get(pod.metadata?.uid ?? "")) ?? []),
  };
}

function podUsage({ metadata }: v1.Pod, containers: readonly ContainerUsage[] | undefined): PodUsage | undefined {
  if (containers === undefined) return undefined;
  const { namespace = "", name = "", uid = "" } = metadata ?? {};
  const shown = containers.map(({ podUid: _uid, more: _more, container, ...counted }) => ({
    name: container,
    ...counted,
  }));
  return { namespace, name, uid, containers: shown.sort((one, other) => (one.name < other.name ? -1 : 1)) };
}
