import { type DesiredContainer, type EndCause, isOfInit } from "../pod/desired.ts";
import type { Hold, Picture } from "../pod/plan.ts";
import { formatTime } from "../pod/time.ts";
import type * as v1 from "../pod/v1.ts";
import { sandboxFits } from "./life.ts";
import type { PodPhase } from "./phase.ts";
import { resizeFailure } from "./resize.ts";

/** Conditions that the agent decides; those of others are left as they are (5.3). */
export const OWNED_CONDITIONS: readonly string[] = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
  "AllContainersRestarting",
  "DisruptionTarget",
  "PodResizePending",
  "PodResizeInProgress",
];
/** Those of them that others set, too: the node tells its own with the final phase, and takes none away (node.md 3.6). */
export const SHARED_CONDITIONS: readonly string[] = ["DisruptionTarget"];

type Verdict = {
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
  /** Of another one than the pod as it is asked for. */
  readonly observedGeneration?: number;
};

/** Every condition of the pod, foreign ones first; transition times move only with the status (5.3). */
export function podConditions(
  picture: Picture,
  holds: readonly Hold[],
  statuses: readonly v1.ContainerStatus[],
  { phase, message }: PodPhase,
): v1.PodCondition[] {
  const foreign = picture.memory.conditions.filter(({ type }) => !OWNED_CONDITIONS.includes(type));
  const containersReady = areContainersReady(picture, statuses, phase);
  const verdicts: readonly [string, Verdict | undefined][] = [
    ["DisruptionTarget", disruption(picture, phase, message)],
    ["PodReadyToStartContainers", isTrue(sandboxFits(picture))],
    ["Initialized", isInitialized(picture, statuses, phase)],
    ["Ready", isReady(picture, containersReady, picture.desired.bound?.gates ?? foreign)],
    ["ContainersReady", containersReady],
    ["PodScheduled", isTrue(true)],
    ["AllContainersRestarting", restartsAll(picture, holds)],
    ["PodResizePending", isResizePending(picture)],
    ["PodResizeInProgress", isResizing(picture)],
  ];
  const own = verdicts.flatMap(([type, verdict]) => (verdict ? [timed(picture, type, verdict)] : []));
  return [...foreign, ...own];
}

function timed({ desired, memory, now }: Picture, type: string, verdict: Verdict): v1.PodCondition {
  const before = memory.conditions.find((condition) => condition.type === type);
  const kept = before?.status === verdict.status ? before.lastTransitionTime : undefined;
  const observedGeneration = verdict.observedGeneration ?? desired.bound?.generation;
  return {
    ...{ type, ...verdict, lastTransitionTime: kept ?? formatTime(now.wallMs) },
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
  };
}

const isTrue = (value: boolean): Verdict => ({ status: value ? "True" : "False" });

function isInitialized(
  { desired, memory }: Picture,
  statuses: readonly v1.ContainerStatus[],
  phase: PodPhase["phase"],
): Verdict {
  const init = desired.containers.filter(isOfInit);
  if (statuses.length === 0 && init.length > 0) return { status: "False", reason: "UnknownContainerStatuses" };
  const { unknown, lacking } = sort(init, statuses, (container, status) =>
    container.role === "sidecar" ? status.started === true : status.ready,
  );
  if (phase === "Succeeded" && unknown.length === 0) return { status: "True", reason: "PodCompleted" };
  const message = lackOf("incomplete", unknown, lacking);
  if (message === "" || memory.initialized || hasAppBegun(desired.containers, statuses)) return { status: "True" };
  return { status: "False", reason: "ContainersNotInitialized", message };
}

function hasAppBegun(containers: readonly DesiredContainer[], statuses: readonly v1.ContainerStatus[]): boolean {
  const apps = new Set(containers.filter(({ role }) => role === "app").map(({ name }) => name));
  return statuses.some(
    ({ name, state }) => apps.has(name) && (state?.running !== undefined || state?.terminated !== undefined),
  );
}

function areContainersReady(
  { desired }: Picture,
  statuses: readonly v1.ContainerStatus[],
  phase: PodPhase["phase"],
): Verdict {
  if (statuses.length === 0) return { status: "False", reason: "UnknownContainerStatuses" };
  const lasting = desired.containers.filter(({ role }) => role === "app" || role === "sidecar");
  const { unknown, lacking } = sort(lasting, statuses, (_, { ready }) => ready);
  if (phase === "Succeeded" && unknown.length === 0) return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const message = lackOf("unready", unknown, lacking);
  return message === "" ? { status: "True" } : { status: "False", reason: "ContainersNotReady", message };
}

/** Ready is ContainersReady and all readiness gates. */
function isReady({ desired }: Picture, containersReady: Verdict, foreign: readonly v1.PodCondition[]): Verdict {
  if (containersReady.status === "False") return containersReady;
  const messages = (desired.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = foreign.find(({ type }) => type === conditionType);
    if (gate?.status === "True") return [];
    return gate === undefined
      ? [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (messages.length === 0) return { status: "True" };
  return { status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

type Sorted = { readonly unknown: readonly string[]; readonly lacking: readonly string[] };

/** Names of containers without a status, and of those whose status does not satisfy, in the order of the spec (N1). */
function sort(
  containers: readonly DesiredContainer[],
  statuses: readonly v1.ContainerStatus[],
  satisfies: (container: DesiredContainer, status: v1.ContainerStatus) => boolean,
): Sorted {
  const found = containers.map((container) => ({
    container,
    status: statuses.find(({ name }) => name === container.name),
  }));
  return {
    unknown: found.filter(({ status }) => status === undefined).map(({ container }) => container.name),
    lacking: found
      .filter(({ container, status }) => status !== undefined && !satisfies(container, status))
      .map(({ container }) => container.name),
  };
}

function lackOf(what: string, unknown: readonly string[], lacking: readonly string[]): string {
  const parts = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(" ")}]`] : []),
    ...(lacking.length > 0 ? [`containers with ${what} status: [${lacking.join(" ")}]`] : []),
  ];
  return parts.join(", ");
}

const DISRUPTIONS: readonly EndCause[] = ["evicted", "preempted", "shutdown"];

/** Shown only together with the final phase. */
function disruption({ ending }: Picture, phase: PodPhase["phase"], message: string | undefined): Verdict | undefined {
  const final = phase === "Failed" || phase === "Succeeded";
  if (!final || ending === undefined || !DISRUPTIONS.includes(ending.cause)) return undefined;
  return { status: "True", reason: "TerminationByKubelet", ...(message === undefined ? {} : { message }) };
}

/** Other resources are asked for than the node gives (S26). */
function isResizePending({ around, ending }: Picture): Verdict | undefined {
  if (around.resize === undefined || ending !== undefined) return undefined;
  const { kind, message } = around.resize;
  return { status: "True", reason: kind === "deferred" ? "Deferred" : "Infeasible", message };
}

/** Resources were granted that not all of it has yet; the generation is that of the grant. */
function isResizing({ memory, ending }: Picture): Verdict | undefined {
  if (memory.resizing === undefined || ending !== undefined) return undefined;
  const { generation } = memory.resizing;
  const failed = resizeFailure(memory);
  return {
    status: "True",
    ...(failed === undefined ? {} : { reason: "Error", message: failed }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

/** Only pods with such a rule have the condition (S24). */
function restartsAll({ desired }: Picture, holds: readonly Hold[]): Verdict | undefined {
  const rules = desired.containers.flatMap(({ restartRules }) => restartRules);
  if (!rules.some(({ action }) => action === "RestartAllContainers")) return undefined;
  const now = holds.some(({ reason }) => reason === "RestartingAllContainers");
  return now ? { status: "True", reason: "RestartAllContainersStarted" } : { status: "False" };
}
