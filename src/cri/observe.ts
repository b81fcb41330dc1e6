import { cut } from "../base/cut.ts";
import type { Log } from "../base/log.ts";
import type { ContainerLife, ObservedContainer, ObservedSandbox } from "../pod/observed.ts";
import {
  type Container,
  ContainerState,
  type ContainerStatus,
  NamespaceMode,
  type PodSandbox,
  PodSandboxState,
  type PodSandboxStatus,
} from "./generated/types.ts";
import { ANNOTATION, LABEL } from "./names.ts";

/** Turns objects as the runtime shows them into what is observed. What cannot be read counts as zero and is told once. */
export type Observer = {
  sandbox(item: PodSandbox): ObservedSandbox;
  /** With addresses and network mode. */
  sandboxStatus(status: PodSandboxStatus): ObservedSandbox;
  container(item: Container): ObservedContainer;
  /** A status does not name its sandbox. */
  containerStatus(status: ContainerStatus, sandboxId: string): ObservedContainer;
};

/** Annotations that cannot be read and were told of. @limit All are forgotten, and told again. */
const MOST_TOLD = 1000;
/** Characters of what the runtime says of a container, such as why it could not be started. @limit The rest is left out. */
const LONGEST_WORDS = 4096;

/** Attempts are counted on from the highest, which CRI and statuses have 31 bits for: what is beyond counts as no number. */
const MOST_ATTEMPTS = 2 ** 31 - 2;

/** An observer that has told nothing yet. */
export function makeObserver(log: Log): Observer {
  /** @bound MOST_TOLD */
  const told = new Set<string>();

  function complain(id: string, name: string, value: string | undefined): void {
    const key = `${id} ${name}`;
    if (told.has(key)) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.add(key);
    log.warn("an annotation of a container cannot be read", { id, annotation: name, value });
  }

  /** Numbers are written in decimal. */
  function count(object: Container | ContainerStatus, name: string, otherwise: number, most: number): number {
    const value = object.annotations[name];
    if (value !== undefined && /^\d{1,15}$/.test(value) && Number(value) <= most) return Number(value);
    complain(object.id, name, value);
    return otherwise;
  }

  function common(object: Container | ContainerStatus) {
    return {
      id: object.id,
      name: object.labels[LABEL.containerName] ?? object.metadata?.name ?? "",
      attempt: count(object, ANNOTATION.restartCount, attemptOf(object), MOST_ATTEMPTS),
      hash: object.annotations[ANNOTATION.hash] ?? "",
      backOffMs: count(object, ANNOTATION.backOff, 0, Number.MAX_SAFE_INTEGER),
      ...givenOf(object),
      state: lifeOf(object.state),
      createdWallMs: wallMs(object.created_at),
      image: object.image?.user_specified_image || object.image?.image || "",
      imageId: object.image_id || object.image_ref,
    };
  }

  return {
    sandbox,
    sandboxStatus: (status) => ({ ...sandbox(status), ...networkOf(status) }),
    container: (item) => ({ ...common(item), sandboxId: item.pod_sandbox_id, detailed: false }),
    containerStatus: (status, sandboxId) => ({ ...common(status), sandboxId, ...detailsOf(status), detailed: true }),
  };
}

function givenOf({ annotations }: Container | ContainerStatus): Pick<ObservedContainer, "given"> {
  const given = annotations[ANNOTATION.resources];
  return given === undefined ? {} : { given };
}

const sandbox = (object: PodSandbox | PodSandboxStatus): ObservedSandbox => ({
  id: object.id,
  attempt: attemptOf(object),
  state: object.state === PodSandboxState.SANDBOX_READY ? "ready" : "notReady",
  createdWallMs: wallMs(object.created_at),
  ...(object.runtime_handler === "" ? {} : { handler: object.runtime_handler }),
});

function attemptOf({ metadata }: { readonly metadata: { readonly attempt: number } | undefined }): number {
  const attempt = metadata?.attempt ?? 0;
  return attempt <= MOST_ATTEMPTS ? attempt : 0;
}

function networkOf({ network, linux }: PodSandboxStatus): Pick<ObservedSandbox, "ips" | "hostNetwork"> {
  const mode = linux?.namespaces?.options?.network;
  const hostNetwork = mode === NamespaceMode.NODE;
  const all = network === undefined ? [] : [network.ip, ...network.additional_ips.map(({ ip }) => ip)];
  return {
    ...(mode === undefined ? {} : { hostNetwork }),
    ...(network === undefined && !hostNetwork ? {} : { ips: hostNetwork ? [] : all.filter((ip) => ip !== "") }),
  };
}

function lifeOf(state: ContainerState): ContainerLife {
  switch (state) {
    case ContainerState.CONTAINER_CREATED:
      return "created";
    case ContainerState.CONTAINER_RUNNING:
      return "running";
    case ContainerState.CONTAINER_EXITED:
      return "exited";
    default:
      return "unknown";
  }
}

function detailsOf(status: ContainerStatus): Partial<ObservedContainer> {
  const exited = status.state === ContainerState.CONTAINER_EXITED;
  const user = status.user?.linux;
  return {
    ...(status.started_at > 0n ? { startedWallMs: wallMs(status.started_at) } : {}),
    ...(status.finished_at > 0n ? { finishedWallMs: wallMs(status.finished_at) } : {}),
    ...(exited ? { exitCode: status.exit_code } : {}),
    ...(status.reason === "" ? {} : { reason: cut(status.reason, LONGEST_WORDS) }),
    ...(status.message === "" ? {} : { message: cut(status.message, LONGEST_WORDS) }),
    ...(user === undefined
      ? {}
      : {
          user: {
            uid: Number(user.uid),
            gid: Number(user.gid),
            supplementalGroups: user.supplemental_groups.map(Number),
          },
        }),
  };
}

/** From ns since 1970. */
const wallMs = (nanos: bigint): number => Number(nanos / 1_000_000n);
