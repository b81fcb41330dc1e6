import { BerthError } from "../base/errors.ts";
import type { ActionOf, Outcome } from "../pod/action.ts";
import { givenBy, withAllocation } from "../pod/allocation.ts";
import { ceilUnits, parseQuantity, ZERO } from "../pod/quantity.ts";
import { podCgroupLimits } from "../pod/resources.ts";
import type { ContainerUsage } from "../pod/usage.ts";
import type * as v1 from "../pod/v1.ts";
import type { Runtime } from "../ports.ts";
import { done, type Step, type Tools } from "./step.ts";

/** Gives a running container what its pod was given (S26). Less memory than it uses would be its end, and is refused. */
export async function updateContainer(
  { runtime }: Tools,
  { id, name, lowersMemory }: ActionOf<"update-container">,
  { begun, givenUp, pod }: Step,
): Promise<Outcome> {
  begun();
  const container = pod.containers.find((one) => one.name === name);
  if (container === undefined) throw new BerthError("Internal", `container ${name} is not known`);
  if (lowersMemory) {
    const { limits, ofPod } = givenBy(pod, container);
    const limit = bytes(ofPod?.memory ?? limits?.memory);
    assertRoom(`container "${name}"`, limit, await used(runtime, (one) => one.id === id, givenUp));
  }
  await runtime.updateContainer({ pod, container, id }, givenUp);
  return done();
}

/** Brings the pod's cgroup to its bounds; once they are the pod's own, the sandbox is told, too. */
export async function limitPod(
  { cgroups, runtime, settings }: Tools,
  { bounds, lowersMemory, sandbox }: ActionOf<"limit-pod">,
  { begun, givenUp, pod }: Step,
): Promise<Outcome> {
  begun();
  const bounded = withAllocation(pod, bounds);
  const { memoryBytes: limit } = podCgroupLimits(bounded.spec, settings);
  if (lowersMemory && limit !== undefined) {
    assertRoom("pod", limit, await used(runtime, ({ podUid }) => podUid === pod.uid, givenUp));
  }
  await cgroups?.ensure(bounded, givenUp);
  if (sandbox !== undefined) await runtime.updateSandbox(sandbox, pod, givenUp);
  return done();
}

/** Memory that these containers use together, in bytes; those that the runtime has no figure for use none. */
async function used(runtime: Runtime, isOne: (one: ContainerUsage) => boolean, signal: AbortSignal): Promise<number> {
  const ones = (await runtime.usage(signal)).filter(isOne);
  return ones.reduce((sum, { more, workingSetBytes }) => sum + (more?.memoryBytes ?? workingSetBytes ?? 0), 0);
}

function assertRoom(whose: string, limit: number, use: number): void {
  if (use <= limit) return;
  const text = `attempting to set ${whose} memory limit (${limit}) below current usage (${use})`;
  throw new BerthError("HostRefused", `cannot decrease memory limits: ${text}`);
}

const bytes = (written: v1.Quantity | undefined): number =>
  ceilUnits((written === undefined ? undefined : parseQuantity(written)) ?? ZERO);
