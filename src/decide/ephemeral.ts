import type { DesiredContainer } from "../pod/desired.ts";
import { type Draft, startOf } from "./draft.ts";
import { isFitting, newestOf } from "./instances.ts";
import { carryStart } from "./start.ts";

/**
 * Ephemeral containers: each is made once, as soon as the sandbox is up and whatever the others do, and started once (3.2).
 * However it ended, and whoever the agent was then, it does not run again.
 */
export function carryEphemeral(draft: Draft, mayMake: boolean): void {
  const waiting = draft.picture.desired.containers.filter((one) => one.role === "ephemeral" && isDue(draft, one));
  for (const container of waiting) carryStart(draft, container, mayMake);
}

function isDue(draft: Draft, container: DesiredContainer): boolean {
  const newest = newestOf(draft.picture, container.name);
  if (newest !== undefined) return isFitting(draft, container, newest);
  return startOf(draft, container.name).attempt === undefined;
}
