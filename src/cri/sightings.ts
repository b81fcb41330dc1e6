import type { MonoMs, Now } from "../base/clock.ts";
import type { ObservedSandbox, Sighting } from "../pod/observed.ts";
import {
  type Container,
  type ContainerEventResponse,
  ContainerEventType,
  type PodSandbox,
  type PodSandboxStatus,
} from "./generated/types.ts";
import { LABEL } from "./names.ts";
import type { Observer } from "./observe.ts";

type Labels = Readonly<Record<string, string>>;

/** One sighting for each pod that has an object in the lists; whole as of the moment at which they were asked for. */
export function sightingsOfLists(
  sandboxes: readonly PodSandbox[],
  containers: readonly Container[],
  begunMonoMs: MonoMs,
  observer: Observer,
): readonly Sighting[] {
  const pods = new Map<string, { labels: Labels; sandboxes: PodSandbox[]; containers: Container[] }>();
  const podOf = (labels: Labels) => {
    const uid = labels[LABEL.podUid] ?? "";
    const known = pods.get(uid) ?? { labels, sandboxes: [], containers: [] };
    pods.set(uid, known);
    return known;
  };
  // What has no id cannot be asked about or removed: it is none.
  for (const item of sandboxes) if (item.id !== "") podOf(item.labels).sandboxes.push(item);
  for (const item of containers) if (item.id !== "") podOf(item.labels).containers.push(item);
  pods.delete("");
  return [...pods].map(([podUid, pod]) => ({
    podUid,
    ...nameOf(pod.labels),
    sandboxes: pod.sandboxes.map(observer.sandbox),
    containers: pod.containers.map(observer.container),
    gone: [],
    whole: { begunMonoMs },
  }));
}

/**
 * What an event shows of a pod of this owner; undefined for others, and for events that do not tell their pod. Containers and
 * sandboxes alike come under their own id. Absence proves nothing here.
 */
export function sightingOfEvent(
  event: ContainerEventResponse,
  ownerId: string,
  observer: Observer,
  now: Now,
): Sighting | undefined {
  const status = event.pod_sandbox_status;
  const podUid = status?.labels[LABEL.podUid];
  if (!status?.id || !podUid || status.labels[LABEL.owner] !== ownerId) return undefined;
  const gone = event.container_event_type === ContainerEventType.CONTAINER_DELETED_EVENT ? [event.container_id] : [];
  const containers = event.containers_statuses.map((one) => observer.containerStatus(one, status.id));
  return {
    podUid,
    ...nameOf(status.labels),
    sandboxes: gone.includes(status.id) ? [] : [sandboxOfEvent(status, observer)],
    containers: containers.filter(({ id }) => id !== "" && !gone.includes(id) && id !== status.id),
    gone,
    ...madeWhen(event, now),
  };
}

/** The moment of the runtime's own stamp, if it has one; where the clock was set since, it is off by as much. */
function madeWhen({ created_at }: ContainerEventResponse, { wallMs, monoMs }: Now): Pick<Sighting, "madeMonoMs"> {
  const madeWallMs = Number(created_at / 1_000_000n);
  return madeWallMs > 0 ? { madeMonoMs: monoMs - Math.max(0, wallMs - madeWallMs) } : {};
}

/** A sandbox that is still being made has no addresses yet, which is not the same as having none. */
function sandboxOfEvent(status: PodSandboxStatus, observer: Observer): ObservedSandbox {
  const { ips, ...sandbox } = observer.sandboxStatus(status);
  return ips === undefined || (ips.length === 0 && sandbox.hostNetwork !== true) ? sandbox : { ...sandbox, ips };
}

/** The pod's name, where the labels have it. */
function nameOf(labels: Labels): Pick<Sighting, "pod"> {
  const { [LABEL.podNamespace]: namespace, [LABEL.podName]: name } = labels;
  return namespace === undefined || name === undefined ? {} : { pod: { namespace, name } };
}
