import { describe, expect, it } from "vitest";
import { podDns } from "../../src/pod/dns.ts";
import type { ResolvConf } from "../../src/pod/node.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { podOf } from "../cri/pod-of.ts";

const HOST: ResolvConf = { servers: ["192.0.2.53"], searches: ["host.example"], options: ["rotate"] };
const NODE = { clusterDns: ["10.96.0.10"], clusterDomain: "cluster.local" };

const dns = (spec: Partial<v1.PodSpec>, host: Partial<ResolvConf> = {}, node: Partial<typeof NODE> = {}) =>
  podDns(podOf({ spec }), { ...NODE, ...node }, { resolvConf: { ...HOST, ...host } });

const numbered = (count: number, text: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => text(n));

describe("the limits of a resolver file (cri-mapping 1.3)", () => {
  it("cuts the tail of more than three servers and says what is in force", () => {
    const servers = numbered(5, (n) => `192.0.2.${n}`);
    expect(dns({ dnsPolicy: "Default" }, { servers })).toMatchObject({
      servers: ["192.0.2.0", "192.0.2.1", "192.0.2.2"],
      warnings: [{ kind: "dnsCut", what: "nameservers", applied: "192.0.2.0 192.0.2.1 192.0.2.2" }],
    });
  });

  it("keeps exactly three servers and 32 search paths without a word", () => {
    const servers = numbered(3, (n) => `192.0.2.${n}`);
    const searches = numbered(32, (n) => `s${n}.example`);
    expect(dns({ dnsPolicy: "Default" }, { servers, searches })).toEqual({
      servers,
      searches,
      options: ["rotate"],
      warnings: [],
    });
  });

  it("cuts search paths at 32 before it drops long ones", () => {
    const long = `${"a".repeat(250)}.test`;
    const searches = [long, ...numbered(33, (n) => `s${n}`)];
    const { searches: kept, warnings } = dns({ dnsPolicy: "Default" }, { searches });
    expect(kept).toEqual(numbered(31, (n) => `s${n}`));
    expect(warnings).toHaveLength(1);
  });

  it("drops from the tail until the list fits into 2048 bytes", () => {
    const path = (n: number): string => `${n % 10}`.repeat(203);
    // Ten of them with blanks between make 2039 bytes, a shorter eleventh would not fit with its blank.
    const searches = [...numbered(10, path), "ninechars", "x"];
    expect(dns({ dnsPolicy: "Default" }, { searches }).searches).toEqual(numbered(10, path));
    expect(dns({ dnsPolicy: "Default" }, { searches: [...numbered(10, path), "eightchr"] }).warnings).toEqual([]);
  });
});

describe("policies", () => {
  it("warns when cluster DNS is wanted and none is configured", () => {
    expect(dns({}, {}, { clusterDns: [] })).toEqual({ ...HOST, warnings: [{ kind: "noClusterDns" }] });
    expect(dns({ hostNetwork: true }, {}, { clusterDns: [] }).warnings).toEqual([]);
  });

  it("takes an unknown one for ClusterFirst", () => {
    expect(dns({ dnsPolicy: "Whatever" }).servers).toEqual(NODE.clusterDns);
  });

  it("lists a path once where host and cluster share it", () => {
    expect(dns({}, { searches: ["cluster.local", "host.example"] }).searches).toEqual([
      "default.svc.cluster.local",
      "svc.cluster.local",
      "cluster.local",
      "host.example",
    ]);
  });
});
