import { describe, expect, it } from "vitest";
import { type AddressFacts, chooseAddresses } from "../../src/host/addresses.ts";
import { defaultInterfaces } from "../../src/host/routes.ts";

const local = [
  { address: "127.0.0.1" },
  { address: "10.9.0.1" },
  { address: "fe80::1", defaultRoute: 0 },
  { address: "2001:db8::5", defaultRoute: 1 },
  { address: "192.0.2.7", defaultRoute: 1 },
  { address: "192.0.2.8", defaultRoute: 0 },
];
const choose = (facts: Partial<AddressFacts>) =>
  chooseAddresses({ given: [], nodeName: "n", named: [], local, ...facts });

describe("the node's addresses (node.md 2.2)", () => {
  it.each<[string, Partial<AddressFacts>, string[]]>([
    ["as given", { given: ["10.9.0.1"] }, ["10.9.0.1"]],
    ["two as given, in their order", { given: ["2001:db8::5", "10.9.0.1"] }, ["2001:db8::5", "10.9.0.1"]],
    ["given in another spelling", { given: ["2001:0db8:0:0::5"] }, ["2001:0db8:0:0::5"]],
    ["the name, where it is one", { nodeName: "198.51.100.1" }, ["198.51.100.1"]],
    ["what the name resolves to", { named: ["10.9.0.1"] }, ["10.9.0.1"]],
    ["never a loopback that the name resolves to", { named: ["127.0.1.1", "::1"] }, ["192.0.2.8"]],
    ["never an address of another host", { named: ["203.0.113.1"] }, ["192.0.2.8"]],
    ["the interface with the best default route", {}, ["192.0.2.8"]],
    ["IPv6 on wish", { given: ["::"] }, ["2001:db8::5"]],
    ["IPv4 on wish", { given: ["0.0.0.0"] }, ["192.0.2.8"]],
    ["none", { local: [{ address: "127.0.0.1" }, { address: "10.9.0.1" }] }, []],
  ])("are %s", (_, facts, expected) => {
    expect(choose(facts)).toEqual(expected);
  });

  it.each([
    [["203.0.113.1"]],
    [["127.0.0.1"]],
    [["fe80::1"]],
    [["224.0.0.1"]],
    [["web"]],
    [["192.0.2.7", "192.0.2.8"]],
  ])("are refused as given: %j", (given) => {
    expect(() => choose({ given })).toThrow(expect.objectContaining({ code: "ConfigInvalid" }));
  });
});

describe("interfaces with a default route", () => {
  const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
  const four = (device: string, destination: string, flags: string, metric: number, mask = "00000000") =>
    `${device}\t${destination}\t010200C0\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0`;
  const zeros = "0".repeat(32);
  const six = (device: string, flags: string, metric: string, length = "00") =>
    `${zeros} ${length} ${zeros} 00 ${zeros} ${metric} 00000001 00000000 ${flags} ${device}`;

  it("come by metric, IPv4 first", () => {
    const text = [
      head,
      four("wlan0", "00000000", "0003", 600),
      four("eth0", "00000000", "0003", 100),
      four("eth1", "000200C0", "0001", 0, "00FFFFFF"),
      four("down0", "00000000", "0002", 1),
      "",
    ].join("\n");
    const sixText = [
      six("lo", "00200200", "ffffffff"),
      six("eth9", "00000003", "00000400"),
      six("x", "00000001", "1", "40"),
    ];
    expect(defaultInterfaces(text, sixText.join("\n"))).toEqual(["eth0", "wlan0", "eth9"]);
  });

  it("are none on a host without routes", () => {
    expect(defaultInterfaces(head, "")).toEqual([]);
  });
});
