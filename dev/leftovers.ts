// What containers leave on a host: notes it down, and says what a second look finds more or less.
//   node dev/leftovers.ts note FILE
//   node dev/leftovers.ts compare FILE      exit 1 when something was left behind or taken away
import { readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { tryCommand } from "./run-command.ts";
import { listMounts } from "./runtime/mounts.ts";
import { fail } from "./say.ts";

/** What stands on the host at one moment, by kind. */
export type Traces = Readonly<Record<string, readonly string[]>>;

/** Folders whose entries count, however deep. */
const FOLDERS = [
  "/run/containerd",
  "/run/netns",
  "/run/berth",
  "/run/berth-dev",
  "/var/lib/cni",
  "/var/lib/berth",
  "/var/log/containers",
  "/var/log/pods",
];
const CGROUPS = "/sys/fs/cgroup";

/** Looks at mounts, networks, packet filters, cgroups, processes and folders of the host. */
export async function noteTraces(): Promise<Traces> {
  return {
    mounts: await listMounts(),
    links: await listLinks(),
    "network namespaces": (await tryCommand("ip", ["netns", "list"])).stdout.split("\n").filter(Boolean),
    iptables: [...(await listRules("iptables-save")), ...(await listRules("ip6tables-save"))],
    "nft tables": (await tryCommand("nft", ["list", "tables"])).stdout.split("\n").filter(Boolean),
    "ip forwarding": [await readFile("/proc/sys/net/ipv4/ip_forward", "utf8").catch(() => "")],
    cgroups: withoutSiblings(await listFolders(CGROUPS), await readFile("/proc/self/cgroup", "utf8").catch(() => "")),
    processes: await listProcesses(),
    folders: (await Promise.all(FOLDERS.map(listEntries))).flat(),
  };
}

/**
 * What the later look has more (`+`) and less (`-`), one line each. Lines that hold one of the words in `foreign` belong to
 * others who come and go on this host at the same time.
 */
export function compareTraces(before: Traces, after: Traces, foreign: readonly string[] = []): string[] {
  const ours = (line: string) => !foreign.some((word) => line.includes(word));
  return Object.keys(after).flatMap((kind) => {
    const [old, now] = [before[kind] ?? [], after[kind] ?? []];
    return [
      ...without(now, old).map((line) => `+ ${kind}: ${line}`),
      ...without(old, now).map((line) => `- ${kind}: ${line}`),
    ].filter(ours);
  });
}

/** The lines that are in one list more often than in the other. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const left = counts.get(line) ?? 0;
    counts.set(line, left - 1);
    return left <= 0;
  });
}

/** Names of links with the bridge that they are tied to: those of veths are by chance. */
async function listLinks(): Promise<string[]> {
  const { stdout } = await tryCommand("ip", ["-oneline", "link"]);
  return stdout.split("\n").flatMap((line) => {
    const [, name, rest = ""] = /^\d+: ([^:@]+)[^:]*:(.*)$/.exec(line) ?? [];
    return name ? [`${name} ${/ master (\S+)/.exec(rest)?.[1] ?? ""}`.trim()] : [];
  });
}

/** Tables, chains and rules, without counters and comments on the time. */
async function listRules(command: string): Promise<string[]> {
  const { stdout } = await tryCommand(command, []).catch(() => ({ stdout: "" }));
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#") && line !== "COMMIT")
    .map((line) => `${command}: ${line.replace(/ \[\d+:\d+\]$/, "")}`);
}

async function listFolders(folder: string): Promise<string[]> {
  const children = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = children.filter((child) => child.isDirectory()).map((child) => `${folder}/${child.name}`);
  return [...below, ...(await Promise.all(below.map(listFolders))).flat()];
}

/**
 * Cgroups beside that of this process come and go with the host's own services and sessions. Those right below the root count:
 * pods have theirs there.
 */
function withoutSiblings(cgroups: readonly string[], memberships: string): string[] {
  const places = memberships.split("\n").flatMap((line) => {
    const [, own, parent] = /^\d+:[^:]*:((\/.+)\/[^/]+)$/.exec(line) ?? [];
    return own === undefined ? [] : [{ own, parent }];
  });
  const isSibling = (path: string): boolean =>
    places.some(({ own, parent }) => path.includes(`${parent}/`) && !`${path}/`.includes(`${own}/`));
  return cgroups.filter((path) => !isSibling(path));
}

async function listEntries(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => undefined);
  return entries ? [folder, ...entries.map((entry) => `${entry.parentPath}/${entry.name}`)] : [];
}

/** Command lines of containers, their shims, the runtime and its agents; zombies and all other processes are left out. */
async function listProcesses(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return text.split("\0").join(" ").trim();
    }),
  );
  return lines.filter((line) => /containerd|docker-registry|berthd|^\/pause\b/.test(line));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [verb, file] = process.argv.slice(2);
  if (file === undefined || (verb !== "note" && verb !== "compare")) fail("say note FILE or compare FILE");
  const now = await noteTraces();
  if (verb === "note") writeFileSync(file, JSON.stringify(now));
  else {
    const lines = compareTraces(JSON.parse(readFileSync(file, "utf8")) as Traces, now);
    for (const line of lines) console.log(line);
    process.exitCode = lines.length > 0 ? 1 : 0;
  }
}
