import { BerthError } from "../base/errors.ts";
import { allContainers } from "../pod/all-containers.ts";
import type { PodKey } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";

/** Whether a name means this pod: its full name, or its manifest's name without the node's suffix. */
export function isCalled(pod: v1.Pod, name: string): boolean {
  const full = pod.metadata?.name ?? "";
  return full === name || full === `${name}-${pod.spec?.nodeName ?? ""}`;
}

/** The one pod that a name means. Throws NotFound, or Ambiguous with all that it may mean. */
export function findPod(pods: readonly v1.Pod[], namespace: string, name: string): v1.Pod {
  const found = pods.filter((pod) => pod.metadata?.namespace === namespace && isCalled(pod, name));
  const [pod, ...others] = found;
  if (pod === undefined) throw new BerthError("NotFound", `pod "${name}" not found in namespace "${namespace}"`);
  if (others.length === 0) return pod;
  const names = found.map((each) => each.metadata?.name).join(", ");
  throw new BerthError("Ambiguous", `pod "${name}" in namespace "${namespace}" may be any of ${names}`);
}

export function keyOf(pod: v1.Pod): PodKey {
  return `${pod.metadata?.namespace ?? ""}/${pod.metadata?.name ?? ""}`;
}

const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** The container that is meant: the one named, else the annotated default, else the first. Throws NotFound. */
export function findContainer(pod: v1.Pod, name: string | undefined): string {
  const all = allContainers(pod.spec).map((container) => container.name);
  const wanted = name ?? pod.metadata?.annotations?.[DEFAULT_CONTAINER] ?? pod.spec?.containers[0]?.name;
  if (wanted !== undefined && all.includes(wanted)) return wanted;
  const message = `pod "${pod.metadata?.name}" has no container "${wanted ?? ""}"; it has ${all.join(", ")}`;
  throw new BerthError("NotFound", message);
}
