import { lookup } from "node:dns/promises";
import { readFile, statfs } from "node:fs/promises";
import { arch, cpus, hostname, type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { BerthError } from "../base/errors.ts";
import type { NodeFacts } from "../pod/node.ts";
import { chooseAddresses, type LocalAddress } from "./addresses.ts";
import { readKernelFacts } from "./kernel.ts";
import { readResolver } from "./resolver.ts";
import { defaultInterfaces } from "./routes.ts";

/** What flags and files say about the node. */
export type NodeWishes = {
  /** --hostname-override; empty: the host's own name. */
  readonly hostnameOverride: string;
  /** --node-ip: none, one or two. */
  readonly nodeIps: readonly string[];
  /** --node-labels; they win over those that the host gives. */
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** Path of the resolver file; empty: the host has none (cri-mapping 1.3). */
  readonly resolvConf: string;
};

/** Reads what there is to know of the host (node.md 1.1, 2.2). Throws ConfigInvalid for a wish that does not fit it. */
export async function readNodeFacts(wishes: NodeWishes, signal: AbortSignal): Promise<NodeFacts> {
  const nodeName = (wishes.hostnameOverride || hostname()).trim().toLowerCase();
  if (nodeName === "")
    throw new BerthError("ConfigInvalid", "the host has no name, and no --hostname-override is given");
  const [bootId, memory, cgroups, routes, resolver, named] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    readFile("/proc/meminfo", "utf8"),
    statfs("/sys/fs/cgroup"),
    readRoutes(),
    readResolver(wishes.resolvConf),
    // Two given addresses leave nothing to look up.
    wishes.nodeIps.length > 0 ? [] : addressesOf(nodeName, signal),
  ]);
  const cgroupVersion = cgroups.type === CGROUP2_MAGIC ? 2 : 1;
  const local = localAddresses(routes);
  const ips = chooseAddresses({ given: wishes.nodeIps, nodeName, named, local });
  const architecture = ARCHITECTURES[arch()] ?? arch();
  return {
    nodeName,
    hostname: nodeName,
    bootId: bootId.trim(),
    ips,
    labels: {
      "kubernetes.io/hostname": nodeName,
      "kubernetes.io/os": "linux",
      "kubernetes.io/arch": architecture,
      "beta.kubernetes.io/os": "linux",
      "beta.kubernetes.io/arch": architecture,
      ...wishes.nodeLabels,
    },
    cpuMillis: cpus().length * 1000,
    memoryBytes: Number(/^MemTotal:\s*(\d+) kB/m.exec(memory)?.[1] ?? 0) * 1024,
    cgroupVersion,
    arch: architecture,
    resolvConf: resolver,
    ...(await readKernelFacts(cgroupVersion)),
  };
}

/** Kubernetes calls architectures as the Go language does. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", arm64: "arm64", arm: "arm" };
/** The kernel's number for the file system of cgroup v2. */
const CGROUP2_MAGIC = 0x63677270;

async function readRoutes(): Promise<readonly string[]> {
  const [four, six] = await Promise.all(
    ["/proc/net/route", "/proc/net/ipv6_route"].map((path) => readFile(path, "utf8").catch(() => "")),
  );
  return defaultInterfaces(four ?? "", six ?? "");
}

function localAddresses(defaultRoutes: readonly string[]): readonly LocalAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address }: NetworkInterfaceInfo) => {
      const place = defaultRoutes.indexOf(name);
      return { address, ...(place < 0 ? {} : { defaultRoute: place }) };
    }),
  );
}

/** Asking the resolver for the node's own name. @limit The address is found in another way: it must not hold up the start. */
const LONGEST_LOOKUP_MS = 2000;

async function addressesOf(name: string, signal: AbortSignal): Promise<readonly string[]> {
  const done = new AbortController();
  const late = wait(LONGEST_LOOKUP_MS, [], { signal: AbortSignal.any([signal, done.signal]) });
  try {
    const found = lookup(name, { all: true, order: "verbatim" }).then(
      (addresses) => addresses.map(({ address }) => address),
      () => [],
    );
    return await Promise.race([found, late]);
  } finally {
    done.abort();
    late.catch(() => {});
  }
}
