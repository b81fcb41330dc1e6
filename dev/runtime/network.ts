import { mkdir, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { runCommand, tryCommand } from "../run-command.ts";
import type { Places } from "./places.ts";

/** The network of one private runtime's pods: its own bridge and subnet, reachable from the host and from nowhere else. */
export type PodNetwork = { name: string; bridge: string; subnet: string; gateway: string };

/**
 * Makes the bridge and writes the CNI configuration. The bridge is made here and not by its plugin, since the plugin would
 * switch on IP forwarding for the whole host. No masquerading: pods reach the host and each other.
 */
export async function makeNetwork(places: Places, subnet?: string): Promise<PodNetwork> {
  const free = subnet ?? freeSubnet(Number.parseInt(places.key, 16));
  const network = {
    name: `berth-dev-${places.key}`,
    bridge: `bdev${places.key}`,
    subnet: free,
    gateway: free.replace(/\.0\/\d+$/, ".1"),
  };
  await removeBridge(network.bridge);
  await runCommand("ip", ["link", "add", network.bridge, "type", "bridge"]);
  const prefix = network.subnet.split("/")[1];
  await runCommand("ip", ["address", "add", `${network.gateway}/${prefix}`, "dev", network.bridge]);
  await runCommand("ip", ["link", "set", network.bridge, "up"]);
  await mkdir(places.cniConfig, { recursive: true });
  await writeFile(join(places.cniConfig, "10-pods.conflist"), JSON.stringify(cniConfig(network, places), undefined, 2));
  return network;
}

/** Takes a bridge away, if it is there. */
export async function removeBridge(bridge: string): Promise<void> {
  await tryCommand("ip", ["link", "delete", bridge, "type", "bridge"]);
}

function cniConfig(network: PodNetwork, places: Places): object {
  return {
    cniVersion: "0.4.0",
    name: network.name,
    plugins: [
      {
        type: "bridge",
        bridge: network.bridge,
        isGateway: false,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: places.cniState,
          ranges: [[{ subnet: network.subnet, gateway: network.gateway }]],
          routes: [{ dst: "0.0.0.0/0", gw: network.gateway }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ],
  };
}

/** The first of 256 subnets of 1022 pods, below 10.212.0.0/14, that no interface of the host lies in; the seed says where to begin. */
function freeSubnet(seed: number): string {
  const taken = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  for (let step = 0; step < 256; step += 1) {
    const index = (seed + step) % 256;
    const second = 212 + Math.floor(index / 64);
    const third = (index % 64) * 4;
    const inside = (address: string) => {
      const [a, b, c] = address.split(".").map(Number);
      return a === 10 && b === second && c !== undefined && c >= third && c < third + 4;
    };
    if (!taken.some(inside)) return `10.${second}.${third}.0/22`;
  }
  throw new Error("no free subnet below 10.212.0.0/14: too many private runtimes at once (make down)");
}
