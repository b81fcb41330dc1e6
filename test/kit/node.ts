import type { NodeFacts, NodeSettings } from "../../src/pod/node.ts";

/** A small node for tests. */
export const aNode: NodeFacts = {
  nodeName: "node",
  hostname: "node",
  bootId: "boot-1",
  ips: ["10.0.0.1"],
  labels: { "kubernetes.io/hostname": "node", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", env: "test" },
  cpuMillis: 2_000,
  memoryBytes: 8 * 1024 ** 3,
  cgroupVersion: 2,
  arch: "amd64",
  resolvConf: { servers: ["192.0.2.53"], searches: ["example.org"], options: [] },
};

/** Settings for tests; what is left out is as a new installation has it. */
export const someSettings = (change: Partial<NodeSettings> = {}): NodeSettings => ({
  ownerId: "owner-1",
  rootDir: "/var/lib/berth",
  podLogsDir: "/var/log/pods",
  containerLogsDir: "/var/log/containers",
  clusterDns: [],
  clusterDomain: "",
  cgroupDriver: "cgroupfs",
  cgroupRoot: "",
  cgroupsPerQos: true,
  cpuCfsQuota: true,
  cpuCfsQuotaPeriodUs: 100_000,
  seccompDefault: false,
  maxPods: 250,
  podPidsLimit: -1,
  maxRestartDelayMs: 300_000,
  ...change,
});
