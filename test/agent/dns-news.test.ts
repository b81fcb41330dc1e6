import { expect, it } from "vitest";
import { makeDnsNews } from "../../src/agent/dns-news.ts";
import type { DnsWarning } from "../../src/pod/dns.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { aPod } from "../kit/pods.ts";

/** What three pods and the log are told on a host. */
function told(inCluster: boolean) {
  const [notices, lines]: [DnsWarning[], string[]] = [[], []];
  const tell = makeDnsNews({
    settings: someSettings({ inCluster }),
    facts: aNode,
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
