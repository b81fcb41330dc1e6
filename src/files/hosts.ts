import { readFile } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import type { DesiredPod } from "../pod/desired.ts";
import { podHostName } from "../pod/host-name.ts";
import type * as v1 from "../pod/v1.ts";
import { writeExact } from "./exact.ts";
import { ifThere } from "./failure.ts";
import type { PodFilesOptions } from "./options.ts";

const OWN_LINES = [
  "# Kubernetes-managed hosts file.",
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "fe00::0\tip6-mcastprefix",
  "fe00::1\tip6-allnodes",
  "fe00::2\tip6-allrouters",
];

/** Text of a pod's hosts file (cri-mapping 4.1). `nodeHosts` is used on the host network only. */
export function hostsText(pod: DesiredPod, ips: readonly string[], clusterDomain: string, nodeHosts: string): string {
  const aliases = aliasText(pod.spec.hostAliases ?? []);
  if (pod.hostNetwork) return `# Kubernetes-managed hosts file (host network).\n${nodeHosts}${aliases}`;

  const name = podHostName(pod, clusterDomain);
  if (name.kind === "invalid") throw new BerthError("ContainerConfigInvalid", name.problem);
  const names = name.domain === "" ? name.host : `${name.host}.${name.domain}\t${name.host}`;
  const lines = [...OWN_LINES, ...ips.map((ip) => `${ip}\t${names}`)];
  return `${lines.join("\n")}\n${aliases}`;
}

function aliasText(aliases: readonly v1.HostAlias[]): string {
  if (aliases.length === 0) return "";
  const lines = aliases.map(({ ip, hostnames }) => `${[ip, ...(hostnames ?? [])].join("\t")}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join("")}`;
}

/**
 * Writes the pod's hosts file for a coming container. It is written in place, since running containers have it mounted,
 * and only when it differs, so that they never see it empty without need.
 */
export async function writeHosts(
  path: string,
  pod: DesiredPod,
  ips: readonly string[],
  options: PodFilesOptions,
): Promise<void> {
  const nodeHosts = pod.hostNetwork ? ((await ifThere(readFile(options.hostsFile, "utf8"))) ?? "") : "";
  const text = hostsText(pod, ips, options.settings.clusterDomain, nodeHosts);
  const held = await ifThere(readFile(path, "utf8"));
  if (held !== text) await writeExact(path, text, 0o644);
}
