import { expect, it } from "vitest";
import { makeDnsNews } from "../../src/agent/dns-news.ts";
import type { DnsWarning } from "../../src/pod/dns.ts";
import type { HostResolver } from "../../src/pod/node.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { aPod } from "../kit/pods.ts";
import { makeWorld } from "../kit/world.ts";

/** What three pods and the log are told on a host. */
function told(inCluster: boolean) {
  const [notices, lines]: [DnsWarning[], string[]] = [[], []];
  const tell = makeDnsNews({
    settings: someSettings({ inCluster }),
    resolvConf: () => aNode.resolvConf,
    log: { info: (line: string) => void lines.push(line) },
  });
  for (let count = 0; count < 3; count += 1) {
    tell({ pod: aPod(), notice: (notice) => void notices.push(notice as DnsWarning) });
  }
  return { notices: notices.map(({ kind }) => kind), lines: lines.length };
}

it("each pod of a cluster's node is told that there is no cluster DNS, and the log once (cri-mapping 1.3)", () => {
  expect(told(true)).toEqual({ notices: ["noClusterDns", "noClusterDns", "noClusterDns"], lines: 1 });
});

it("on a host without a cluster only the log is told, and once", () => {
  expect(told(false)).toEqual({ notices: [], lines: 1 });
});

it("the host's resolver file is looked at once for each sandbox, before anybody is told of it (cri-mapping 1.3)", async () => {
  const servers = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
  let looks = 0;
  const resolver: HostResolver = {
    now: () => ({ servers: servers.slice(0, looks + 1), searches: [], options: [] }),
    refresh: async () => {
      looks += 1;
    },
  };
  const world = makeWorld({ more: { resolver } });
  await world.start();
  for (const name of ["two", "three", "four"]) {
    world.directory.put(name, { kind: "pod", manifest: plainPod(name, { dnsPolicy: "Default" }) });
    await world.clock.advance(60_000);
  }
  const cut = world.trace.filter(({ text }) => text.includes("DNSConfigForming"));
  expect([looks, cut.map(({ text }) => text)]).toEqual([3, [expect.stringContaining("four-node")]]);
  await world.stop();
});
