import { BerthError, type ErrorCode } from "../../../src/base/errors.ts";
import type { Draft } from "../../../src/base/protobuf.ts";
import {
  ContainerEventType,
  type ContainerFilter,
  ContainerState,
  type ContainerStatus,
  PodSandboxState,
  type PodSandboxStatus,
} from "../../../src/cri/generated/types.ts";
import { ANNOTATION, LABEL } from "../../../src/cri/names.ts";
import type { ContainerLife } from "../../../src/pod/observed.ts";
import { CriFault, type CriHandlers } from "../cri-server.ts";
import { aContainer, aPod } from "../pods.ts";
import type { FakeRuntime } from "./fake.ts";
import type { Container, Sandbox } from "./state.ts";

type Tags = { readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
const untagged: Tags = { labels: {}, annotations: {} };

/** The fake runtime as its clients see it: what a CRI server answers to each call. */
export function overGrpc({ runtime, images, state }: FakeRuntime): CriHandlers {
  /** Labels and annotations of all objects, as they were sent. By name: news may come before the call that made it ends. */
  const tags = new Map<string, Tags>();
  const nameOf = ({ pod, attempt, ...one }: Sandbox | Container): string =>
    `${pod.uid}/${"name" in one ? one.name : ""}#${attempt}`;
  const tagsOf = (one: Sandbox | Container): Tags => tags.get(nameOf(one)) ?? untagged;
  const isWanted = (
    one: Sandbox | Container,
    filter: { id: string; label_selector: Record<string, string> } | undefined,
  ): boolean =>
    (!filter?.id || filter.id === one.id) &&
    Object.entries(filter?.label_selector ?? {}).every(([name, value]) => tagsOf(one).labels[name] === value);

  const sandbox = (one: Sandbox) => ({
    id: one.id,
    metadata: { ...one.pod, attempt: one.attempt },
    state: one.state === "ready" ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY,
    created_at: nanos(one.createdWallMs),
    ...tagsOf(one),
  });
  const sandboxStatus = (one: Sandbox): Draft<PodSandboxStatus> => ({
    ...sandbox(one),
    network: { ip: one.ips?.[0] ?? "", additional_ips: (one.ips ?? []).slice(1).map((ip) => ({ ip })) },
    linux: { namespaces: { options: { network: one.hostNetwork ? 2 : 0 } } },
  });
  const container = (one: Container) => ({
    id: one.id,
    pod_sandbox_id: one.sandboxId,
    metadata: { name: one.name, attempt: one.attempt },
    image: { image: one.image, user_specified_image: one.image },
    image_ref: one.imageId,
    image_id: one.imageId,
    state: STATES[one.state],
    created_at: nanos(one.createdWallMs),
    ...tagsOf(one),
  });
  const containerStatus = (one: Container): Draft<ContainerStatus> => ({
    ...container(one),
    started_at: nanos(one.startedWallMs),
    finished_at: nanos(one.finishedWallMs),
    exit_code: one.exitCode ?? 0,
    reason: one.reason ?? "",
    message: one.message ?? "",
  });
  const containersLike = (filter: ContainerFilter | undefined): Container[] =>
    [...state.containers.values()].filter(
      (one) => isWanted(one, filter) && (!filter?.pod_sandbox_id || filter.pod_sandbox_id === one.sandboxId),
    );
  /** Names of what is being made. */
  const coming = new Set<string>();
  /** The tags of what is gone go with it. */
  const sweep = (): void => {
    const names = new Set([...state.sandboxes.values(), ...state.containers.values()].map(nameOf));
    for (const known of tags.keys()) if (!names.has(known) && !coming.has(known)) tags.delete(known);
  };
  const making = async <T>(name: string, its: Tags, work: Promise<T>): Promise<T> => {
    coming.add(name);
    tags.set(name, its);
    try {
      return await plainly(work);
    } finally {
      coming.delete(name);
    }
  };

  return {
    Version: ({ version }) => ({
      version,
      runtime_name: "containerd",
      runtime_version: "v2.1.0",
      runtime_api_version: "v1",
    }),
    Status: async (_, { signal }) => {
      const { ready, networkReady, message = "" } = await plainly(runtime.health(signal));
      const conditions = [
        { type: "RuntimeReady", status: ready, message },
        { type: "NetworkReady", status: networkReady, message },
      ];
      return { status: { conditions } };
    },
    RuntimeConfig: () => ({ linux: { cgroup_driver: 1 } }),
    RunPodSandbox: async ({ config }, { signal }) => {
      const { uid = "", name = "", namespace = "", attempt = 0 } = config?.metadata ?? {};
      const hostNetwork = config?.linux?.security_context?.namespace_options?.network === 2;
      const { labels = {}, annotations = {} } = config ?? {};
      const made = await making(
        `${uid}/#${attempt}`,
        { labels, annotations },
        runtime.runSandbox({ pod: aPod({ uid, name, namespace, hostNetwork }), attempt }, signal),
      );
      return { pod_sandbox_id: made.id };
    },
    StopPodSandbox: ({ pod_sandbox_id: id }, { signal }) => done(runtime.stopSandbox(id, signal)),
    RemovePodSandbox: ({ pod_sandbox_id: id }, { signal }) => done(runtime.removeSandbox(id, signal).then(sweep)),
    PodSandboxStatus: ({ pod_sandbox_id: id }) => ({ status: sandboxStatus(there(state.sandboxes.get(id), id)) }),
    ListPodSandbox: ({ filter }) => ({
      items: [...state.sandboxes.values()].filter((one) => isWanted(one, filter)).map(sandbox),
    }),
    CreateContainer: async ({ pod_sandbox_id, config, sandbox_config }, { signal }) => {
      const { labels = {}, annotations = {}, metadata, image } = config ?? {};
      const { uid = "", name: pod = "", namespace = "" } = sandbox_config?.metadata ?? {};
      const name = metadata?.name ?? labels[LABEL.containerName] ?? "";
      const attempt = metadata?.attempt ?? 0;
      const made = await making(
        `${uid}/${name}#${attempt}`,
        { labels, annotations },
        runtime.createContainer(
          {
            pod: aPod({ uid, name: pod, namespace }),
            container: aContainer({
              name,
              image: image?.user_specified_image || image?.image || "",
              hash: annotations[ANNOTATION.hash] ?? "",
            }),
            attempt,
            sandbox: { id: pod_sandbox_id, attempt: 0, state: "ready", createdWallMs: 0 },
            image: { id: image?.image ?? "" },
            backOffMs: Number(annotations[ANNOTATION.backOff] ?? 0),
            environment: [],
            mounts: [],
          },
          signal,
        ),
      );
      return { container_id: made.id };
    },
    StartContainer: ({ container_id: id }, { signal }) => done(runtime.startContainer(id, signal)),
    StopContainer: ({ container_id: id, timeout }, { signal }) =>
      done(runtime.stopContainer(id, Number(timeout), signal)),
    RemoveContainer: ({ container_id: id }, { signal }) => done(runtime.removeContainer(id, signal).then(sweep)),
    ListContainers: ({ filter }) => ({ containers: containersLike(filter).map(container) }),
    ContainerStatus: ({ container_id: id }) => ({ status: containerStatus(there(state.containers.get(id), id)) }),
    UpdateContainerResources: ({ container_id: id }, { signal }) =>
      done(runtime.updateContainer({ pod: aPod(), container: aContainer(), id }, signal)),
    UpdatePodSandboxResources: ({ pod_sandbox_id: id }, { signal }) => done(runtime.updateSandbox(id, aPod(), signal)),
    ReopenContainerLog: ({ container_id: id }, { signal }) => done(runtime.reopenLog(id, signal)),
    ExecSync: async ({ container_id: id, cmd, timeout }, { signal }) => {
      const { stdout, stderr, exitCode } = await plainly(runtime.execSync(id, cmd, Number(timeout), signal));
      return { stdout, stderr, exit_code: exitCode };
    },
    ImageStatus: async ({ image }, { signal }) => {
      const found = await plainly(images.find(image?.image ?? "", signal));
      if (found === undefined) return {};
      const { id, size = 1, uid, username = "" } = found;
      return {
        image: { id, size: BigInt(size), uid: uid === undefined ? undefined : { value: BigInt(uid) }, username },
      };
    },
    PullImage: async ({ image }, { signal }) => {
      const request = { ref: image?.image ?? "", pod: aPod(), attempt: 0 };
      return { image_ref: (await plainly(images.pull(request, signal))).id };
    },
    GetContainerEvents: (_, stream) => void tellEvents(stream),
  };

  async function tellEvents(stream: Parameters<NonNullable<CriHandlers["GetContainerEvents"]>>[1]): Promise<void> {
    try {
      for await (const { podUid, gone } of runtime.events(stream.signal) ?? []) {
        const [newest] = newestFirst([...state.sandboxes.values()].filter(({ pod }) => pod.uid === podUid));
        if (newest === undefined) continue;
        const containers = [...state.containers.values()].filter(({ sandboxId }) => sandboxId === newest.id);
        const [deleted] = gone;
        stream.send({
          container_id: deleted ?? newest.id,
          container_event_type:
            deleted === undefined
              ? ContainerEventType.CONTAINER_STARTED_EVENT
              : ContainerEventType.CONTAINER_DELETED_EVENT,
          pod_sandbox_status: sandboxStatus(newest),
          containers_statuses: containers.map(containerStatus),
        });
      }
      stream.end();
    } catch (thrown) {
      stream.fail(faultOf(thrown));
    }
  }
}

const STATES: Readonly<Record<ContainerLife, number>> = {
  created: ContainerState.CONTAINER_CREATED,
  running: ContainerState.CONTAINER_RUNNING,
  exited: ContainerState.CONTAINER_EXITED,
  unknown: ContainerState.CONTAINER_UNKNOWN,
};

const nanos = (wallMs = 0): bigint => BigInt(Math.round(wallMs)) * 1_000_000n;
const newestFirst = (sandboxes: Sandbox[]): Sandbox[] => sandboxes.sort((one, other) => other.attempt - one.attempt);

function there<T>(found: T | undefined, id: string): T {
  if (found === undefined) throw new CriFault(5, `an error occurred when try to find "${id}": not found`);
  return found;
}

/** The statuses with which containerd answers. */
const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  RuntimeUnavailable: 14,
  RuntimeTimeout: 4,
  RuntimeNotFound: 5,
  RuntimeExhausted: 8,
  RuntimeUnsupported: 12,
};
const UNKNOWN = 2;

function faultOf(thrown: unknown): CriFault {
  if (!(thrown instanceof BerthError)) return new CriFault(UNKNOWN, String(thrown));
  return new CriFault(STATUS_OF[thrown.code] ?? UNKNOWN, thrown.message);
}

async function plainly<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw faultOf(thrown);
  }
}

async function done(work: Promise<unknown>): Promise<Record<never, never>> {
  await plainly(work);
  return {};
}
