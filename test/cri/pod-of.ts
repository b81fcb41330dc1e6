import type { BoundFacts } from "../../src/pod/bound.ts";
import type { DesiredContainer, DesiredPod, Origin } from "../../src/pod/desired.ts";
import type { NodeFacts, NodeSettings } from "../../src/pod/node.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { RuntimeCapabilities } from "../../src/ports.ts";

/** What a test writes of a pod; the rest is as in every other test. */
export type PodText = {
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec?: Partial<v1.PodSpec>;
  readonly origin?: Origin;
  /** What an API server says of it. */
  readonly bound?: BoundFacts;
};

/** A desired pod `default/web-node` with the defaults that translations rest on (cri-mapping 0). */
export function podOf({ metadata = {}, spec = {}, origin = FROM_FILE, bound }: PodText): DesiredPod {
  const whole = defaulted({ containers: [{ name: "app", image: "app:1" }], ...spec });
  return {
    uid: "1a-2b",
    namespace: "default",
    name: "web-node",
    manifestName: "web",
    origin,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    spec: whole,
    containers: [
      ...(whole.initContainers ?? []).map((one) =>
        containerOf(one, one.restartPolicy === "Always" ? "sidecar" : "init"),
      ),
      ...whole.containers.map((one) => containerOf(one, "app")),
      ...(whole.ephemeralContainers ?? []).map((one) => containerOf(one, "ephemeral")),
    ],
    volumes: [],
    documents: [],
    restartPolicy: "Always",
    graceSeconds: whole.terminationGracePeriodSeconds ?? 30,
    hostNetwork: whole.hostNetwork === true,
    seenWallMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    ...(bound === undefined ? {} : { bound }),
  };
}

const FROM_FILE: Origin = { kind: "file", path: "/manifests/web.yaml", document: 0, line: 1 };

function defaulted(spec: v1.PodSpec): v1.PodSpec {
  return {
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    securityContext: {},
    ...spec,
    containers: spec.containers.map(defaultedContainer),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(defaultedContainer) } : {}),
    ...(spec.ephemeralContainers ? { ephemeralContainers: spec.ephemeralContainers.map(defaultedContainer) } : {}),
  };
}

function defaultedContainer(container: v1.Container): v1.Container {
  const { limits, requests } = container.resources ?? {};
  return {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    ...container,
    resources: {
      ...(limits ? { limits } : {}),
      ...(limits || requests ? { requests: { ...limits, ...requests } } : {}),
    },
  };
}

function containerOf(spec: v1.Container, role: DesiredContainer["role"]): DesiredContainer {
  const image = spec.image ?? "";
  return {
    name: spec.name,
    role,
    image,
    imageRef: image,
    pullPolicy: "IfNotPresent",
    restartPolicy: "Always",
    restartRules: [],
    hash: "abc123",
    volumes: [],
    spec,
  };
}

/** A node of 8 GiB with cgroup v2. */
export const FACTS: NodeFacts = {
  nodeName: "node",
  hostname: "node",
  bootId: "boot",
  ips: ["192.0.2.10"],
  labels: {},
  cpuMillis: 4000,
  memoryBytes: 8 * 2 ** 30,
  cgroupVersion: 2,
  arch: "amd64",
  resolvConf: { servers: ["192.0.2.53"], searches: ["host.example"], options: ["timeout:1", "rotate"] },
};

/** Defaults, with cluster DNS. */
export const SETTINGS: NodeSettings = {
  ownerId: "owner-1",
  rootDir: "/var/lib/berth",
  podLogsDir: "/var/log/pods",
  containerLogsDir: "/var/log/containers",
  clusterDns: ["10.96.0.10"],
  clusterDomain: "cluster.local",
  cgroupDriver: "cgroupfs",
  cgroupRoot: "/",
  cgroupsPerQos: true,
  cpuCfsQuota: true,
  cpuCfsQuotaPeriodUs: 100_000,
  seccompDefault: false,
  maxPods: 250,
  podPidsLimit: -1,
  maxRestartDelayMs: 300_000,
};

/** A runtime that can do everything. */
export const CAPABILITIES: RuntimeCapabilities = {
  name: "containerd",
  version: "v2.3.0",
  events: true,
  sharedEvents: false,
  userNamespaces: true,
  recursiveReadOnly: true,
  supplementalGroupsPolicy: true,
  imageVolumes: true,
};
