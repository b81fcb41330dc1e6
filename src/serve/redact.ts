import { allContainers } from "../pod/all-containers.ts";
import type * as v1 from "../pod/v1.ts";

const HIDDEN = "<hidden>";
/** Annotations that hold a whole manifest again. */
const COPIES = ["kubectl.kubernetes.io/last-applied-configuration"];

/**
 * The pod as readers may see it: without values of variables and probe headers, without copies of the manifest, and without
 * what a container wrote into its log.
 */
export function redactPod(pod: v1.Pod): v1.Pod {
  const { metadata, spec, status } = pod;
  return {
    ...pod,
    ...(metadata === undefined ? {} : { metadata: redactMetadata(metadata) }),
    ...(spec === undefined ? {} : { spec: redactSpec(spec) }),
    ...(status === undefined ? {} : { status: redactStatus(status, spec) }),
  };
}

function redactMetadata(metadata: v1.ObjectMeta): v1.ObjectMeta {
  if (metadata.annotations === undefined) return metadata;
  const kept = Object.entries(metadata.annotations).filter(([name]) => !COPIES.includes(name));
  return { ...metadata, annotations: Object.fromEntries(kept) };
}

function redactSpec(spec: v1.PodSpec): v1.PodSpec {
  return {
    ...spec,
    containers: spec.containers.map(redactContainer),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(redactContainer) }),
    ...(spec.ephemeralContainers === undefined
      ? {}
      : { ephemeralContainers: spec.ephemeralContainers.map(redactContainer) }),
  };
}

function redactContainer<C extends v1.Container>(container: C): C {
  const changed: C = { ...container };
  if (container.env !== undefined) changed.env = container.env.map(redactVariable);
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const found = container[probe];
    if (found !== undefined) changed[probe] = redactHandler(found);
  }
  if (container.lifecycle !== undefined) {
    const { postStart, preStop } = container.lifecycle;
    changed.lifecycle = {
      ...container.lifecycle,
      ...(postStart === undefined ? {} : { postStart: redactHandler(postStart) }),
      ...(preStop === undefined ? {} : { preStop: redactHandler(preStop) }),
    };
  }
  return changed;
}

function redactVariable(variable: v1.EnvVar): v1.EnvVar {
  return variable.value === undefined || variable.value === "" ? variable : { ...variable, value: HIDDEN };
}

function redactHandler<H extends { httpGet?: v1.HTTPGetAction }>(handler: H): H {
  const headers = handler.httpGet?.httpHeaders;
  if (handler.httpGet === undefined || headers === undefined) return handler;
  return {
    ...handler,
    httpGet: { ...handler.httpGet, httpHeaders: headers.map(({ name }) => ({ name, value: HIDDEN })) },
  };
}

/** A termination message may be the end of the container's log (terminationMessagePolicy FallbackToLogsOnError). */
function redactStatus(status: v1.PodStatus, spec: v1.PodSpec | undefined): v1.PodStatus {
  const fromLogs = new Set(
    allContainers(spec)
      .filter((container) => container.terminationMessagePolicy === "FallbackToLogsOnError")
      .map((container) => container.name),
  );
  if (fromLogs.size === 0) return status;
  const redact = (one: v1.ContainerStatus): v1.ContainerStatus =>
    fromLogs.has(one.name) ? { ...one, ...redactStates(one) } : one;
  const lists = LISTS.flatMap((name) => (status[name] === undefined ? [] : [[name, status[name].map(redact)]]));
  return { ...status, ...Object.fromEntries(lists) };
}

const LISTS = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const;

function redactStates(status: v1.ContainerStatus): Pick<v1.ContainerStatus, "state" | "lastState"> {
  const hide = (state: v1.ContainerState): v1.ContainerState =>
    state.terminated?.message === undefined
      ? state
      : { ...state, terminated: { ...state.terminated, message: HIDDEN } };
  return {
    ...(status.state === undefined ? {} : { state: hide(status.state) }),
    ...(status.lastState === undefined ? {} : { lastState: hide(status.lastState) }),
  };
}
