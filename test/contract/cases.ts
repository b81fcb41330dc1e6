import type { Case } from "./case.ts";
import { COMMAND_CASES } from "./cases/commands.ts";
import { CONTAINER_CASES } from "./cases/containers.ts";
import { EVENT_CASES } from "./cases/events.ts";
import { LIST_CASES } from "./cases/lists.ts";
import { SANDBOX_CASES } from "./cases/sandboxes.ts";
import { STOPPING_CASES } from "./cases/stopping.ts";

/** What the agent relies on while the runtime stays up: these run side by side. */
export const STEADY_CASES: readonly Case[] = [
  ...SANDBOX_CASES,
  ...LIST_CASES,
  ...CONTAINER_CASES,
  ...STOPPING_CASES,
  ...COMMAND_CASES,
  ...EVENT_CASES,
];

/** These restart the runtime, one after the other. */
export { BREAKING_CASES } from "./cases/breaking.ts";
