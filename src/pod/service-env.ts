import type { Service } from "./cluster.ts";
import type { DesiredPod } from "./desired.ts";

/** The service by which pods find the API server. */
const MASTER = "default/kubernetes";

type Port = { readonly name?: string; readonly port: number; readonly protocol?: string };

/**
 * The variables by which containers of a pod find services (cri-mapping 2.3): those of its namespace unless enableServiceLinks
 * says no, and always that of the API server, which one of its own namespace of that name outdoes. Sorted by name.
 */
export function serviceVariables(
  services: readonly Service[],
  { namespace, spec }: Pick<DesiredPod, "namespace" | "spec">,
): ReadonlyMap<string, string> {
  const links = spec.enableServiceLinks !== false;
  const isMaster = ({ metadata }: Service): boolean => `${metadata.namespace}/${metadata.name}` === MASTER;
  const masters = services.filter(isMaster);
  const own = links ? services.filter(({ metadata }) => metadata.namespace === namespace) : [];
  return new Map([...masters, ...own].flatMap(variablesOf).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function variablesOf({ metadata, spec }: Service): [string, string][] {
  const { clusterIP = "", ports = [] } = spec ?? {};
  const [first] = ports;
  if (clusterIP === "" || clusterIP === "None" || first === undefined) return [];
  const name = variableName(metadata.name ?? "");
  const named = ports.filter((port): port is Port & { name: string } => port.name !== undefined && port.name !== "");
  return [
    [`${name}_SERVICE_HOST`, clusterIP],
    [`${name}_SERVICE_PORT`, String(first.port)],
    ...named.map((port): [string, string] => [`${name}_SERVICE_PORT_${variableName(port.name)}`, String(port.port)]),
    [`${name}_PORT`, urlOf(clusterIP, first)],
    ...ports.flatMap((port) => linksOf(name, clusterIP, port)),
  ];
}

function linksOf(name: string, address: string, port: Port): [string, string][] {
  const protocol = port.protocol ?? "TCP";
  const prefix = `${name}_PORT_${port.port}_${protocol}`;
  return [
    [prefix, urlOf(address, port)],
    [`${prefix}_PROTO`, protocol.toLowerCase()],
    [`${prefix}_PORT`, String(port.port)],
    [`${prefix}_ADDR`, address],
  ];
}

const variableName = (name: string): string => name.toUpperCase().replaceAll("-", "_");

const urlOf = (address: string, { port, protocol = "TCP" }: Port): string =>
  `${protocol.toLowerCase()}://${address.includes(":") ? `[${address}]` : address}:${port}`;
