import type { Draft } from "../base/protobuf.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";
import { type PortMapping, Protocol } from "./generated/types.ts";

/** The ports of a pod: those of app containers only (cri-mapping 1.4). */
export function portMappings(pod: DesiredPod): readonly Draft<PortMapping>[] {
  return pod.containers
    .filter(({ role }) => role === "app")
    .flatMap(({ spec }) => distinct(spec.ports ?? []).map(toCri));
}

/** Within a container the first of each name stays, and of those without a name the first of each kind. */
function distinct(ports: readonly v1.ContainerPort[]): readonly v1.ContainerPort[] {
  const first = new Map<string, v1.ContainerPort>();
  for (const port of ports) {
    const key = port.name ? `name ${port.name}` : JSON.stringify(toCri(port));
    if (!first.has(key)) first.set(key, port);
  }
  return [...first.values()];
}

const toCri = ({ protocol, containerPort, hostPort, hostIP }: v1.ContainerPort): Draft<PortMapping> => ({
  protocol: protocolOf(protocol),
  container_port: containerPort,
  host_port: hostPort ?? 0,
  host_ip: hostIP ?? "",
});

function protocolOf(written: string | undefined): Protocol {
  switch (written) {
    case "UDP":
      return Protocol.UDP;
    case "SCTP":
      return Protocol.SCTP;
    default:
      return Protocol.TCP;
  }
}
