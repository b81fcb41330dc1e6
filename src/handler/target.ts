import type { DesiredContainer, DesiredPod } from "../pod/desired.ts";

/** Where a network handler connects to, or why that cannot be told. */
export type Target = { readonly host: string; readonly port: number };

/** A port number from a handler's field: a number, a numeric word, or the name of one of the container's own ports (R18). */
export function resolvePort(written: number | string, container: DesiredContainer): number | undefined {
  const named = container.spec.ports?.find((port) => port.name === written)?.containerPort;
  const port = named ?? (/^\d+$/.test(String(written)) ? Number(written) : Number.NaN);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** The handler's own host, else the pod's address; pods on the host network are reached at the node's (R17). */
export function resolveHost(written: string | undefined, pod: DesiredPod, podIp: string, nodeIp: string): string {
  if (written !== undefined && written !== "") return written;
  return pod.hostNetwork ? nodeIp : podIp;
}

/** A host as it stands in a URL: IPv6 in brackets (R14). */
export const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);
