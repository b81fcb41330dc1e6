import { assertNever } from "../base/assert-never.ts";
import type { Cause } from "../pod/action.ts";
import { type DesiredContainer, isOfInit } from "../pod/desired.ts";

/** What the Killing event says of a container that is stopped for this cause (lifecycle.md 10, 6.2, S17). */
export function killingText(container: DesiredContainer, cause: Cause): string {
  const { name } = container;
  const isApp = container.role === "app";
  const who = isOfInit(container) ? `Init container ${name}` : `Container ${name}`;
  const again = isApp && container.restartPolicy !== "Never" ? ", will be restarted" : "";
  switch (cause) {
    case "podEnding":
    case "podFailed":
    case "sandboxChanged":
    case "restartAll":
      return `Stopping container ${name}`;
    case "livenessFailed":
      return `${who} failed liveness probe${again}`;
    case "startupFailed":
      return `${who} failed startup probe${again}`;
    case "definitionChanged":
      return isApp ? `${who} definition changed, will be restarted` : `${who} definition changed`;
    case "unknownState":
      return `${isOfInit(container) ? "Init container" : "Container"} is in "unknown" state, try killing it before restart`;
    case "postStartFailed":
      return "FailedPostStartHook";
    case "restartRequested":
      return `${who} will be restarted, as requested`;
    case "resize":
      return `${who} resize requires restart`;
    default:
      return assertNever(cause);
  }
}
