import { mkdir, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { freePort } from "../../dev/agent/free-port.ts";
import { workFolder } from "../../dev/paths.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";

let host: Host;
let resolvConf: string;

const RESOLV_CONF =
  "# the host's\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch lab.example home.example\noptions timeout:3\n";

beforeAll(async () => {
  const { key } = inject("runtime").places;
  resolvConf = join(workFolder, "run", `resolv-${key}.conf`);
  await mkdir(join(workFolder, "run"), { recursive: true });
  await writeFile(resolvConf, RESOLV_CONF);
  host = await openHost({ kubelet: { clusterDNS: ["192.0.2.53"], clusterDomain: "cluster.local", resolvConf } });
});

afterAll(() => host?.close());

const SERVE = sh("mkdir -p /www; hostname > /www/index.html; httpd -f -p 8080 -h /www & trap 'exit 0' TERM; wait $!");

describe("host ports", () => {
  it("lead to the pod on every address of the host, and go with the pod", async () => {
    const port = await freePort();
    const main = container("main", { command: SERVE, ports: [{ containerPort: 8080, hostPort: port }] });
    await host.manifests.drop("ported.yaml", pod("ported", { containers: [main] }));
    await host.running("ported");
    const url = `http://${host.runtime.gateway}:${port}/`;
    await host.eventually("it answers", async () => expect((await fetched(url)).trim()).toBe(`ported-${host.node}`));
    await host.manifests.remove("ported.yaml");
    await host.gone("ported");
    await expect(fetched(url)).rejects.toThrow();
  });

  it("taken by another pod: the second is refused with NodePorts, and the first goes on", async () => {
    const port = await freePort();
    const main = container("main", { ports: [{ containerPort: 8080, hostPort: port }] });
    await host.manifests.drop("first.yaml", pod("first", { containers: [main] }));
    const before = await host.running("first");
    await host.manifests.drop("second.yaml", pod("second", { containers: [main] }));
    await host.eventually("the second is refused", async () => {
      expect((await host.pod("second")).status).toMatchObject({ phase: "Failed", reason: "NodePorts" });
    });
    expect((await host.running("first")).id).toBe(before.id);
  });
});

describe("hostNetwork", () => {
  it("gives the pod the host's interfaces and address", async () => {
    await host.manifests.drop("onhost.yaml", pod("onhost", { hostNetwork: true, containers: [container("main")] }));
    await host.running("onhost");
    const shown = await host.berth("exec", "onhost", "--", "ls", "/sys/class/net");
    expect(shown.stdout).toContain(`bdev${host.runtime.places.key}`);
    const { status } = await host.pod("onhost");
    const own = Object.values(networkInterfaces()).flatMap(
      (addresses) => addresses?.map(({ address }) => address) ?? [],
    );
    expect(own).toContain(status?.podIP);
    expect(status?.hostIP).toBe(status?.podIP);
  });
});

describe("names", () => {
  const cases: Record<string, { readonly spec: Partial<v1.PodSpec>; readonly lines: readonly string[] }> = {
    "cluster-first": {
      spec: {},
      lines: [
        "search default.svc.cluster.local svc.cluster.local cluster.local lab.example home.example",
        "nameserver 192.0.2.53",
        "options ndots:5",
      ],
    },
    default: {
      spec: { dnsPolicy: "Default" },
      lines: ["search lab.example home.example", "nameserver 192.0.2.1", "nameserver 192.0.2.2", "options timeout:3"],
    },
    none: {
      spec: {
        dnsPolicy: "None",
        dnsConfig: { nameservers: ["192.0.2.9"], searches: ["own.example"], options: [{ name: "ndots", value: "2" }] },
      },
      lines: ["search own.example", "nameserver 192.0.2.9", "options ndots:2"],
    },
    "with-host-net": {
      spec: { dnsPolicy: "ClusterFirstWithHostNet", hostNetwork: true },
      lines: [
        "search default.svc.cluster.local svc.cluster.local cluster.local lab.example home.example",
        "nameserver 192.0.2.53",
        "options ndots:5",
      ],
    },
    "host-net": {
      spec: { hostNetwork: true },
      lines: ["search lab.example home.example", "nameserver 192.0.2.1", "nameserver 192.0.2.2", "options timeout:3"],
    },
    added: {
      spec: {
        dnsPolicy: "Default",
        dnsConfig: { nameservers: ["192.0.2.9"], searches: ["lab.example", "more.example"] },
      },
      lines: [
        "search lab.example home.example more.example",
        "nameserver 192.0.2.1",
        "nameserver 192.0.2.2",
        "nameserver 192.0.2.9",
        "options timeout:3",
      ],
    },
  };

  it.each(Object.keys(cases))("dnsPolicy: %s", async (name) => {
    const { spec, lines } = cases[name] ?? { spec: {}, lines: [] };
    await host.manifests.drop(`dns-${name}.yaml`, pod(`dns-${name}`, spec));
    await host.running(`dns-${name}`);
    const shown = await host.berth("exec", `dns-${name}`, "--", "cat", "/etc/resolv.conf");
    expect(shown.stdout.trim().split("\n").sort()).toEqual([...lines].sort());
  });

  it("of a host whose resolver file changed are those of its next pods", async () => {
    await writeFile(resolvConf, "nameserver 192.0.2.3\n");
    await host.manifests.drop("dns-changed.yaml", pod("dns-changed", { dnsPolicy: "Default" }));
    await host.running("dns-changed");
    const shown = await host.berth("exec", "dns-changed", "--", "cat", "/etc/resolv.conf");
    expect(shown.stdout.trim().split("\n")).toEqual(["nameserver 192.0.2.3"]);
  });

  it("the hosts file names the pod and its aliases", async () => {
    const hostAliases = [{ ip: "192.0.2.77", hostnames: ["alias-a", "alias-b"] }];
    await host.manifests.drop("hosts.yaml", pod("hosts", { hostAliases, hostname: "own-name" }));
    await host.running("hosts");
    const shown = await host.berth("exec", "hosts", "--", "cat", "/etc/hosts");
    const { status } = await host.pod("hosts");
    expect(shown.stdout).toMatch(new RegExp(`^${status?.podIP}\\s+own-name$`, "m"));
    expect(shown.stdout).toMatch(/^192\.0\.2\.77\s+alias-a\s+alias-b$/m);
    const name = await host.berth("exec", "hosts", "--", "hostname");
    expect(name.stdout.trim()).toBe("own-name");
  });
});

async function fetched(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).text();
}
