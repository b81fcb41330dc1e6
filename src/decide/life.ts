import type { DesiredContainer } from "../pod/desired.ts";
import type { ObservedContainer, ObservedSandbox } from "../pod/observed.ts";
import type { Picture } from "../pod/plan.ts";

/** The sandbox of the highest attempt, ready or not. */
export const newestSandbox = ({ observed }: Picture): ObservedSandbox | undefined => observed.sandboxes[0];

/** The newest sandbox can carry on as it is: table 3.3 asks for no new one. */
export function sandboxFits({ desired, observed }: Picture): boolean {
  const [newest] = observed.sandboxes;
  if (newest?.state !== "ready") return false;
  if (observed.sandboxes.filter(({ state }) => state === "ready").length > 1) return false;
  if (newest.hostNetwork !== undefined && newest.hostNetwork !== desired.hostNetwork) return false;
  return desired.hostNetwork || newest.ips === undefined || newest.ips.length > 0;
}

/** The pod was told to end, or ends by itself: nothing of it is started any more. */
export const isOver = ({ ending, memory }: Picture): boolean => ending !== undefined || memory.terminal !== undefined;

/** Some container of the pod may be running at this moment; one whose exit is still to be read counts (P3). */
export const mayRun = (picture: Picture): boolean =>
  picture.observed.containers.some((container) => mayLive(picture, container));

function mayLive({ inFlight, memory }: Picture, { id, name, state, exitCode }: ObservedContainer): boolean {
  if (state === "exited") return exitCode === undefined;
  if (state !== "created") return true;
  if (memory.inDoubt[`container/${name}`] !== undefined) return true;
  return [...inFlight.values()].some(({ action }) => action.kind === "start-container" && action.id === id);
}

/** The pod is over, and all its containers and sandboxes have stopped (8.3, stage 1). */
export function hasEnded(picture: Picture): boolean {
  const { observed, memory } = picture;
  if (!isOver(picture) || !observed.listed || mayRun(picture)) return false;
  return observed.sandboxes.every(({ id, state }) => state !== "ready" || memory.stoppedSandboxes.includes(id));
}

/** Some app container exists in the newest sandbox (5.2). */
export function appsBegun(picture: Picture): boolean {
  const sandboxId = newestSandbox(picture)?.id;
  const apps = new Set(picture.desired.containers.filter(isApp).map(({ name }) => name));
  return picture.observed.containers.some((container) => container.sandboxId === sandboxId && apps.has(container.name));
}

const isApp = ({ role }: DesiredContainer): boolean => role === "app";
