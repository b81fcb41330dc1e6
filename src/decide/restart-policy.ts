import type { Cause } from "../pod/action.ts";
import { type DesiredContainer, type DesiredPod, isOfInit } from "../pod/desired.ts";
import type { InstanceMemory, PodMemory } from "../pod/memory.ts";
import type * as v1 from "../pod/v1.ts";

/** Stops after which the container is started again whatever its policy says: another one is asked for (S17, S24). */
const ANYWAY: readonly Cause[] = ["definitionChanged", "resize", "restartRequested", "restartAll"];
/** Stops after which it is started again unless its policy is Never; rules and exit code do not count (S18, S5, S9). */
const UNLESS_NEVER: readonly Cause[] = ["livenessFailed", "startupFailed", "sandboxChanged", "unknownState"];

/** Why an instance was stopped, by this agent or the one before it. */
export const causeIn = (memory: InstanceMemory | undefined): Cause | undefined =>
  memory?.stop?.cause ?? memory?.stopCause;

/**
 * Whether a container that was stopped for this cause is started again; undefined where its exit decides (S17, S18). An
 * ephemeral one never is (3.2).
 */
export function restartsAfterStop(
  pod: DesiredPod,
  container: DesiredContainer,
  cause: Cause | undefined,
): boolean | undefined {
  if (cause === undefined) return undefined;
  if (container.role === "ephemeral") return false;
  if (ANYWAY.includes(cause)) return true;
  if (cause === "unknownState" && container.role !== "init") return true;
  if (cause === "sandboxChanged" && startsOver(pod, container)) return true;
  return UNLESS_NEVER.includes(cause) ? container.restartPolicy !== "Never" : undefined;
}

/** S5: with a new sandbox and no init containers the app containers begin anew, by the policy of the pod alone. */
export const startsOver = (pod: DesiredPod, { role }: DesiredContainer): boolean =>
  role === "app" && pod.restartPolicy !== "Never" && !pod.containers.some(isOfInit);

/**
 * Whether an instance that has ended is followed by another, by what is remembered of it and its exit code. One that a restart of
 * all takes along is; an init container that has done its work is not counted among them, though it runs again (S24).
 */
export const isFollowed = (
  pod: DesiredPod,
  container: DesiredContainer,
  { starts, instances }: Pick<PodMemory, "starts" | "instances">,
  { id, exitCode }: { readonly id: string; readonly exitCode: number },
): boolean =>
  (starts[container.name]?.anew === true && !(container.role === "init" && exitCode === 0)) ||
  (restartsAfterStop(pod, container, causeIn(instances[id])) ?? restartsAfter(container, exitCode));

/** Whether a container is started again after this exit code: its rules first, then its policy (S20). */
export function restartsAfter(container: DesiredContainer, exitCode: number): boolean {
  if (container.role === "sidecar") return true;
  if (container.role === "init" && exitCode === 0) return false;
  if (ruleFor(container, exitCode) !== undefined) return true;
  if (container.restartPolicy === "Never") return false;
  return container.restartPolicy === "Always" || exitCode !== 0;
}

/** The first rule that an exit code fits; there are none unless the container sets its own policy (S20). */
export const ruleFor = ({ restartRules }: DesiredContainer, exitCode: number): v1.ContainerRestartRule | undefined =>
  restartRules.find((rule) => isRuleFor(rule, exitCode));

/** Whether a rule is about this exit code. */
export function isRuleFor({ exitCodes }: v1.ContainerRestartRule, exitCode: number): boolean {
  const listed = exitCodes?.values?.includes(exitCode) ?? false;
  return exitCodes?.operator === "In" ? listed : exitCodes?.operator === "NotIn" && !listed;
}
