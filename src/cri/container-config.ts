import type { Draft } from "../base/protobuf.ts";
import { givenText } from "../pod/allocation.ts";
import { expand } from "../pod/expansion.ts";
import type { ContainerRequest, PreparedMount } from "../ports.ts";
import { supportsImageSubPath, supportsStopSignals } from "./capabilities.ts";
import { type ContainerConfig, type IDMapping, type Mount, MountPropagation, Signal } from "./generated/types.ts";
import { ANNOTATION, LABEL } from "./names.ts";
import { userMappings } from "./namespaces.ts";
import { containerResources } from "./resources.ts";
import { podLabels } from "./sandbox-config.ts";
import { containerSecurity } from "./security.ts";
import { cannotBeMade, type Surroundings } from "./surroundings.ts";

/** All that makes a container (cri-mapping 2). Throws ContainerConfigInvalid. */
export function containerConfig(request: ContainerRequest, surroundings: Surroundings): Draft<ContainerConfig> {
  const { pod, container, attempt, image } = request;
  const { spec, name } = container;
  return {
    metadata: { name, attempt },
    image: { image: image.id, user_specified_image: container.image },
    ...commandLine(request),
    working_dir: spec.workingDir ?? "",
    envs: request.environment.map((variable) => ({ key: variable.name, value: Buffer.from(variable.value) })),
    mounts: mounts(request, surroundings),
    labels: { ...podLabels(pod, surroundings.settings.ownerId), [LABEL.containerName]: name },
    annotations: annotations(request),
    log_path: `${name}/${attempt}.log`,
    stdin: spec.stdin === true,
    stdin_once: spec.stdinOnce === true,
    tty: spec.tty === true,
    stop_signal: stopSignal(request, surroundings),
    linux: {
      resources: containerResources(pod, container, surroundings),
      security_context: containerSecurity(pod, container, request, surroundings),
    },
  };
}

/** Both with their variables replaced; an empty list leaves the image's own (cri-mapping 2.2). */
function commandLine({ container, environment }: ContainerRequest): Draft<ContainerConfig> {
  const variables = new Map(environment.map(({ name, value }) => [name, value]));
  const expandAll = (texts: readonly string[] | undefined): string[] =>
    (texts ?? []).map((text) => expand(text, (name) => variables.get(name)));
  return { command: expandAll(container.spec.command), args: expandAll(container.spec.args) };
}

/** What an agent that knows nothing else must be able to read back (cri-mapping 1.5). */
function annotations({ pod, container, attempt, backOffMs }: ContainerRequest): Readonly<Record<string, string>> {
  const { spec } = container;
  const { terminationGracePeriodSeconds: graceSeconds } = pod.spec;
  return {
    [ANNOTATION.hash]: container.hash,
    [ANNOTATION.restartCount]: `${attempt}`,
    [ANNOTATION.terminationMessagePath]: spec.terminationMessagePath ?? "",
    [ANNOTATION.terminationMessagePolicy]: spec.terminationMessagePolicy ?? "",
    [ANNOTATION.backOff]: `${backOffMs}`,
    ...(pod.bound === undefined ? {} : { [ANNOTATION.resources]: givenText(pod, container) }),
    ...(graceSeconds === undefined ? {} : { [ANNOTATION.terminationGracePeriod]: `${graceSeconds}` }),
    ...(spec.lifecycle?.preStop ? { [ANNOTATION.preStopHandler]: JSON.stringify(spec.lifecycle.preStop) } : {}),
    ...(spec.ports?.length ? { [ANNOTATION.ports]: JSON.stringify(spec.ports) } : {}),
  };
}

/** Zero leaves it to the image (H9). A runtime that would pass it over is not asked: the pod is told instead (2.1). */
function stopSignal({ pod, container }: ContainerRequest, { capabilities }: Surroundings): Signal {
  const name = container.spec.lifecycle?.stopSignal;
  if (name === undefined) return Signal.RUNTIME_DEFAULT;
  if (!supportsStopSignals(capabilities)) {
    throw cannotBeMade(pod, `the container runtime cannot be told to stop ${container.name} with ${name}`);
  }
  const key = name.replace("+", "PLUS").replace("-", "MINUS");
  const known: Readonly<Record<string, Signal>> = Signal;
  return known[key] ?? Signal.RUNTIME_DEFAULT;
}

function mounts(request: ContainerRequest, surroundings: Surroundings): readonly Draft<Mount>[] {
  const mappings = userMappings(request.pod, surroundings) ?? [];
  return request.mounts.map((mount) => toCri(mount, mappings, request, surroundings));
}

function toCri(
  mount: PreparedMount,
  mappings: readonly Draft<IDMapping>[],
  { pod }: ContainerRequest,
  { capabilities }: Surroundings,
): Draft<Mount> {
  const plain = {
    container_path: mount.containerPath,
    host_path: mount.hostPath,
    readonly: mount.readOnly,
    recursive_read_only: mount.recursiveReadOnly,
    propagation: PROPAGATION[mount.propagation],
    uidMappings: mappings,
    gidMappings: mappings,
  };
  if (mount.image === undefined) return plain;
  const { ref, written, subPath } = mount.image;
  if (!capabilities.imageVolumes) throw cannotBeMade(pod, "the container runtime has no image volumes");
  // An older runtime would show the whole image without a word.
  if (subPath !== "" && !supportsImageSubPath(capabilities)) {
    throw cannotBeMade(pod, `the container runtime cannot mount a part of an image at ${mount.containerPath}`);
  }
  const image = { image: ref, user_specified_image: written, annotations: pod.annotations };
  return { ...plain, host_path: "", image, image_sub_path: subPath };
}

const PROPAGATION: Readonly<Record<PreparedMount["propagation"], MountPropagation>> = {
  private: MountPropagation.PROPAGATION_PRIVATE,
  hostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
};
