import type * as v1 from "../../pod/v1.ts";

/** The status of one container of a pod, of an init container too. */
export function containerStatus({ status }: v1.Pod, name: string): v1.ContainerStatus | undefined {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
    (each) => each.name === name,
  );
}
