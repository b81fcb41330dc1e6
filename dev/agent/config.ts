import type { AgentPlaces } from "./places.ts";

/** What a berthd beside a private runtime must be told. */
export type AgentSettings = {
  readonly places: AgentPlaces;
  readonly endpoint: string;
  readonly cgroupRoot: string;
  readonly nodeName: string;
  /** Port of /readyz and /metrics on loopback. */
  readonly port: number;
  /** Further fields of KubeletConfiguration. */
  readonly kubelet?: Readonly<Record<string, unknown>>;
  /** Further fields of AgentConfiguration. */
  readonly agent?: Readonly<Record<string, unknown>>;
};

/** The configuration file: two documents of JSON, which is YAML too. Nothing in it leads out of the private folders. */
export function agentConfig(settings: AgentSettings): string {
  const { places } = settings;
  const kubelet = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    staticPodPath: places.manifests,
    containerRuntimeEndpoint: settings.endpoint,
    podLogsDir: places.podLogs,
    cgroupRoot: settings.cgroupRoot,
    cgroupDriver: "cgroupfs",
    healthzPort: settings.port,
    ...settings.kubelet,
  };
  const agent = {
    apiVersion: "berth.dev/v1alpha1",
    kind: "AgentConfiguration",
    hostnameOverride: settings.nodeName,
    containerLogsDir: places.containerLogs,
    socketPath: places.socket,
    viewSocketPath: places.viewSocket,
    ...settings.agent,
  };
  return [kubelet, agent].map((document) => `---\n${JSON.stringify(document, undefined, 2)}\n`).join("");
}
