import { mkdir, rename, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Repair } from "./finding.ts";

const LIST_NAME = "10-berth.conflist";

/** Writes a CNI list for a bridge of pods on a subnet that nothing here uses. */
export function writeNetworkList(confDir: string): Repair {
  const subnet = freeSubnet();
  const path = join(confDir, LIST_NAME);
  return {
    words: `write ${path}: a bridge berth0 for pods on ${subnet}, with masquerading and host ports`,
    async run() {
      await mkdir(confDir, { recursive: true });
      const next = join(confDir, `.${LIST_NAME}.new`);
      await writeFile(next, networkListText(subnet));
      await rename(next, path); // the runtime reads the directory at any moment
    },
  };
}

/** What the list says, byte for byte: a purge of the package knows it again by its checksum. */
export function networkListText(subnet: string): string {
  const list = {
    cniVersion: "0.4.0",
    name: "berth",
    plugins: [
      {
        type: "bridge",
        bridge: "berth0",
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

/** The first of a few subnets of 4,094 pods in which no address of this host lies. */
function freeSubnet(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  const isTaken = (second: number): boolean => addresses.some((address) => address.startsWith(`10.${second}.`));
  const second = [85, 86, 87, 185, 186, 187].find((each) => !isTaken(each)) ?? 85;
  return `10.${second}.0.0/20`;
}

/** Turns forwarding on, now and at each boot. */
export function allowForwarding(root: string): Repair {
  return {
    words: "turn net.ipv4.ip_forward on, now and in /etc/sysctl.d/60-berth.conf",
    async run() {
      await mkdir(`${root}/etc/sysctl.d`, { recursive: true });
      await writeFile(
        `${root}/etc/sysctl.d/60-berth.conf`,
        "# Pods reach other hosts through this one.\nnet.ipv4.ip_forward = 1\n",
      );
      await writeFile(`${root}/proc/sys/net/ipv4/ip_forward`, "1\n");
    },
  };
}
