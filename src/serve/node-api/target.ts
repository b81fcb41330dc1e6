import { allContainers } from "../../pod/all-containers.ts";
import type { PodKey } from "../../pod/desired.ts";
import type * as v1 from "../../pod/v1.ts";
import type { View } from "../../ports.ts";
import type { Refusal } from "./guard.ts";
import type { NodeRoute } from "./routes.ts";

/** The container that a path names. */
export type Target = { readonly pod: v1.Pod; readonly key: PodKey; readonly container: v1.Container };

/** The pod that a path names, by its full name and, where the path tells it, its UID. */
export function podOfPath(view: View, { parts }: NodeRoute): { pod: v1.Pod; key: PodKey } | Refusal {
  const { namespace = "", pod: name = "", uid } = parts;
  const found = view
    .pods()
    .find(
      ({ metadata }) =>
        metadata?.namespace === namespace && metadata.name === name && (uid === undefined || metadata.uid === uid),
    );
  if (found === undefined) return { status: 404, text: `pod "${name}" does not exist` };
  return { pod: found, key: `${namespace}/${name}` };
}

/** The same with its container. */
export function targetOfPath(view: View, route: NodeRoute): Target | Refusal {
  const found = podOfPath(view, route);
  if ("status" in found) return found;
  const name = route.parts.container ?? "";
  const container = allContainers(found.pod.spec).find((each) => each.name === name);
  if (container !== undefined) return { ...found, container };
  return { status: 404, text: `container "${name}" not found in pod "${route.parts.pod}"` };
}
