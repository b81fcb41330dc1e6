import type { Call } from "./command.ts";
import { outputForm, printItems } from "./output.ts";
import { ageCell } from "./pod-cells.ts";
import { CommandFailure } from "./terminal.ts";

type NodeItem = {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly unschedulable?: boolean };
  /** How the node stands with the API server of its cluster; absent where it has none. */
  readonly cluster?: {
    readonly connected: boolean;
    readonly leaseRenewed?: string;
    readonly lastError?: { readonly message: string };
  };
  readonly status: {
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly capacity: Readonly<Record<string, string>>;
    readonly nodeInfo: { readonly kubeletVersion: string };
  };
};

/** `berth get node`: the one that there is. Throws for any other name. */
export async function getNode(call: Call, names: readonly string[]): Promise<number> {
  const form = outputForm(call.value("output"));
  const node = await call.client.get<NodeItem>("/v1/node");
  const strange = names.find((name) => name !== node.metadata.name);
  if (strange !== undefined)
    throw new CommandFailure(`node ${JSON.stringify(strange)} not found: this is ${node.metadata.name}`);
  const isAlone = node.cluster === undefined;
  await printItems(
    call,
    form,
    [node],
    {
      nameOf: ({ metadata }) => `node/${metadata.name}`,
      columns: [
        { heading: "NAME" },
        { heading: "STATUS" },
        { heading: "VERSION" },
        { heading: "INTERNAL-IP", wide: true },
        { heading: "CPU", wide: true },
        { heading: "MEMORY", wide: true },
        { heading: "PODS", wide: true },
        { heading: "HEARTBEAT", wide: isAlone },
        { heading: "LAST-ERROR", wide: isAlone },
      ],
      cells: ({ metadata, spec, status, cluster }) => [
        metadata.name,
        [
          status.conditions.some(({ type, status: word }) => type === "Ready" && word === "True")
            ? "Ready"
            : "NotReady",
          ...(spec?.unschedulable ? ["Drained"] : []),
          ...(cluster?.connected === false ? ["Disconnected"] : []),
        ].join(","),
        status.nodeInfo.kubeletVersion,
        status.addresses.find(({ type }) => type === "InternalIP")?.address ?? "<none>",
        status.capacity.cpu ?? "",
        status.capacity.memory ?? "",
        status.capacity.pods ?? "",
        cluster === undefined ? "<none>" : ageCell(cluster.leaseRenewed, call.terminal.now()),
        cluster?.lastError?.message ?? "<none>",
      ],
      colourOf: (cell, heading) => (heading === "STATUS" ? (cell === "Ready" ? "green" : "red") : undefined),
    },
    true,
  );
  return 0;
}
