import { allContainers, allStatuses } from "../../pod/all-containers.ts";
import type * as v1 from "../../pod/v1.ts";

/** The pods of /runningpods: those with a container that runs, with little more than their names (node.md 6.3). */
export function runningPods(pods: readonly v1.Pod[]): readonly v1.Pod[] {
  return pods.flatMap(({ metadata, spec, status }) => {
    const running = new Set(
      allStatuses(status)
        .filter(({ state }) => state?.running !== undefined)
        .map(({ name }) => name),
    );
    const containers = allContainers(spec)
      .filter(({ name }) => running.has(name))
      .map(({ name, image }) => named(name, image));
    if (containers.length === 0) return [];
    const { name = "", namespace = "", uid = "" } = metadata ?? {};
    return [{ metadata: { name, namespace, uid }, spec: { containers } }];
  });
}

const named = (name: string, image: string | undefined): v1.Container => ({
  name,
  ...(image === undefined ? {} : { image }),
});
