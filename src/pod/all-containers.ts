import type * as v1 from "./v1.ts";

/** Every container of a pod, of whatever kind: apps, init containers, sidecars, ephemeral ones. */
export const allContainers = (spec: v1.PodSpec | undefined): readonly v1.Container[] => [
  ...(spec?.containers ?? []),
  ...(spec?.initContainers ?? []),
  ...(spec?.ephemeralContainers ?? []),
];

/** The same of their statuses. */
export const allStatuses = (status: v1.PodStatus | undefined): readonly v1.ContainerStatus[] => [
  ...(status?.containerStatuses ?? []),
  ...(status?.initContainerStatuses ?? []),
  ...(status?.ephemeralContainerStatuses ?? []),
];
