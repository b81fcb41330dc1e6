import { describe, expect, it } from "vitest";
import type { Service } from "../../src/pod/cluster.ts";
import { resolveEnv } from "../../src/pod/env.ts";
import { serviceVariables } from "../../src/pod/service-env.ts";
import { app, pod } from "../kit/pictures.ts";

const service = (namespace: string, name: string, clusterIP: string, ...ports: Port[]): Service => ({
  metadata: { namespace, name },
  spec: { clusterIP, ports },
});
type Port = { name?: string; port: number; protocol?: string };

const MASTER = service("default", "kubernetes", "10.96.0.1", { name: "https", port: 443, protocol: "TCP" });
const DNS = service("web", "my-dns", "10.96.0.10", { name: "dns-udp", port: 53, protocol: "UDP" }, { port: 9153 });
const SIX = service("web", "six", "fd00::1", { port: 80 });
const ALL = [
  MASTER,
  DNS,
  SIX,
  service("web", "headless", "None", { port: 80 }),
  service("other", "x", "10.96.0.9", { port: 1 }),
];

const inWeb = (links?: boolean) =>
  pod({ namespace: "web", spec: { containers: [], ...(links === undefined ? {} : { enableServiceLinks: links }) } });

describe("variables of services (cri-mapping 2.3)", () => {
  it("are those of the pod's namespace and of the API server, sorted", () => {
    expect(Object.fromEntries(serviceVariables([DNS, MASTER], inWeb()))).toEqual({
      KUBERNETES_PORT: "tcp://10.96.0.1:443",
      KUBERNETES_PORT_443_TCP: "tcp://10.96.0.1:443",
      KUBERNETES_PORT_443_TCP_ADDR: "10.96.0.1",
      KUBERNETES_PORT_443_TCP_PORT: "443",
      KUBERNETES_PORT_443_TCP_PROTO: "tcp",
      KUBERNETES_SERVICE_HOST: "10.96.0.1",
      KUBERNETES_SERVICE_PORT: "443",
      KUBERNETES_SERVICE_PORT_HTTPS: "443",
      MY_DNS_PORT: "udp://10.96.0.10:53",
      MY_DNS_PORT_53_UDP: "udp://10.96.0.10:53",
      MY_DNS_PORT_53_UDP_ADDR: "10.96.0.10",
      MY_DNS_PORT_53_UDP_PORT: "53",
      MY_DNS_PORT_53_UDP_PROTO: "udp",
      MY_DNS_PORT_9153_TCP: "tcp://10.96.0.10:9153",
      MY_DNS_PORT_9153_TCP_ADDR: "10.96.0.10",
      MY_DNS_PORT_9153_TCP_PORT: "9153",
      MY_DNS_PORT_9153_TCP_PROTO: "tcp",
      MY_DNS_SERVICE_HOST: "10.96.0.10",
      MY_DNS_SERVICE_PORT: "53",
      MY_DNS_SERVICE_PORT_DNS_UDP: "53",
    });
    const names = [...serviceVariables(ALL, inWeb()).keys()];
    expect(names).toEqual([...names].sort());
  });

  it("leave out services without an address, and those of other namespaces", () => {
    const names = [...serviceVariables(ALL, inWeb()).keys()].map((name) => name.split("_")[0]);
    expect(new Set(names)).toEqual(new Set(["KUBERNETES", "MY", "SIX"]));
    expect(serviceVariables(ALL, inWeb()).get("SIX_PORT")).toBe("tcp://[fd00::1]:80");
  });

  it("are only the API server's where the pod wants no links", () => {
    const names = [...serviceVariables(ALL, inWeb(false)).keys()];
    expect(names.every((name) => name.startsWith("KUBERNETES_"))).toBe(true);
    expect(names).toHaveLength(8);
  });

  it("fill what nothing else sets, and can be named by what is set", () => {
    const container = app("web", {
      spec: {
        env: [
          { name: "KUBERNETES_SERVICE_PORT", value: "6443" },
          { name: "URL", value: "https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)" },
        ],
      },
    });
    const resolved = resolveEnv({
      ...{ pod: inWeb(), container, podIps: [], hostIps: [], nodeName: "n", documents: new Map() },
      allocatable: { cpuMillis: 1, memoryBytes: 1 },
      services: serviceVariables([MASTER], inWeb()),
    });
    const variables = resolved.kind === "resolved" ? resolved.variables : [];
    expect(variables.slice(0, 2)).toEqual([
      { name: "KUBERNETES_SERVICE_PORT", value: "6443" },
      { name: "URL", value: "https://10.96.0.1:6443" },
    ]);
    expect(variables).toHaveLength(1 + 8);
  });
});
