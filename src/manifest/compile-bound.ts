import type { BoundFacts, ServerMetadata } from "../pod/bound.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";
import { withDefaults } from "./defaults.ts";
import { desiredPod } from "./desired-pod.ts";
import { fieldsOf } from "./shapes.ts";
import { refusalOf } from "./supported.ts";

/** Fields that stand in the way of a pod of a file only, and what becomes of them in a pod of an API server. */
export const BOUND_FIELDS: Readonly<Record<string, string>> = {
  "Container.resizePolicy": "honoured: cpu and memory change while the container runs, or with a restart",
  "PodSpec.automountServiceAccountToken": "the server has acted on it",
  "PodSpec.ephemeralContainers": "each is made once and started once, beside what runs",
  "PodSpec.nodeName": "names this node",
  "PodSpec.overhead": "counts for admission and in the pod's cgroup",
  "PodSpec.preemptionPolicy": "is the scheduler's",
  "PodSpec.priority": "honoured",
  "PodSpec.priorityClassName": "honoured",
  "PodSpec.runtimeClassName": "its handler is looked up at the server; a sandbox waits for it",
  "PodSpec.schedulingGates": "are open once a pod is bound",
  "PodSpec.schedulingGroup": "is the scheduler's",
  "PodSpec.serviceAccount": "is an older name of the next",
  "PodSpec.serviceAccountName": "tokens are asked for in its name",
  "VolumeProjection.serviceAccountToken": "honoured; the token is renewed in time",
};

/**
 * The noun for a pod that an API server has bound to the node. The server has checked and defaulted it (1.3); what the node
 * does not have of it is named in `unfit`. Fields that are not known here are those of a newer server, and left alone.
 */
export function compileBound(pod: v1.Pod): DesiredPod {
  const { metadata = {}, spec = { containers: [] } } = pod;
  const { uid = "", namespace = "default", name = "", creationTimestamp } = metadata;
  const unfit = refusedIn("PodSpec", spec, "spec");
  const desired = desiredPod(
    { uid, namespace, name, manifestName: name, metadata, spec: withDefaults(spec) as v1.PodSpec },
    { kind: "api" },
    Date.parse(creationTimestamp ?? "") || 0,
  );
  return { ...desired, bound: { ...factsOf(pod), ...(unfit.length === 0 ? {} : { unfit: unfit.join(", ") }) } };
}

/** What is left of the metadata without what every pod has, and without what changes with each status. */
function serversOf(metadata: v1.ObjectMeta): ServerMetadata {
  const { name, namespace, uid, creationTimestamp, labels, annotations, ...others } = metadata;
  const { resourceVersion, managedFields, selfLink, ...own } = others;
  return own;
}

function factsOf({ metadata = {}, spec, status = {} }: v1.Pod): BoundFacts {
  const { generation, deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  const { phase, reason, message } = status;
  const gates = new Set((spec?.readinessGates ?? []).map(({ conditionType }) => conditionType));
  const words = { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
  const graceSeconds = deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30;
  const own = serversOf(metadata);
  return {
    ...(generation === undefined ? {} : { generation }),
    ...(deletionTimestamp === undefined ? {} : { deletion: { graceSeconds } }),
    ...(phase === "Failed" || phase === "Succeeded" ? { over: { phase, ...words } } : {}),
    ...(Object.keys(own).length === 0 ? {} : { metadata: own }),
    gates: (status.conditions ?? [])
      .filter(({ type }) => gates.has(type))
      .map(({ type, status }) => ({ type, status })),
  };
}

/** Places of the fields that Berth refuses, outermost first. */
function refusedIn(type: string, value: unknown, path: string): readonly string[] {
  const fields = fieldsOf(type);
  if (fields === undefined || typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]): readonly string[] => {
    const shape = fields.get(name);
    const at = `${path}.${name}`;
    if (shape === undefined || isNothing(inner) || BOUND_FIELDS[`${type}.${name}`] !== undefined) return [];
    if (refusalOf(type, name) !== undefined) return [at];
    if (shape.form === "list" && Array.isArray(inner)) {
      return inner.flatMap((one, index) => refusedIn(shape.base, one, `${at}[${index}]`));
    }
    return shape.form === "one" ? refusedIn(shape.base, inner, at) : [];
  });
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
