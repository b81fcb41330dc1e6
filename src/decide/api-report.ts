import { isSameAmount } from "../pod/quantity.ts";
import type * as v1 from "../pod/v1.ts";
import { OWNED_CONDITIONS, SHARED_CONDITIONS } from "./conditions.ts";
import { mapPatch } from "./map-patch.ts";
import { isMirror } from "./mirror-pod.ts";
import { type StatusPatch, statusPatch } from "./mirror-status.ts";
import { isRuleFor } from "./restart-policy.ts";

/** What the API server needs next about one of its pods. */
export type ReportStep =
  | { readonly kind: "none" }
  | { readonly kind: "status"; readonly patch: StatusPatch }
  | { readonly kind: "remove"; readonly uid: string };

const NONE: ReportStep = { kind: "none" };

/**
 * The next step towards a server that knows how its pod fares (node.md 3.4, 3.6). A status goes before the removal of a pod
 * that is being deleted, and that only when nothing of it is left here and the server shows a final phase.
 *
 * Y1  A final phase is never left, and its exits are not told anew.
 * Y2  The phase does not go back to Pending, the start stays the first, the observed generation never falls.
 * Y3  A container that has ended and may not run again is not shown as one that waits or runs.
 */
export function reportStep(local: v1.Pod | undefined, shown: v1.Pod | undefined, isCleaned: boolean): ReportStep {
  const uid = shown?.metadata?.uid;
  if (shown === undefined || uid === undefined || isMirror(shown)) return NONE;
  const patch = local?.metadata?.uid === uid ? patchOf(local, shown) : undefined;
  if (patch !== undefined) return { kind: "status", patch };
  const leaves = shown.metadata?.deletionTimestamp !== undefined && isCleaned;
  return leaves && isFinal(shown.status) ? { kind: "remove", uid } : NONE;
}

function patchOf({ spec, status = {} }: v1.Pod, shown: v1.Pod): StatusPatch | undefined {
  const there = shown.status ?? {};
  // A pod that no worker has looked at yet has no start: nothing is known of it that the server does not know.
  if (status.phase === undefined || status.startTime === undefined) return undefined;
  if (isFinal(there) && !isLastWord(status, there)) return undefined;
  if (!isFinal(status) && comesBackToLife(spec, status, there)) return undefined;
  const told: v1.PodStatus = {
    ...status,
    startTime: there.startTime ?? status.startTime,
    phase: status.phase === "Pending" && there.phase === "Running" ? "Running" : status.phase,
  };
  const patch = statusPatch(told, shown);
  const changed = {
    ...patch?.status,
    ...generation(status, there),
    ...resources(status, there),
    ...withoutGone(patch, status, there),
  };
  return Object.keys(changed).length === 0
    ? undefined
    : { metadata: { uid: shown.metadata?.uid ?? "" }, status: changed };
}

const isFinal = (status: v1.PodStatus | undefined): boolean =>
  status?.phase === "Succeeded" || status?.phase === "Failed";

/** A final status that only fills in what one before it left open. */
function isLastWord(status: v1.PodStatus, there: v1.PodStatus): boolean {
  if (status.phase !== there.phase || (status.reason ?? "") !== (there.reason ?? "")) return false;
  return exitsOf(status).every(({ name, state }) => {
    const known = exitsOf(there).find((one) => one.name === name)?.state?.terminated;
    return (
      state?.terminated !== undefined && (known?.exitCode ?? state.terminated.exitCode) === state.terminated.exitCode
    );
  });
}

/**
 * Some container runs or waits here that the server shows as ended for good: it refuses such a status whole (C9). Its own rule
 * is kept: with policy Always, or where a rule restarts all containers, any may come back; else those whose policy or rules
 * restart them.
 */
function comesBackToLife(spec: v1.PodSpec | undefined, status: v1.PodStatus, there: v1.PodStatus): boolean {
  if (spec === undefined || (spec.restartPolicy ?? "Always") === "Always") return false;
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  if (containers.some((one) => one.restartPolicyRules?.some(({ action }) => action === "RestartAllContainers")))
    return false;
  return exitsOf(there).some(({ name, state }) => {
    if (state?.terminated === undefined) return false;
    const container = containers.find((one) => one.name === name);
    if (mayComeBack(container, spec, state.terminated.exitCode)) return false;
    const now = exitsOf(status).find((one) => one.name === name);
    return now !== undefined && now.state?.terminated === undefined;
  });
}

function mayComeBack(container: v1.Container | undefined, pod: v1.PodSpec, exitCode: number): boolean {
  if (container?.restartPolicyRules?.some((rule) => isRuleFor(rule, exitCode))) return true;
  const policy = container?.restartPolicy ?? pod.restartPolicy;
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

const exitsOf = ({
  initContainerStatuses = [],
  containerStatuses = [],
}: v1.PodStatus): readonly v1.ContainerStatus[] => [...initContainerStatuses, ...containerStatuses];

const generation = ({ observedGeneration = 0 }: v1.PodStatus, there: v1.PodStatus) =>
  observedGeneration > (there.observedGeneration ?? 0) ? { observedGeneration } : {};

/** What the pod as a whole was given and has: by it schedulers count a pod whose resize is refused, or not done yet. */
function resources(status: v1.PodStatus, there: v1.PodStatus) {
  const [now, before] = [status.resources ?? {}, there.resources ?? {}];
  const parts = {
    ...mapPatch("limits", before.limits, now.limits, isSameAmount),
    ...mapPatch("requests", before.requests, now.requests, isSameAmount),
  };
  return {
    ...mapPatch("allocatedResources", there.allocatedResources, status.allocatedResources, isSameAmount),
    ...(Object.keys(parts).length === 0 ? {} : { resources: parts }),
  };
}

/** Conditions of the node's that it no longer has, as a pod that was rejected has none (node.md 4). */
function withoutGone(patch: StatusPatch | undefined, status: v1.PodStatus, there: v1.PodStatus) {
  const kept = new Set([...(status.conditions ?? []).map(({ type }) => type), ...SHARED_CONDITIONS]);
  const gone = (there.conditions ?? []).filter(({ type }) => OWNED_CONDITIONS.includes(type) && !kept.has(type));
  if (gone.length === 0) return {};
  const changed = (patch?.status.conditions ?? []) as readonly unknown[];
  return { conditions: [...changed, ...gone.map(({ type }) => ({ $patch: "delete", type }))] };
}
