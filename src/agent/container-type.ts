import type { ContainerRole, DesiredPod } from "../pod/desired.ts";

const TYPES: Readonly<Record<ContainerRole, string>> = {
  app: "container",
  init: "init_container",
  sidecar: "init_container",
  ephemeral: "ephemeral_container",
};

/** The kind of a container as metrics call it (node.md 7.1). */
export const containerType = ({ containers }: DesiredPod, name: string): string =>
  TYPES[containers.find((container) => container.name === name)?.role ?? "init"];
