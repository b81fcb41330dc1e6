import type { DesiredContainer } from "../pod/desired.ts";
import type { Picture } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";

/**
 * Whether an instance in this state counts as started and as ready (C7, C8). Where a probe has not spoken since the agent
 * began, what was known of the instance before still holds (D8).
 */
export function readiness(
  picture: Picture,
  container: DesiredContainer,
  id: string,
  state: v1.ContainerState,
): { readonly ready: boolean; readonly started: boolean } {
  const started = state.running !== undefined && hasStarted(picture, container, id);
  if (container.role === "ephemeral") return { ready: false, started };
  if (container.role === "init") return { ready: state.terminated?.exitCode === 0, started };
  return { ready: started && isReady(picture, container, id), started };
}

function hasStarted({ verdicts, memory }: Picture, { spec }: DesiredContainer, id: string): boolean {
  if (spec.startupProbe === undefined) return true;
  const verdict = verdicts.get(id)?.startup;
  return verdict === undefined ? memory.instances[id]?.started === true : verdict === "passed";
}

function isReady({ verdicts, memory }: Picture, { spec }: DesiredContainer, id: string): boolean {
  if (spec.readinessProbe === undefined) return true;
  const verdict = verdicts.get(id)?.readiness;
  return verdict === undefined ? memory.instances[id]?.ready === true : verdict === "passed";
}
