import type { MonoMs } from "../base/clock.ts";
import { sameData } from "../base/same.ts";
import {
  type Allocation,
  allocationOf,
  type Change,
  changesOf,
  type Given,
  givenBy,
  isResizable,
  largerOf,
  readGiven,
  withAllocation,
} from "../pod/allocation.ts";
import type { DesiredContainer, DesiredPod } from "../pod/desired.ts";
import type { InstanceMemory, PodMemory } from "../pod/memory.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import type { Picture } from "../pod/plan.ts";
import { newestOf } from "./instances.ts";

/**
 * In-place resize (S26). A pod of an API server whose cpu or memory changes keeps what it was given until the node has granted
 * the change; then the pod's cgroup and each container are brought to it (resize-steps.ts), or a container is restarted.
 */

/** What the pod's decisions rest on: as asked, but with the resources that it was given so far. */
export const allocatedPod = (asked: DesiredPod, { allocated }: PodMemory): DesiredPod =>
  allocated === undefined ? asked : withAllocation(asked, allocated);

/** The pod is asked for in another form: one that has begun keeps its resources until others are granted. */
export function noteAsked(memory: PodMemory, before: DesiredPod, next: DesiredPod, hasBegun: boolean): PodMemory {
  const was = allocationOf(before);
  const waits = hasBegun && next.bound !== undefined && !sameData(was, allocationOf(next));
  return waits ? { ...memory, allocated: was } : withoutAllocated(memory);
}

/** What is asked for was granted: it is in progress until all that runs has it. */
export function noteGranted(memory: PodMemory, { bound }: DesiredPod, now: MonoMs): PodMemory {
  const generation = bound?.generation;
  const resizing = { sinceAt: now, ...(generation === undefined ? {} : { generation }) };
  return { ...withoutResizeFailures(withoutAllocated(memory)), resizing };
}

/** Steps of a resize, as their failures are remembered. */
const STEPS: readonly string[] = ["update-container", "limit-pod"];
const isStep = (key: string): boolean => STEPS.some((kind) => key.startsWith(`${kind} `));

/** The memory without what went wrong with an earlier resize. */
export function withoutResizeFailures(memory: PodMemory): PodMemory {
  const failures = Object.entries(memory.failures);
  if (!failures.some(([key]) => isStep(key))) return memory;
  return { ...memory, failures: Object.fromEntries(failures.filter(([key]) => !isStep(key))) };
}

/** Why the resize that is in progress does not come forward. */
export const resizeFailure = ({ failures }: PodMemory): string | undefined =>
  Object.entries(failures).find(([key]) => isStep(key))?.[1].failure.message;

function withoutAllocated(memory: PodMemory): PodMemory {
  if (memory.allocated === undefined) return memory;
  const { allocated: _old, ...rest } = memory;
  return rest;
}

/** What an instance has of cpu and memory; undefined where nobody knows. */
export const givenTo = (instance: ObservedContainer, known: InstanceMemory | undefined): Given | undefined =>
  readGiven(known?.given ?? instance.given);

/** What is not yet as it was granted in an instance. */
function lagOf({ desired, memory }: Sight, container: DesiredContainer, instance: ObservedContainer) {
  const given = isResizable(container) ? givenTo(instance, memory.instances[instance.id]) : undefined;
  return given === undefined ? [] : changesOf(given, givenBy(desired, container));
}
type Sight = Pick<Picture, "desired" | "memory">;

/** What has to be done to a running instance so that it has what its container was given. */
export function resizeNeed(
  sight: Sight,
  container: DesiredContainer,
  instance: ObservedContainer,
): "none" | "update" | "restart" {
  const lag = lagOf(sight, container, instance);
  if (lag.length === 0) return "none";
  const restarts = (container.spec.resizePolicy ?? [])
    .filter(({ restartPolicy }) => restartPolicy === "RestartContainer")
    .map(({ resourceName }) => resourceName);
  return lag.some(({ of, resource }) => of !== "ofPod" && restarts.includes(resource)) ? "restart" : "update";
}

/** A running container that does not have yet what it was given. */
export type Lagging = {
  readonly container: DesiredContainer;
  readonly instance: ObservedContainer;
  readonly has: Given;
  readonly lag: readonly Change[];
};

/** All of a pod that run and lag; what does not run begins with what it was given (S26). */
export function lagging(picture: Picture): readonly Lagging[] {
  return picture.desired.containers.flatMap((container): readonly Lagging[] => {
    const instance = newestOf(picture, container.name);
    const has = instance && givenTo(instance, picture.memory.instances[instance.id]);
    if (instance?.state !== "running" || has === undefined) return [];
    const lag = lagOf(picture, container, instance);
    return lag.length === 0 ? [] : [{ container, instance, has, lag }];
  });
}

/** What the pod's cgroup has to hold: what the pod was given, and what any of its running containers still has (S26). */
export function boundsOf(picture: Picture): Allocation {
  return lagging(picture).reduce(widened, allocationOf(picture.desired));
}

function widened({ pod, containers }: Allocation, { container: { name }, has }: Lagging): Allocation {
  const own = containers[name];
  return {
    ...(pod === undefined ? {} : { pod: { ...pod, limits: widerLimits(pod.limits, has.ofPod) } }),
    containers: { ...containers, ...(own === undefined ? {} : { [name]: largerOf(own, has) }) },
  };
}

/** A container that was lent no limit of the pod says nothing of the pod's. */
function widerLimits(limits: Given["limits"], ofPod: Given["ofPod"] = {}): Record<string, string | number> {
  const wider = largerOf({ limits: { ...limits, ...ofPod } }, { limits: limits ?? {} }).limits;
  return { ...limits, ...wider };
}
