import type { DesiredContainer, DesiredPod } from "./desired.ts";
import { compareQuantities, parseQuantity, type Quantity, ZERO } from "./quantity.ts";
import type * as v1 from "./v1.ts";

/** cpu and memory of a pod's containers, by name, and of the pod as a whole: what may change while they run (S26). */
export type Allocation = {
  /** Absent: the pod as a whole asks for nothing. */
  readonly pod?: v1.ResourceRequirements;
  readonly containers: Readonly<Record<string, v1.ResourceRequirements>>;
};

/** cpu and memory that one container has: its own, and the pod's limits where it has none of its own. */
export type Given = v1.ResourceRequirements & { readonly ofPod?: Amounts };
type Amounts = Readonly<Record<string, v1.Quantity>>;

/** Resources that may change while a container runs. */
const RESIZABLE = ["cpu", "memory"] as const;

/** Whether the container's resources may change while it runs (S26). */
export const isResizable = ({ role }: DesiredContainer): boolean => role !== "ephemeral";

/** What a pod asks for, or was given. */
export const allocationOf = ({ spec, containers }: DesiredPod): Allocation => ({
  ...(spec.resources === undefined ? {} : { pod: resizableOf(spec.resources) }),
  containers: Object.fromEntries(
    containers.filter(isResizable).map(({ name, spec }) => [name, resizableOf(spec.resources)]),
  ),
});

/** Of resources those that may change, in a fixed order. */
function resizableOf(resources: v1.ResourceRequirements | undefined): v1.ResourceRequirements {
  return { limits: resizablePart(resources?.limits), requests: resizablePart(resources?.requests) };
}

const resizablePart = (list: Amounts = {}): Record<string, v1.Quantity> =>
  Object.fromEntries(RESIZABLE.flatMap((name) => (list[name] === undefined ? [] : [[name, list[name]]])));

/** The pod with these resources in place of those that it asks for. */
export function withAllocation(pod: DesiredPod, allocation: Allocation): DesiredPod {
  const replace = <C extends v1.Container>(container: C): C => {
    const own = allocation.containers[container.name];
    return own === undefined ? container : { ...container, resources: mergedResources(container.resources, own) };
  };
  const { initContainers, containers, resources } = pod.spec;
  const whole = allocation.pod ?? {};
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(replace),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(replace) }),
      ...(resources === undefined ? {} : { resources: mergedResources(resources, whole) }),
    },
    containers: pod.containers.map((one) => (isResizable(one) ? { ...one, spec: replace(one.spec) } : one)),
  };
}

/** Resources with other cpu and memory; what may not change stays. */
export function mergedResources(
  whole: v1.ResourceRequirements | undefined,
  { limits, requests }: v1.ResourceRequirements,
): v1.ResourceRequirements {
  return { ...whole, limits: merged(whole?.limits, limits), requests: merged(whole?.requests, requests) };
}

function merged(list: Amounts = {}, own: Amounts = {}): Record<string, v1.Quantity> {
  const fixed = Object.entries(list).filter(([name]) => !RESIZABLE.some((other) => other === name));
  return { ...Object.fromEntries(fixed), ...resizablePart(own) };
}

/** What a container has once it is made, or brought to what it is to have. */
export function givenBy({ spec }: DesiredPod, container: DesiredContainer): Given {
  const own = resizableOf(container.spec.resources);
  const ofPod = resizablePart(spec.resources?.limits);
  const lent = Object.entries(ofPod).filter(([name]) => amount(own.limits?.[name]).nanos === 0n);
  return lent.length === 0 ? own : { ...own, ofPod: Object.fromEntries(lent) };
}

/** The same as it rides on a container, so that the next agent knows what that was made with. */
export const givenText = (pod: DesiredPod, container: DesiredContainer): string =>
  JSON.stringify(givenBy(pod, container));

/** What such a text says; undefined when it says nothing. */
export function readGiven(text: string | undefined): Given | undefined {
  if (text === undefined) return undefined;
  try {
    const read = JSON.parse(text) as Given;
    return { ...resizableOf(read), ...(read.ofPod === undefined ? {} : { ofPod: resizablePart(read.ofPod) }) };
  } catch {
    return undefined;
  }
}

export type Change = {
  readonly resource: (typeof RESIZABLE)[number];
  readonly of: "limits" | "requests" | "ofPod";
  /** Of a limit that is gone, more; of a request that is gone, less. */
  readonly isLess: boolean;
};

/** In which of its resources a container that has one thing differs from one that has the other. */
export function changesOf(before: Given, after: Given): readonly Change[] {
  return (["limits", "requests", "ofPod"] as const).flatMap((of) =>
    RESIZABLE.flatMap((resource): readonly Change[] => {
      const [old, next] = [amount(before[of]?.[resource]), amount(after[of]?.[resource])];
      const order = compareQuantities(next, old);
      if (order === 0) return [];
      if (of === "requests") return [{ resource, of, isLess: order < 0 }];
      return [{ resource, of, isLess: next.nanos !== 0n && (old.nanos === 0n || order < 0) }];
    }),
  );
}

/** Resources that hold both: the larger of each, and no limit where one has none. */
export const largerOf = (one: v1.ResourceRequirements, other: v1.ResourceRequirements): v1.ResourceRequirements => ({
  limits: largest(one.limits, other.limits, "both"),
  requests: largest(one.requests, other.requests, "either"),
});

function largest(one: Amounts = {}, other: Amounts = {}, present: "both" | "either"): Record<string, v1.Quantity> {
  return Object.fromEntries(
    RESIZABLE.flatMap((name): [string, v1.Quantity][] => {
      const [left, right] = [one[name], other[name]];
      if (left === undefined || right === undefined) {
        const only = left ?? right;
        return present === "both" || only === undefined ? [] : [[name, only]];
      }
      return [[name, compareQuantities(amount(left), amount(right)) >= 0 ? left : right]];
    }),
  );
}

const amount = (written: v1.Quantity | undefined): Quantity =>
  (written === undefined ? undefined : parseQuantity(written)) ?? ZERO;
