import type { DesiredContainer } from "../pod/desired.ts";
import type { Picture } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";
import { idOfUri } from "./container-state.ts";
import { appsBegun, hasEnded, mayRun } from "./life.ts";
import { isFollowed } from "./restart-policy.ts";

/** Phase with the words that go with it. */
export type PodPhase = {
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed";
  readonly reason?: string;
  readonly message?: string;
};

/** The phase that these container statuses give, with what ended the pod put above them (lifecycle.md 5.2). */
export function podPhase(picture: Picture, statuses: readonly v1.ContainerStatus[]): PodPhase {
  const { memory, ending } = picture;
  const decided = memory.terminal ?? (hasEnded(picture) ? ending?.result : undefined);
  const counted = decided ?? { phase: phaseOf(picture, statuses) };
  const final = counted.phase === "Succeeded" || counted.phase === "Failed";
  if (final && mayRun(picture)) return { phase: memory.phase ?? begunPhase(picture) };
  if (!final && hasEnded(picture) && !isStatic(picture)) return { phase: "Failed" };
  return wordsOf(counted);
}

const wordsOf = ({ phase, reason, message }: PodPhase): PodPhase => ({
  phase,
  ...(reason === undefined ? {} : { reason }),
  ...(message === undefined ? {} : { message }),
});

const begunPhase = (picture: Picture): "Pending" | "Running" => (appsBegun(picture) ? "Running" : "Pending");

/** A static pod that the agent stopped is not forced to a final phase (P4). */
const isStatic = ({ desired }: Picture): boolean => desired.origin.kind !== "api";

type Counts = {
  pendingInit: number;
  failedInit: number;
  pendingSidecar: number;
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
  final: number;
  unknown: number;
};

/** Table of 5.2; the first match wins. */
function phaseOf(picture: Picture, statuses: readonly v1.ContainerStatus[]): PodPhase["phase"] {
  const counts = count(picture, statuses);
  const { running, stopped, unknown } = counts;
  if (counts.failedInit > 0) return "Failed";
  if (counts.pendingInit > 0 || (counts.pendingSidecar > 0 && !appsBegun(picture))) return "Pending";
  if (counts.waiting > 0) return "Pending";
  if (running > 0 && unknown === 0) return "Running";
  if (running > 0 || stopped === 0 || unknown > 0) return "Pending";
  if (hasEnded(picture) && !isStatic(picture)) return stopped === counts.succeeded ? "Succeeded" : "Failed";
  if (stopped !== counts.final) return "Running";
  return stopped === counts.succeeded ? "Succeeded" : "Failed";
}

function count(picture: Picture, statuses: readonly v1.ContainerStatus[]): Counts {
  const counts: Counts = {
    pendingInit: 0,
    failedInit: 0,
    pendingSidecar: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    succeeded: 0,
    final: 0,
    unknown: 0,
  };
  const byName = new Map(statuses.map((status) => [status.name, status]));
  for (const container of picture.desired.containers) {
    COUNTERS[container.role](counts, container, byName.get(container.name), picture);
  }
  return counts;
}

type Counter = (
  counts: Counts,
  container: DesiredContainer,
  status: v1.ContainerStatus | undefined,
  picture: Picture,
) => void;

const COUNTERS: Readonly<Record<DesiredContainer["role"], Counter>> = {
  init(counts, container, status, picture) {
    const exit = exitOf(status);
    if (exit === undefined) counts.pendingInit += 1;
    else if (exit.exitCode !== 0 && !followed(picture, container, exit)) counts.failedInit += 1;
  },
  /** One that ended is left out, so that its exit code never counts (P2). */
  sidecar(counts, _container, status) {
    if (status === undefined) counts.unknown += 1;
    else if (status.state?.running) {
      counts.running += 1;
      if (!status.started) counts.pendingSidecar += 1;
    } else if (exitOf(status) === undefined) {
      counts.pendingSidecar += 1;
      counts.waiting += 1;
    }
  },
  /** Nothing of the pod depends on it. */
  ephemeral() {},
  app(counts, container, status, picture) {
    const exit = exitOf(status);
    if (status === undefined) counts.unknown += 1;
    else if (status.state?.running) counts.running += 1;
    else if (exit === undefined) counts.waiting += 1;
    else {
      counts.stopped += 1;
      if (status.state?.terminated?.exitCode === 0) counts.succeeded += 1;
      if (!followed(picture, container, exit)) counts.final += 1;
    }
  },
};

const followed = (
  { desired, memory }: Picture,
  container: DesiredContainer,
  { containerID, exitCode }: v1.ContainerStateTerminated,
): boolean => isFollowed(desired, container, memory, { id: idOfUri(containerID) ?? "", exitCode });

/** The exit of a container that ended, or of the instance before the one that it waits for. */
const exitOf = (status: v1.ContainerStatus | undefined): v1.ContainerStateTerminated | undefined =>
  status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
