import type { Picture } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";
import { unseenExit } from "./container-state.ts";
import type { ContainerStatuses } from "./container-status.ts";

/**
 * Statuses once the pod has ended for good (C10): an app of a pod that had initialized, and every init container up to
 * the last that shows a start, is terminated; where nobody saw how, with code 137.
 */
export function finalStatuses(picture: Picture, { init, apps, ephemeral }: ContainerStatuses): ContainerStatuses {
  const lastBegun = init.findLastIndex(hasBegun);
  const initialized = picture.memory.initialized || init.every(({ ready, started }) => ready || started === true);
  return {
    init: init.map((status, index) => (index <= lastBegun ? terminated(status) : status)),
    apps: initialized ? apps.map(terminated) : apps,
    ephemeral,
  };
}

const hasBegun = ({ state, lastState }: v1.ContainerStatus): boolean =>
  state?.running !== undefined || state?.terminated !== undefined || lastState?.terminated !== undefined;

function terminated(status: v1.ContainerStatus): v1.ContainerStatus {
  if (status.state?.terminated) return status;
  const state = unseenExit("The container could not be located when the pod was terminated");
  return { ...status, state, ready: false, started: false };
}
