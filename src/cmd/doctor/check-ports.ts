import { readFile } from "node:fs/promises";
import type { DesiredPod } from "../../pod/desired.ts";
import { bad, type Finding, good } from "./finding.ts";
import type { Ground } from "./ground.ts";

/** A hostPort that a manifest asks for. */
export type WantedPort = {
  readonly pod: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostNetwork: boolean;
};

/** The hostPorts of a pod. */
export function wantedPorts(pod: DesiredPod): WantedPort[] {
  return pod.containers.flatMap(({ spec }) =>
    (spec.ports ?? []).flatMap(({ hostPort, protocol = "TCP" }) =>
      hostPort
        ? [{ pod: `${pod.namespace}/${pod.manifestName}`, port: hostPort, protocol, hostNetwork: pod.hostNetwork }]
        : [],
    ),
  );
}

/** Host ports that two pods want, or that a program of the host has. `running` are pods that have theirs already. */
export async function checkPorts(
  { root }: Ground,
  wanted: readonly WantedPort[],
  running: readonly string[],
): Promise<Finding[]> {
  const byPort = Map.groupBy(wanted, ({ port, protocol }) => `${protocol} ${port}`);
  const findings: Finding[] = [];
  const listening = await listeningPorts(root);
  for (const [name, all] of byPort) {
    const pods = [...new Set(all.map(({ pod }) => pod))];
    if (pods.length > 1) {
      findings.push(
        bad(
          "host ports",
          `${name} is wanted by ${pods.join(" and ")}: only one of them can run`,
          "give one of them another hostPort",
        ),
      );
    }
    const [first] = all;
    // a pod of the host's network listens there itself, once it runs
    if (first !== undefined && listening.has(name) && !(first.hostNetwork && running.includes(first.pod))) {
      findings.push(
        bad(
          "host ports",
          `${name}, which ${pods.join(" and ")} want${pods.length === 1 ? "s" : ""}, is taken by a program of this host`,
          `find it with ss -ltnup 'sport = :${first.port}', or take another hostPort`,
        ),
      );
    }
  }
  return findings.length > 0
    ? findings
    : [good("host ports", wanted.length === 0 ? "no manifest asks for one" : "none of them clashes")];
}

const LISTEN = "0A";
const UNCONNECTED = "07";

/** `TCP 80`, `UDP 53`: what the kernel shows as listening. */
async function listeningPorts(root: string): Promise<Set<string>> {
  const tables = [
    ["TCP", "tcp", LISTEN],
    ["TCP", "tcp6", LISTEN],
    ["UDP", "udp", UNCONNECTED],
    ["UDP", "udp6", UNCONNECTED],
  ] as const;
  const found = new Set<string>();
  for (const [protocol, file, state] of tables) {
    const text = await readFile(`${root}/proc/net/${file}`, "utf8").catch(() => "");
    for (const line of text.split("\n").slice(1)) {
      const [, local = "", remote = "", now] = line.trim().split(/\s+/);
      if (now !== state || (protocol === "UDP" && !remote.endsWith(":0000"))) continue;
      found.add(`${protocol} ${Number.parseInt(local.split(":")[1] ?? "0", 16)}`);
    }
  }
  return found;
}
