import { expect, it } from "vitest";
import type { CriClient } from "../../src/cri/client.ts";
import { listWithoutPortMap } from "../../src/cri/port-plugins.ts";

const never = new AbortController().signal;
const loopback = { IFName: "lo", Config: { Name: "cni-loopback", Plugins: [{ Network: { type: "loopback" } }] } };
const list = (...plugins: object[]) => ({
  IFName: "eth0",
  Config: { Name: "pods", Plugins: plugins.map((Network) => ({ Network })) },
});
const bridge = { type: "bridge" };
const portmap = { type: "portmap", capabilities: { portMappings: true } };
const told = (...networks: object[]): string => JSON.stringify({ PluginDirs: ["/opt/cni/bin"], Networks: networks });

it.each<[string, string | undefined, string | undefined]>([
  ["portmap with its capability", told(loopback, list(bridge, portmap)), undefined],
  ["portmap that nobody tells of ports", told(loopback, list(bridge, { type: "portmap" })), "pods"],
  ["no portmap", told(loopback, list(bridge)), "pods"],
  ["another plugin that maps ports", told(list({ type: "cilium", capabilities: { portMappings: true } })), undefined],
  ["no network yet", told(loopback), undefined],
  ["nothing that can be read", "{", undefined],
  ["a runtime that does not tell", undefined, undefined],
])("%s", async (_name, cniconfig, expected) => {
  const client = { call: async () => ({ info: cniconfig === undefined ? {} : { cniconfig } }) };
  expect(await listWithoutPortMap(client as unknown as CriClient, never)).toBe(expected);
});
