import type { DesiredPod } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";

/** What events of a resize tell of a pod: the resources of its containers, and why it does not come forward (lifecycle.md 10). */
export function resizeText({ spec, bound }: DesiredPod, error?: string): string {
  const rows = (containers: readonly v1.Container[] | undefined) =>
    containers?.map(({ name, resources = {} }) => ({ name, resources }));
  const generation = bound?.generation;
  return JSON.stringify({
    ...(spec.resources === undefined ? {} : { resources: spec.resources }),
    ...(spec.initContainers?.length ? { initContainers: rows(spec.initContainers) } : {}),
    containers: rows(spec.containers),
    ...(generation === undefined ? {} : { generation }),
    ...(error === undefined ? {} : { error }),
  });
}
