import type { Subject } from "../pod/action.ts";
import { type DesiredContainer, isOfInit } from "../pod/desired.ts";
import { type Draft, flightOf, hold } from "./draft.ts";
import { isInPostStart } from "./init-order.ts";
import { newestOf } from "./instances.ts";
import { carryStart, type StartStep } from "./start.ts";
import { carryStop } from "./stop.ts";
import { graceOf, wantOf } from "./wants.ts";

/**
 * App containers, once all is initialized (S17, S21, D7). They are created in the order of the manifest, each as soon as its
 * image is there and the one before it was made; while it starts, the next is made. A postStart that runs, or will once its container has come so far, holds the first start of later ones;
 * an earlier one that is held itself holds nobody, and restarts wait for no sibling.
 */
export function carryApps(draft: Draft, apps: readonly DesiredContainer[], mayMake: boolean): void {
  let before: string | undefined;
  for (const container of apps) {
    const step = carryApp(draft, container, before, mayMake);
    before ??= holdsLater(draft, container, step) ? container.name : undefined;
  }
}

function carryApp(
  draft: Draft,
  container: DesiredContainer,
  before: string | undefined,
  mayMake: boolean,
): StartStep | undefined {
  const want = wantOf(draft, container);
  switch (want.kind) {
    case "keep":
    case "wait":
      return undefined;
    case "stop": {
      const graceSeconds = graceOf(draft, container, want.cause);
      carryStop(draft, want.instance, { cause: want.cause, graceSeconds, hook: graceSeconds > 0, turn: true });
      return undefined;
    }
    case "start":
      if (before === undefined || !isFirstStart(draft, container)) return carryStart(draft, container, mayMake);
      hold(draft, {
        subject: `container/${container.name}`,
        reason: defaultReason(draft),
        message: `starts after container "${before}"`,
        needs: "sibling",
      });
      return carryStart(draft, container, false);
  }
}

function holdsLater(draft: Draft, container: DesiredContainer, step: StartStep | undefined): boolean {
  const newest = newestOf(draft.picture, container.name);
  if (newest !== undefined && isInPostStart(draft, newest.id) && newest.state !== "exited") return true;
  if (step === undefined || step === "held" || !isFirstStart(draft, container)) return false;
  return step === "looking" || isBeingMade(draft, container) || container.spec.lifecycle?.postStart !== undefined;
}

/** Its create is planned or under way; one that is in doubt holds nobody. */
function isBeingMade(draft: Draft, { name }: DesiredContainer): boolean {
  const subject: Subject = `container/${name}`;
  const action = flightOf(draft, subject)?.action ?? draft.actions.find((planned) => planned.subject === subject);
  return action?.kind === "create-container";
}

/** No instance of it has run in the current sandbox. */
function isFirstStart({ picture }: Draft, { name }: DesiredContainer): boolean {
  const sandboxId = picture.observed.sandboxes[0]?.id;
  return !picture.observed.containers.some(
    (other) => other.name === name && other.sandboxId === sandboxId && other.state !== "created",
  );
}

/** The word for a container that waits without a reason of its own (4.3). */
export const defaultReason = ({ picture }: Draft): string =>
  picture.desired.containers.some(isOfInit) ? "PodInitializing" : "ContainerCreating";
