import type { Draft } from "../../src/base/protobuf.ts";
import { type CriClient, makeCriClient } from "../../src/cri/client.ts";
import type { ContainerStatus, UnaryCalls } from "../../src/cri/generated/types.ts";

/** A sandbox as the runtime lists it. */
export type SeenSandbox = {
  readonly id: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAtMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

/** A container as the runtime lists it. `pod` is the pod's name without the suffix of its node. */
export type SeenContainer = {
  readonly id: string;
  readonly sandboxId: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: ContainerWord;
  readonly createdAtMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};
export type ContainerWord = "created" | "running" | "exited" | "unknown";

/** A container in full; times are milliseconds since the epoch with fractions, 0 while they have not come. */
export type SeenStatus = {
  readonly state: ContainerWord;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  readonly reason: string;
  /** Of its first process, on the host; 0 when it does not run. */
  readonly pid: number;
};

/** The runtime as tests look at it: only pods of one node, told by the suffix of their names, which every node has its own. */
export type RuntimeView = {
  readonly client: CriClient;
  sandboxes(): Promise<SeenSandbox[]>;
  /** Oldest first. */
  containers(): Promise<SeenContainer[]>;
  status(id: string): Promise<SeenStatus>;
  /** The process that holds a sandbox open. */
  sandboxPid(id: string): Promise<number>;
  call<R extends keyof UnaryCalls>(rpc: R, request: Draft<UnaryCalls[R][0]>): Promise<UnaryCalls[R][1]>;
  /** Ends and removes all of the node's pods. */
  removeAll(): Promise<void>;
  close(): void;
};

const WORDS: readonly ContainerWord[] = ["created", "running", "exited", "unknown"];
const LABEL = {
  pod: "io.kubernetes.pod.name",
  namespace: "io.kubernetes.pod.namespace",
  uid: "io.kubernetes.pod.uid",
} as const;

/** Milliseconds with fractions from the runtime's nanoseconds. */
export function msOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1000n) / 1000;
}

/** The word for a container's state. */
export function wordOf(state: number): ContainerWord {
  return WORDS[state] ?? "unknown";
}

/** Opens a view of the pods of one node. */
export function openView(endpoint: string, node: string): RuntimeView {
  const client = makeCriClient({ endpoint, requestTimeoutMs: 60_000 });
  const never = new AbortController().signal;
  const call: RuntimeView["call"] = (rpc, request) => client.call(rpc, request, never);
  const isOurs = (labels: Readonly<Record<string, string>>) => podOf(labels, node) !== undefined;

  async function sandboxes(): Promise<SeenSandbox[]> {
    const { items } = await call("ListPodSandbox", {});
    return items
      .filter((item) => isOurs(item.labels))
      .map((item) => ({
        id: item.id,
        namespace: item.labels[LABEL.namespace] ?? "",
        pod: podOf(item.labels, node) ?? "",
        uid: item.labels[LABEL.uid] ?? "",
        attempt: item.metadata?.attempt ?? 0,
        ready: item.state === 0,
        createdAtMs: msOf(item.created_at),
        labels: item.labels,
        annotations: item.annotations,
      }));
  }

  async function containers(): Promise<SeenContainer[]> {
    const { containers: items } = await call("ListContainers", {});
    return items
      .filter((item) => isOurs(item.labels))
      .map((item) => ({
        id: item.id,
        sandboxId: item.pod_sandbox_id,
        namespace: item.labels[LABEL.namespace] ?? "",
        pod: podOf(item.labels, node) ?? "",
        uid: item.labels[LABEL.uid] ?? "",
        name: item.metadata?.name ?? "",
        attempt: item.metadata?.attempt ?? 0,
        state: wordOf(item.state),
        createdAtMs: msOf(item.created_at),
        labels: item.labels,
        annotations: item.annotations,
      }))
      .sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  async function status(id: string): Promise<SeenStatus> {
    const { status: seen, info } = await call("ContainerStatus", { container_id: id, verbose: true });
    if (!seen) throw new Error(`the runtime answers without a status for ${id}`);
    return { ...timesOf(seen), pid: pidOf(info) };
  }

  async function sandboxPid(id: string): Promise<number> {
    return pidOf((await call("PodSandboxStatus", { pod_sandbox_id: id, verbose: true })).info);
  }

  /** A container that ends by itself in that moment makes containerd's call fail; the next one finds it ended. */
  async function stop(id: string): Promise<void> {
    const again = (): Promise<unknown> => call("StopPodSandbox", { pod_sandbox_id: id });
    await again().catch(again);
  }

  async function removeAll(): Promise<void> {
    const waiting = await sandboxes();
    const work = async () => {
      for (let sandbox = waiting.pop(); sandbox; sandbox = waiting.pop()) {
        await stop(sandbox.id);
        await call("RemovePodSandbox", { pod_sandbox_id: sandbox.id }).catch(unlessStuck);
      }
    };
    await Promise.all([work(), work(), work(), work()]);
  }

  return { client, sandboxes, containers, status, sandboxPid, call, removeAll, close: () => client.close() };
}

/**
 * containerd 2.x loses a task when the caller of StartContainer is killed at the wrong moment: nothing of it runs, and nothing but
 * the end of containerd removes it.
 */
function unlessStuck(error: unknown): void {
  if (!(error instanceof Error && error.message.includes("cannot delete running task"))) throw error;
}

/** The pod's name without the node's suffix; undefined for pods of other nodes. */
export function podOf(labels: Readonly<Record<string, string>>, node: string): string | undefined {
  const name = labels[LABEL.pod] ?? "";
  return name.endsWith(`-${node}`) ? name.slice(0, -node.length - 1) : undefined;
}

/** State, times and exit of a status. */
export function timesOf(status: ContainerStatus): Omit<SeenStatus, "pid"> {
  return {
    state: wordOf(status.state),
    startedAtMs: msOf(status.started_at),
    finishedAtMs: msOf(status.finished_at),
    exitCode: status.exit_code,
    reason: status.reason,
  };
}

function pidOf(info: Readonly<Record<string, string>>): number {
  const { pid } = JSON.parse(info.info ?? "{}") as { pid?: number };
  return pid ?? 0;
}
