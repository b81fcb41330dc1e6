import type { ServedDoor } from "../serve/server.ts";
import type { Settings } from "./config/settings.ts";

/** The sockets and ports that the settings ask for. */
export function doorsOf(settings: Settings): readonly ServedDoor[] {
  const { socketPath, socketGroup, viewSocketPath, viewSocketGroup, healthzPort, healthzBindAddress } = settings;
  const doors: ServedDoor[] = [{ door: { kind: "socket", path: socketPath, group: socketGroup }, serves: "operator" }];
  if (viewSocketPath !== "") {
    doors.push({ door: { kind: "socket", path: viewSocketPath, group: viewSocketGroup }, serves: "reader" });
  }
  if (healthzPort > 0) {
    doors.push({ door: { kind: "tcp", address: healthzBindAddress, port: healthzPort }, serves: "health" });
  }
  const [, address, port] = /^\[?(.*?)\]?:(\d+)$/.exec(settings.metricsBindAddress) ?? [];
  if (port !== undefined) {
    doors.push({ door: { kind: "tcp", address: address || "::", port: Number(port) }, serves: "metrics" });
  }
  return doors;
}

/** Whether the settings ask for the node's own API, behind TLS or open to readers (node.md 6.1). */
export function hasNodeApi({ enableServer, kubeconfig, tlsCertFile, readOnlyPort }: Settings): boolean {
  return enableServer && (kubeconfig !== "" || tlsCertFile !== "" || readOnlyPort > 0);
}
