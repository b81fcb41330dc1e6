import type { WallMs } from "../base/clock.ts";
import { humanDuration } from "../pod/duration.ts";
import { parseTime } from "../pod/time.ts";
import type * as v1 from "../pod/v1.ts";

/** One line of `get pods`; the last four are those of `-o wide`. */
export type PodColumns = {
  readonly name: string;
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
  readonly age: string;
  readonly ip: string;
  readonly node: string;
  readonly nominatedNode: string;
  readonly readinessGates: string;
};

const NONE = "<none>";
const NODE_UNREACHABLE = "NodeLost";

/** A pod in kubectl's words and numbers (lifecycle.md 5.4). */
export function podColumns(pod: v1.Pod, nowWallMs: WallMs): PodColumns {
  const { metadata = {}, spec, status = {} } = pod;
  const scan = scanContainers(pod);
  const last = scan.restarts > 0 && scan.lastExitMs !== undefined ? ` (${ago(scan.lastExitMs, nowWallMs)} ago)` : "";
  return {
    name: metadata.name ?? "",
    ready: `${scan.ready}/${(spec?.containers.length ?? 0) + sidecarNames(pod).size}`,
    status: statusWord(pod, scan.reason),
    restarts: `${scan.restarts}${last}`,
    age: ago(parseTime(metadata.creationTimestamp ?? ""), nowWallMs),
    ip: status.podIPs?.[0]?.ip || NONE,
    node: spec?.nodeName || NONE,
    nominatedNode: status.nominatedNodeName || NONE,
    readinessGates: readinessGates(pod),
  };
}

const ago = (wallMs: WallMs | undefined, nowWallMs: WallMs): string =>
  wallMs === undefined ? "<unknown>" : humanDuration(nowWallMs - wallMs);

function statusWord({ metadata, status }: v1.Pod, reason: string): string {
  if (metadata?.deletionTimestamp === undefined) return reason;
  if (status?.reason === NODE_UNREACHABLE) return "Unknown";
  return status?.phase === "Succeeded" || status?.phase === "Failed" ? reason : "Terminating";
}

function readinessGates({ spec, status }: v1.Pod): string {
  const gates = spec?.readinessGates ?? [];
  const open = gates.filter(({ conditionType }) => isTrue(status, conditionType));
  return gates.length === 0 ? NONE : `${open.length}/${gates.length}`;
}

const isTrue = (status: v1.PodStatus | undefined, type: string): boolean =>
  status?.conditions?.find((condition) => condition.type === type)?.status === "True";

const sidecarNames = ({ spec }: v1.Pod): ReadonlySet<string> =>
  new Set((spec?.initContainers ?? []).filter((init) => init.restartPolicy === "Always").map(({ name }) => name));

/** What the containers make of a line: the word that they give, how many are ready, restarts and the last exit before one. */
type Scan = {
  readonly reason: string;
  readonly ready: number;
  readonly restarts: number;
  readonly lastExitMs: number | undefined;
};

function scanContainers(pod: v1.Pod): Scan {
  const { status = {} } = pod;
  const sidecars = sidecarNames(pod);
  const statuses = status.initContainerStatuses ?? [];
  const index = statuses.findIndex((container) => !isPast(container, sidecars));
  const walked = index < 0 ? statuses : statuses.slice(0, index + 1);
  const holding = statuses[index];
  const reason = status.reason || status.phase || "";
  const ready = walked.filter((container) => isStarted(container, sidecars) && container.ready).length;
  const initReason = holding ? `Init:${initWord(holding, index, pod)}` : reason;
  if (holding && !isTrue(status, "Initialized")) return { reason: initReason, ready, ...restartsOf(walked) };
  return scanApps(
    pod,
    initReason,
    ready,
    walked.filter(({ name }) => sidecars.has(name)),
  );
}

/** Init containers that succeeded and sidecars that started hold up nothing. */
const isPast = (container: v1.ContainerStatus, sidecars: ReadonlySet<string>): boolean =>
  container.state?.terminated?.exitCode === 0 || isStarted(container, sidecars);

const isStarted = ({ name, started, state }: v1.ContainerStatus, sidecars: ReadonlySet<string>): boolean =>
  sidecars.has(name) && started === true && state?.terminated?.exitCode !== 0;

/** The first init container that holds up the pod gives the word behind `Init:`. */
function initWord({ state }: v1.ContainerStatus, index: number, { spec }: v1.Pod): string {
  if (state?.terminated) return exitWord(state.terminated);
  const waiting = state?.waiting?.reason;
  return waiting && waiting !== "PodInitializing" ? waiting : `${index}/${spec?.initContainers?.length ?? 0}`;
}

function exitWord({ reason, signal, exitCode }: v1.ContainerStateTerminated): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

/** Apps: the first in the order of names that does not run gives the word. */
function scanApps(
  { status = {} }: v1.Pod,
  before: string,
  readySidecars: number,
  sidecars: readonly v1.ContainerStatus[],
): Scan {
  const apps = status.containerStatuses ?? [];
  const words = apps.flatMap(({ state }) => {
    if (state?.waiting?.reason) return [state.waiting.reason];
    return state?.terminated ? [exitWord(state.terminated)] : [];
  });
  const running = apps.filter(({ ready, state }) => ready && state?.running !== undefined).length;
  const reason = words[0] ?? before;
  const partly = isTrue(status, "Ready") ? "Running" : "NotReady";
  return {
    reason: reason === "Completed" && running > 0 ? partly : reason,
    ready: readySidecars + running,
    ...restartsOf([...sidecars, ...apps]),
  };
}

function restartsOf(containers: readonly v1.ContainerStatus[]): Pick<Scan, "restarts" | "lastExitMs"> {
  const exits = containers.flatMap(({ lastState }) => parseTime(lastState?.terminated?.finishedAt ?? "") ?? []);
  return {
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    lastExitMs: exits.length > 0 ? Math.max(...exits) : undefined,
  };
}
