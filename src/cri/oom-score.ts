import type { DesiredContainer, DesiredPod } from "../pod/desired.ts";
import type { NodeFacts } from "../pod/node.ts";
import { ceilUnits, ZERO } from "../pod/quantity.ts";
import { podRequests, qosClass, type Resources, readResources } from "../pod/resources.ts";

const PROTECTED = -997;
const BEST_EFFORT = 1000;
/** Burstable pods stay above the protected ones and below those of best effort. */
const LEAST_BURSTABLE = 1000 + PROTECTED;
const MOST_BURSTABLE = BEST_EFFORT - 1;

const HIGHEST_USER_PRIORITY = 2_000_000_000;
const MIRROR = "kubernetes.io/config.mirror";

/** How readily the kernel ends a container when memory runs out (cri-mapping 2.8). */
export function oomScoreAdjust(pod: DesiredPod, container: DesiredContainer, { memoryBytes }: NodeFacts): number {
  const qos = qosClass(pod.spec);
  if (qos === "Guaranteed" || isNodeCritical(pod)) return PROTECTED;
  if (qos === "BestEffort") return BEST_EFFORT;
  const share = podLevelShare(pod);
  const scoreOf = (request: number): number => 1000 - Math.trunc((1000 * (request + share)) / memoryBytes);
  const own = scoreOf(requested(container));
  const score = container.role === "sidecar" ? Math.min(own, scoreOf(leastOfApps(pod))) : own;
  return Math.min(Math.max(score, LEAST_BURSTABLE), MOST_BURSTABLE);
}

/** Pods that the node cannot do without: written on the node itself, or of a priority above all that users may set. */
export function isCritical(pod: DesiredPod): boolean {
  const important = pod.spec.priority !== undefined && pod.spec.priority >= HIGHEST_USER_PRIORITY;
  return important || pod.origin.kind === "file" || MIRROR in pod.annotations;
}

const isNodeCritical = (pod: DesiredPod): boolean =>
  pod.spec.priorityClassName === "system-node-critical" && isCritical(pod);

const memoryOf = (resources: Resources): number => ceilUnits(resources.get("memory") ?? ZERO);
const requested = ({ spec }: DesiredContainer): number => memoryOf(readResources(spec.resources?.requests));

/** The app that asks for least; a sidecar must not end before it. */
const leastOfApps = ({ containers }: DesiredPod): number =>
  Math.min(...containers.filter(({ role }) => role === "app").map(requested));

/** What the pod asks for beyond its containers, divided among them. */
function podLevelShare({ spec, containers }: DesiredPod): number {
  const { resources, overhead: _overhead, ...containersOnly } = spec;
  const asked = readResources(resources?.requests);
  if (!asked.has("memory")) return 0;
  const counted = containers.filter(({ role }) => role !== "ephemeral");
  return Math.trunc((memoryOf(asked) - memoryOf(podRequests(containersOnly))) / counted.length);
}
