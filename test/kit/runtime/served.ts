import { BerthError, type ErrorCode } from "../../../src/base/errors.ts";
import type { Draft } from "../../../src/base/protobuf.ts";
import type {
  ContainerConfig,
  ContainerEventResponse,
  ContainerStatus,
  Image,
  PodSandboxConfig,
  PodSandboxStatus,
} from "../../../src/cri/generated/types.ts";
import type { SeenImage } from "../../../src/pod/action.ts";
import type { DesiredPod } from "../../../src/pod/desired.ts";
import type { ContainerRequest } from "../../../src/ports.ts";
import { desiredPod, plainPod } from "../compiled-pod.ts";
import { type AnswerStream, type CallSeen, CriFault, type CriHandlers } from "../cri-server.ts";
import type { Behaviour, FakeRuntime, FakeRuntimeOptions, Told } from "./fake.ts";
import { makeKeptConfigs } from "./kept-configs.ts";
import type { Container, LIFE, Sandbox } from "./state.ts";

/** What a command inside a container answers, after so long; or why it cannot be run. */
export type ServedExec =
  | { readonly afterMs: number; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly fails: string };

/** What commands do, which only a real runtime can tell by itself. */
export type Repertoire = {
  behaviourOf(command: readonly string[]): Behaviour;
  execOf(command: readonly string[]): ServedExec;
};

/** The fake runtime as CRI sees it: the same state, faults and times as in the simulation, only put into messages. */
export type ServedFake = { readonly fake: FakeRuntime; readonly handlers: CriHandlers };

/** How containerd wraps what the fake says: most of its refusals are Unknown. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  RuntimeCancelled: 1,
  RuntimeTimeout: 4,
  RuntimeNotFound: 5,
  RuntimeExhausted: 8,
  RuntimeUnsupported: 12,
  RuntimeUnavailable: 14,
};
const UNKNOWN = 2;
const EVENT = { created: 0, started: 1, stopped: 2, deleted: 3 } as const;

/** Puts the fake that `make` builds with these hooks behind the calls of CRI. */
export function serveFake(
  repertoire: Repertoire,
  make: (hooks: Required<Pick<FakeRuntimeOptions, "onTold" | "behaviourOf">>) => FakeRuntime,
): ServedFake {
  const streams = new Set<AnswerStream<ContainerEventResponse>>();
  const fake = make({
    onTold: tell,
    behaviourOf: (container) => repertoire.behaviourOf(kept.ofContainer(container).command),
  });
  const { runtime, images, state, shelf } = fake;
  const kept = makeKeptConfigs(state);
  fake.onExec(async (_container, command) => answerOf(repertoire.execOf(command)));

  function tell({ kind, id, pod }: Told): void {
    const box = state.sandboxes.get(id) ?? [...state.sandboxes.values()].find((one) => one.pod.uid === pod.uid);
    const inside = [...state.containers.values()].filter((one) => one.sandboxId === box?.id);
    for (const stream of streams) {
      stream.send({
        container_id: id,
        container_event_type: EVENT[kind],
        created_at: nanoseconds(Date.now()),
        pod_sandbox_status: box === undefined ? undefined : boxStatus(box),
        containers_statuses: inside.map(containerStatus),
      });
    }
  }

  function boxStatus(box: Sandbox): Draft<PodSandboxStatus> {
    const { labels, annotations, metadata } = kept.ofSandbox(box);
    const base = { id: box.id, metadata, labels, annotations };
    const network = { ip: box.ips?.[0] ?? "" };
    return { ...base, state: box.state === "ready" ? 0 : 1, created_at: nanoseconds(box.createdWallMs), network };
  }
  function containerStatus(one: Container): Draft<ContainerStatus> {
    const { labels, annotations, metadata } = kept.ofContainer(one);
    return {
      ...{ id: one.id, metadata, labels, annotations, state: LIFE_NUMBER[one.state] },
      created_at: nanoseconds(one.createdWallMs),
      started_at: nanoseconds(one.startedWallMs ?? 0),
      finished_at: nanoseconds(one.finishedWallMs ?? 0),
      ...{ exit_code: one.exitCode ?? 0, reason: one.reason ?? "", message: one.message ?? "" },
      ...{ image: { image: one.image }, image_ref: one.imageId, image_id: one.imageId },
    };
  }
  const containerOf = (id: string): Container => {
    const found = state.containers.get(id);
    if (found === undefined) throw new BerthError("RuntimeNotFound", `container "${id}" is not found`);
    return found;
  };

  /** What a request asks for, in the terms of the port. */
  function containerRequest(boxId: string, config: ContainerConfig): ContainerRequest {
    const sandbox = state.sandboxes.get(boxId);
    if (sandbox === undefined) throw new BerthError("RuntimeNotFound", `sandbox ${boxId} is not found`);
    const { name = "", attempt = 0 } = config.metadata ?? {};
    const ref = config.image?.image ?? "";
    const image = shelf.find(ref);
    if (image === undefined) throw new BerthError("RuntimeNotFound", `failed to resolve image "${ref}"`);
    const pod = podOf(kept.ofSandbox(sandbox));
    const [container] = pod.containers;
    if (container === undefined) throw new Error("a plain pod has a container");
    const asked = { ...container, name, image: ref };
    return { pod, container: asked, attempt, sandbox, image, backOffMs: 0, environment: [], mounts: [] };
  }
  const handlers: CriHandlers = {
    Version: () => ({
      version: "0.1.0",
      runtime_name: "containerd",
      runtime_version: "v2.1.0",
      runtime_api_version: "v1",
    }),
    Status: answered(async (_request, { signal }) => {
      const health = await runtime.health(signal);
      const conditions = [
        { type: "RuntimeReady", status: health.ready },
        { type: "NetworkReady", status: health.networkReady },
      ];
      return { status: { conditions } };
    }),
    RunPodSandbox: answered(async ({ config }: { config: PodSandboxConfig | undefined }, { signal }) => {
      const wanted = wants(config);
      kept.keepSandbox(wanted);
      const made = await runtime.runSandbox({ pod: podOf(wanted), attempt: wanted.metadata?.attempt ?? 0 }, signal);
      return { pod_sandbox_id: made.id };
    }),
    StopPodSandbox: answered(async ({ pod_sandbox_id: id }, { signal }) => {
      await runtime.stopSandbox(id, signal);
      return {};
    }),
    RemovePodSandbox: answered(async ({ pod_sandbox_id: id }, { signal }) => {
      await runtime.removeSandbox(id, signal);
      return {};
    }),
    PodSandboxStatus: answered(async ({ pod_sandbox_id: id }, { signal }) => {
      await runtime.look(state.sandboxes.get(id)?.pod.uid ?? "", signal);
      const found = state.sandboxes.get(id);
      if (found === undefined) throw new BerthError("RuntimeNotFound", `sandbox "${id}" is not found`);
      return { status: boxStatus(found) };
    }),
    ListPodSandbox: answered(async ({ filter }, { signal }) => {
      await runtime.list(signal);
      const items = [...state.sandboxes.values()].map(boxStatus);
      return { items: items.filter((item) => isAsked(filter, item)) };
    }),
    CreateContainer: answered(async ({ pod_sandbox_id, config }, { signal }) => {
      const wanted = wants(config);
      const request = containerRequest(pod_sandbox_id, wanted);
      kept.keepContainer(request.pod.uid, wanted);
      return { container_id: (await runtime.createContainer(request, signal)).id };
    }),
    StartContainer: answered(async ({ container_id: id }, { signal }) => {
      await runtime.startContainer(id, signal);
      return {};
    }),
    StopContainer: answered(async ({ container_id: id, timeout }, { signal }) => {
      await runtime.stopContainer(id, Number(timeout), signal);
      return {};
    }),
    RemoveContainer: answered(async ({ container_id: id }, { signal }) => {
      await runtime.removeContainer(id, signal);
      return {};
    }),
    ContainerStatus: answered(async ({ container_id: id }, { signal }) => {
      await runtime.container(id, signal);
      return { status: containerStatus(containerOf(id)) };
    }),
    ListContainers: answered(async ({ filter }, { signal }) => {
      await runtime.list(signal);
      const items = [...state.containers.values()].map((one) => ({
        ...containerStatus(one),
        pod_sandbox_id: one.sandboxId,
      }));
      return { containers: items.filter((item) => isAsked(filter, item)) };
    }),
    ExecSync: answered(async ({ container_id: id, cmd, timeout }, { signal }) => {
      const { exitCode, stdout, stderr } = await runtime.execSync(id, cmd, Number(timeout), signal);
      return { exit_code: exitCode, stdout, stderr };
    }),
    ReopenContainerLog: answered(async ({ container_id: id }, { signal }) => {
      await runtime.reopenLog(id, signal);
      return {};
    }),
    ImageStatus: answered(async ({ image }, { signal }) => {
      const ref = image?.image ?? "";
      const found = await images.find(ref, signal);
      return found === undefined ? {} : { image: imageOf(found, ref) };
    }),
    ListImages: () => ({ images: shelf.all().map(([ref, image]) => imageOf(image, ref)) }),
    PullImage: answered(async ({ image }, { signal }) => {
      const pod = desiredPod(plainPod("puller"));
      return { image_ref: (await images.pull({ ref: image?.image ?? "", pod, attempt: 0 }, signal)).id };
    }),
  };
  if (runtime.capabilities()?.events !== true) return { fake, handlers };
  const GetContainerEvents: CriHandlers["GetContainerEvents"] = (_request, stream) => {
    streams.add(stream);
    stream.signal.addEventListener("abort", () => streams.delete(stream));
  };
  return { fake, handlers: { ...handlers, GetContainerEvents } };
}

const LIFE_NUMBER = { created: 0, running: 1, exited: 2, unknown: 3 } as const satisfies Record<
  (typeof LIFE)[number],
  number
>;
const nanoseconds = (wallMs: number): bigint => BigInt(Math.round(wallMs * 1000)) * 1000n;

/** A handler whose failures are answered as containerd would. */
function answered<Q, A>(handler: (request: Q, call: CallSeen) => Promise<A>) {
  return async (request: Q, call: CallSeen): Promise<A> => {
    try {
      return await handler(request, call);
    } catch (thrown) {
      if (!(thrown instanceof BerthError)) throw thrown;
      throw new CriFault(STATUS[thrown.code] ?? UNKNOWN, thrown.message);
    }
  };
}

function wants<T>(config: T | undefined): T {
  if (config === undefined) throw new CriFault(3, "there is no config");
  return config;
}

function podOf({ metadata, linux }: PodSandboxConfig): DesiredPod {
  const plain = desiredPod(plainPod(metadata?.name ?? ""));
  const hostNetwork = linux?.security_context?.namespace_options?.network === 2;
  const { uid = "", name = "", namespace = "" } = metadata ?? {};
  return { ...plain, uid, name, namespace, hostNetwork };
}

/** All conditions of a filter hold; one that is empty asks for nothing. */
function isAsked(
  filter: { id: string; state: { state: number } | undefined; label_selector: Record<string, string> } | undefined,
  item: Draft<{ id: string; state: number; labels: Record<string, string>; pod_sandbox_id: string }>,
): boolean {
  if (filter === undefined) return true;
  const { id, state, label_selector, pod_sandbox_id = "" } = filter as typeof filter & { pod_sandbox_id?: string };
  return (
    (id === "" || item.id === id) &&
    (state === undefined || item.state === state.state) &&
    (pod_sandbox_id === "" || item.pod_sandbox_id === pod_sandbox_id) &&
    Object.entries(label_selector).every(([key, value]) => item.labels?.[key] === value)
  );
}

function imageOf(image: SeenImage, ref: string): Draft<Image> {
  return { id: image.id, size: BigInt(image.size ?? 0), repo_tags: ref.startsWith("sha256:") ? [] : [ref] };
}

async function answerOf(served: ServedExec) {
  if ("fails" in served) throw new BerthError("RuntimeRefused", served.fails);
  const bytes = (text: string) => new TextEncoder().encode(text);
  await new Promise((resolve) => setTimeout(resolve, served.afterMs).unref());
  return { exitCode: served.exitCode, stdout: bytes(served.stdout), stderr: bytes(served.stderr) };
}
