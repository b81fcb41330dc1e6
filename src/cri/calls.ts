import { assertNever } from "../base/assert-never.ts";
import type { StreamCalls, UnaryCalls } from "./generated/types.ts";

/** A call that gets one answer. */
export type UnaryRpc = keyof UnaryCalls;
/** A call that gets a stream of answers. */
export type StreamRpc = keyof StreamCalls;
export type Rpc = UnaryRpc | StreamRpc;

/** What a failed call may have changed, and how long it may take (cri-mapping 7). */
export type CallRow = {
  /** A read changes nothing, however it ends. */
  readonly kind: "read" | "write";
  /**
   * One request timeout, or two; that plus the seconds in the request's own `timeout`; the same, but none when those are 0;
   * the longer one of both; or none at all.
   */
  readonly deadline: "once" | "twice" | "plusTimeout" | "plusTimeoutOrNone" | "longer" | "none";
};

/** Every call of CRI. */
export const CALLS = {
  Version: { kind: "read", deadline: "once" },
  RunPodSandbox: { kind: "write", deadline: "twice" },
  StopPodSandbox: { kind: "write", deadline: "once" },
  RemovePodSandbox: { kind: "write", deadline: "once" },
  PodSandboxStatus: { kind: "read", deadline: "once" },
  ListPodSandbox: { kind: "read", deadline: "once" },
  StreamPodSandboxes: { kind: "read", deadline: "once" },
  CreateContainer: { kind: "write", deadline: "once" },
  StartContainer: { kind: "write", deadline: "once" },
  StopContainer: { kind: "write", deadline: "plusTimeout" },
  RemoveContainer: { kind: "write", deadline: "once" },
  ListContainers: { kind: "read", deadline: "once" },
  StreamContainers: { kind: "read", deadline: "once" },
  ContainerStatus: { kind: "read", deadline: "once" },
  UpdateContainerResources: { kind: "write", deadline: "once" },
  ReopenContainerLog: { kind: "write", deadline: "once" },
  ExecSync: { kind: "write", deadline: "plusTimeoutOrNone" },
  Exec: { kind: "write", deadline: "once" },
  Attach: { kind: "write", deadline: "once" },
  PortForward: { kind: "write", deadline: "once" },
  ContainerStats: { kind: "read", deadline: "once" },
  ListContainerStats: { kind: "read", deadline: "once" },
  StreamContainerStats: { kind: "read", deadline: "once" },
  PodSandboxStats: { kind: "read", deadline: "once" },
  ListPodSandboxStats: { kind: "read", deadline: "once" },
  StreamPodSandboxStats: { kind: "read", deadline: "once" },
  UpdateRuntimeConfig: { kind: "write", deadline: "once" },
  Status: { kind: "read", deadline: "once" },
  CheckpointContainer: { kind: "write", deadline: "longer" },
  GetContainerEvents: { kind: "read", deadline: "none" },
  ListMetricDescriptors: { kind: "read", deadline: "once" },
  ListPodSandboxMetrics: { kind: "read", deadline: "once" },
  StreamPodSandboxMetrics: { kind: "read", deadline: "once" },
  RuntimeConfig: { kind: "read", deadline: "once" },
  UpdatePodSandboxResources: { kind: "write", deadline: "once" },
  ListImages: { kind: "read", deadline: "once" },
  StreamImages: { kind: "read", deadline: "once" },
  ImageStatus: { kind: "read", deadline: "once" },
  PullImage: { kind: "write", deadline: "none" },
  RemoveImage: { kind: "write", deadline: "once" },
  ImageFsInfo: { kind: "read", deadline: "once" },
} as const satisfies Readonly<Record<Rpc, CallRow>>;

/** How long a call may take, in milliseconds; undefined when it may take for ever. `request` is the call's own. */
export function deadlineMs(rpc: Rpc, request: object, requestTimeoutMs: number): number | undefined {
  const row: CallRow = CALLS[rpc];
  switch (row.deadline) {
    case "once":
      return requestTimeoutMs;
    case "twice":
      return 2 * requestTimeoutMs;
    case "plusTimeout":
      return requestTimeoutMs + timeoutMs(request);
    case "plusTimeoutOrNone":
      return timeoutMs(request) === 0 ? undefined : requestTimeoutMs + timeoutMs(request);
    case "longer":
      return Math.max(requestTimeoutMs, timeoutMs(request));
    case "none":
      return undefined;
    default:
      return assertNever(row.deadline);
  }
}

function timeoutMs(request: { readonly timeout?: unknown }): number {
  return typeof request.timeout === "bigint" ? Number(request.timeout) * 1000 : 0;
}

/** The object of a call in a few words, for messages: its ids and names, never values that may be secret. */
export function describeRequest(request: object): string {
  const { image, container_id, sandbox_config, config, pod_sandbox_id } = request as Described;
  const pod = sandbox_config?.metadata ?? config?.metadata;
  if (image !== undefined) return `image ${image.image}`;
  if (container_id !== undefined) return `container ${container_id}`;
  if (sandbox_config !== undefined) return `container ${config?.metadata?.name} of pod ${pod?.namespace}/${pod?.name}`;
  if (config !== undefined) return `pod ${pod?.namespace}/${pod?.name}`;
  if (pod_sandbox_id !== undefined) return `sandbox ${pod_sandbox_id}`;
  return "";
}

/** What a request of any kind may have. */
type Described = {
  readonly container_id?: string;
  readonly pod_sandbox_id?: string;
  readonly image?: { readonly image?: string };
  readonly config?: { readonly metadata?: { readonly name?: string; readonly namespace?: string } };
  readonly sandbox_config?: { readonly metadata?: { readonly name?: string; readonly namespace?: string } };
};
