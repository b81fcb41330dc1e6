import { sameData } from "../base/same.ts";
import { primaryFirst } from "../pod/addresses.ts";
import { mergedResources } from "../pod/allocation.ts";
import type { PodMemory } from "../pod/memory.ts";
import type { NodeFacts } from "../pod/node.ts";
import type { Hold, Picture } from "../pod/plan.ts";
import { qosClass } from "../pod/resources.ts";
import { formatTime } from "../pod/time.ts";
import type * as v1 from "../pod/v1.ts";
import { podConditions } from "./conditions.ts";
import { idOfUri } from "./container-state.ts";
import { type ContainerStatuses, containerStatuses } from "./container-status.ts";
import { finalStatuses } from "./final-status.ts";
import { hasEnded, isOver, newestSandbox } from "./life.ts";
import { type PodPhase, podPhase } from "./phase.ts";

/** The v1 status that follows from a picture and the holds of its plan (lifecycle.md 5). */
export function podStatus(picture: Picture, holds: readonly Hold[], node: NodeFacts): v1.PodStatus {
  const { admission } = picture.around;
  if (admission.kind === "refused") {
    const message = `Pod was rejected: ${admission.message}`;
    return status(picture, node, { phase: "Failed", reason: admission.reason, message }, none, []);
  }
  const seen = containerStatuses(picture, holds);
  const phase = podPhase(picture, all(seen));
  const told = hasEnded(picture) ? finalStatuses(picture, seen) : seen;
  return status(picture, node, phase, told, podConditions(picture, holds, all(told), phase));
}

const none: ContainerStatuses = { init: [], apps: [], ephemeral: [] };

/** Those that phase and conditions depend on. */
const all = ({ init, apps }: ContainerStatuses): readonly v1.ContainerStatus[] => [...init, ...apps];

function status(
  picture: Picture,
  node: NodeFacts,
  { phase, reason, message }: PodPhase,
  containers: ContainerStatuses,
  conditions: v1.PodCondition[],
): v1.PodStatus {
  const generation = picture.desired.bound?.generation;
  return {
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(containers.apps.length > 0 ? { containerStatuses: [...containers.apps] } : {}),
    ...(containers.ephemeral.length > 0 ? { ephemeralContainerStatuses: [...containers.ephemeral] } : {}),
    ...addresses(picture, node),
    ...(containers.init.length > 0 ? { initContainerStatuses: [...containers.init] } : {}),
    ...(message ? { message } : {}),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...podResources(picture),
    phase,
    qosClass: qosClass(picture.desired.spec),
    ...(reason ? { reason } : {}),
    ...(hasBegun(picture) ? { startTime: formatTime(picture.memory.startedWallMs ?? picture.now.wallMs) } : {}),
  };
}

/** What the pod as a whole was given, and what its cgroup has; of pods that ask for something as a whole and may be resized. */
function podResources({ desired, memory }: Picture): Pick<v1.PodStatus, "allocatedResources" | "resources"> {
  const { resources } = desired.spec;
  if (desired.bound === undefined || resources === undefined) return {};
  const has = memory.bounds?.pod;
  return {
    ...(resources.requests === undefined ? {} : { allocatedResources: resources.requests }),
    resources: has === undefined ? resources : mergedResources(resources, has),
  };
}

/** A pod that waits for its name has no start yet (T14). */
const hasBegun = ({ memory, around }: Picture): boolean => memory.startedWallMs !== undefined || around.turn;

type Addresses = Pick<v1.PodStatus, "hostIP" | "hostIPs" | "podIP" | "podIPs">;

/** Of each family one address at most; the pod's are those of its ready sandbox, or of the last one once it ends. */
function addresses(picture: Picture, node: NodeFacts): Addresses {
  const hostIps = primaryFirst(node.ips, node.ips);
  const podIps = picture.desired.hostNetwork ? hostIps : primaryFirst(sandboxIps(picture), node.ips);
  const [hostIP] = hostIps;
  const [podIP] = podIps;
  return {
    ...(hostIP === undefined ? {} : { hostIP, hostIPs: hostIps.map((ip) => ({ ip })) }),
    ...(podIP === undefined ? {} : { podIP, podIPs: podIps.map((ip) => ({ ip })) }),
  };
}

function sandboxIps(picture: Picture): readonly string[] {
  const sandbox = newestSandbox(picture);
  return sandbox?.state === "ready" || isOver(picture) ? (sandbox?.ips ?? []) : [];
}

/** The memory once this status was shown: what later statuses look back at, and what must survive the agent (D8). */
export function noteStatus(picture: Picture, shown: v1.PodStatus): PodMemory {
  const { memory, around, now } = picture;
  const begins = memory.startedWallMs === undefined && hasBegun(picture);
  const ephemeral = shown.ephemeralContainerStatuses ?? [];
  const statuses = [...(shown.initContainerStatuses ?? []), ...(shown.containerStatuses ?? []), ...ephemeral];
  // Exits that C10 makes up for an ended pod say nothing of its phase: a static pod of this UID may come back (P4, T16).
  const remembered = hasEnded(picture) ? [...all(containerStatuses(picture, [])), ...ephemeral] : statuses;
  const initialized = shown.conditions?.some(({ type, status }) => type === "Initialized" && status === "True");
  const noted: PodMemory = {
    ...memory,
    ...(begins ? { startedWallMs: now.wallMs, startedAt: now.monoMs } : {}),
    initialized: memory.initialized || initialized === true,
    instances: noteInstances(picture, statuses),
    conditions: kept(memory.conditions, shown.conditions ?? []),
    shown: kept(memory.shown, Object.fromEntries(remembered.map((status) => [status.name, status]))),
  };
  return around.admission.kind === "refused" ? noted : { ...noted, ...notePhase(picture, shown) };
}

/** A final phase is never left (P1). One that follows from a refusal is not kept: the next agent asks again (A1). */
function notePhase({ memory, around }: Picture, { phase, reason, message }: v1.PodStatus): Partial<PodMemory> {
  if (phase === "Pending" || phase === "Running") return { phase };
  if (memory.terminal || (phase !== "Succeeded" && phase !== "Failed")) return {};
  const words = { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
  return { terminal: { phase, ...words, bootId: around.bootId } };
}

/** Flags of running instances, without those that a whole look no longer showed. */
function noteInstances({ memory, observed }: Picture, statuses: readonly v1.ContainerStatus[]): PodMemory["instances"] {
  const present = new Set(observed.containers.map(({ id }) => id));
  const known = Object.entries(memory.instances).filter(([id]) => !observed.listed || present.has(id));
  const flags = statuses.flatMap(
    ({ containerID, state, started, ready }): [string, PodMemory["instances"][string]][] => {
      const id = idOfUri(containerID);
      if (id === undefined || !state?.running || !present.has(id)) return [];
      return [[id, { ...memory.instances[id], started: started === true, ready }]];
    },
  );
  return kept(memory.instances, Object.fromEntries([...known, ...flags]));
}

/** The old object where the new one says the same, so that nothing is written that did not change. */
const kept = <T>(before: T, next: T): T => (sameData(before, next) ? before : next);
