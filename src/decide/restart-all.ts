import type { DesiredContainer } from "../pod/desired.ts";
import { act, type Draft, hold, instanceOf, noteStart, startOf, wake } from "./draft.ts";
import { exitCodeOf, isExitKnown, stopCauseOf } from "./exits.ts";
import { allStill, instancesOf, newestOf } from "./instances.ts";
import { ruleFor } from "./restart-policy.ts";
import { stopAll } from "./stop.ts";

/**
 * Containers whose own exit asks to restart all (S24). Their dead instances are the state of the reset: it goes on until they
 * are removed, last of all, whoever the agent is by then.
 */
export function restartAllTriggers(draft: Draft): readonly DesiredContainer[] {
  const { desired, observed } = draft.picture;
  return desired.containers.filter((container) => {
    const newest = newestOf(draft.picture, container.name);
    if (newest === undefined || newest.sandboxId !== observed.sandboxes[0]?.id) return false;
    if (newest.state !== "exited" || !isExitKnown(draft, newest) || stopCauseOf(draft, newest) !== undefined)
      return false;
    return ruleFor(container, exitCodeOf(newest))?.action === "RestartAllContainers";
  });
}

/** Resets the pod's containers: all killed at once, then removed in order; logs, sandbox and volumes stay (S24). */
export function resetAll(draft: Draft, triggers: readonly DesiredContainer[]): void {
  for (const { name } of resetOf(draft)) {
    const message = "restarts with all containers of the pod";
    hold(draft, { subject: `container/${name}`, reason: "RestartingAllContainers", message, needs: "sibling" });
    noteStart(draft, name, { ...startOf(draft, name), anew: true });
  }
  if (allStill(draft)) removeInOrder(draft, triggers);
  else stopAll(draft, { cause: "restartAll", graceSeconds: 0, hook: false });
}

/** An ephemeral container ends with the others; it does not come back, and what is left of it stays to be seen. */
const resetOf = ({ picture: { desired } }: Draft): readonly DesiredContainer[] =>
  desired.containers.filter(({ role }) => role !== "ephemeral");

/** Other apps, other init containers, then the apps and init containers that asked for it (S24). */
function removeInOrder(draft: Draft, triggers: readonly DesiredContainer[]): void {
  const containers = resetOf(draft);
  const isTrigger = (container: DesiredContainer): boolean => triggers.includes(container);
  const isApp = ({ role }: DesiredContainer): boolean => role === "app";
  const waves = [
    containers.filter((one) => isApp(one) && !isTrigger(one)),
    containers.filter((one) => !isApp(one) && !isTrigger(one)),
    containers.filter((one) => isApp(one) && isTrigger(one)),
    containers.filter((one) => !isApp(one) && isTrigger(one)),
  ];
  const wave = waves.find((names) => names.some(({ name }) => instancesOf(draft.picture, name).length > 0));
  for (const { name } of wave ?? []) removeOldest(draft, name);
}

/** No back-off applies to a reset (S25), yet it never comes round faster than the kubelet would notice the exit (0.1). */
const RELIST_MS = 1000;

/** The newest goes last. */
function removeOldest(draft: Draft, name: string): void {
  const oldest = instancesOf(draft.picture, name).at(-1);
  if (oldest === undefined) return;
  const earliest = (instanceOf(draft, oldest.id).endedAt ?? 0) + RELIST_MS;
  if (draft.picture.now.monoMs < earliest) {
    wake(draft, earliest);
    return;
  }
  act(draft, { subject: `container/${name}`, kind: "remove-container", id: oldest.id, name, keepLog: true });
}
