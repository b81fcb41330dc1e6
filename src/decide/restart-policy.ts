import type { DesiredContainer } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";

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
  restartRules.find((rule) => matches(rule, exitCode));

function matches({ exitCodes }: v1.ContainerRestartRule, exitCode: number): boolean {
  const listed = exitCodes?.values?.includes(exitCode) ?? false;
  return exitCodes?.operator === "In" ? listed : exitCodes?.operator === "NotIn" && !listed;
}
