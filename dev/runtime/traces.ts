import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tryCommand } from "../run-command.ts";
import { identify, isRunning, type ProcessId } from "./daemon.ts";
import { type Places, shortFolder } from "./places.ts";

/** Folders that containerd and CNI make on the host, whatever their configuration says; the deepest first. */
const hostFolders = ["/run/containerd/s", "/run/containerd", "/var/lib/cni/results", "/var/lib/cni"];

/** Packet filter tables and chains in which the portmap plugin puts host ports. */
const families = [
  { command: "iptables", family: "ip" },
  { command: "ip6tables", family: "ip6" },
] as const;

/** How the host was before the first private runtime came. */
type Before = { absentFolders: string[]; absentTables: string[]; hadPortmap: boolean };

const beforeFile = join(shortFolder, "before.json");
const lockFolder = join(shortFolder, ".lock");

/** Notes that a private runtime comes to this host; the first one writes down how the host is. */
export async function enterHost(places: Places): Promise<void> {
  await locked(async () => {
    if (!existsSync(beforeFile)) await writeFile(beforeFile, JSON.stringify(await lookAtHost()));
    await rm(places.short, { force: true });
  });
}

/** Takes away what one private runtime left on the host; the last one to leave brings the host back to how it was. */
export async function leaveHost(places: Places, networkName: string): Promise<void> {
  if (!existsSync(shortFolder)) return;
  await locked(async () => {
    await rm(places.short, { force: true });
    await removeCniResults(networkName);
    const others = (await readdir(shortFolder)).filter((name) => /^[0-9a-f]{8}$/.test(name));
    if (others.length > 0 || !existsSync(beforeFile)) return;
    await restoreHost(JSON.parse(await readFile(beforeFile, "utf8")) as Before);
    await rm(beforeFile);
  });
  await rmdir(shortFolder).catch(() => undefined); // another runtime may be there, or just come
}

async function lookAtHost(): Promise<Before> {
  const tables = await listTables();
  const nat = await tryCommand("iptables", ["-w", "-t", "nat", "-S"]);
  return {
    absentFolders: hostFolders.filter((folder) => !existsSync(folder)),
    absentTables: families.map(({ family }) => `${family} nat`).filter((table) => !tables.includes(table)),
    hadPortmap: nat.stdout.includes("CNI-HOSTPORT-DNAT"),
  };
}

async function restoreHost(before: Before): Promise<void> {
  for (const folder of before.absentFolders) await rmdir(folder).catch(() => undefined); // in use: not ours alone
  if (before.hadPortmap) return;
  for (const { command } of families) await removePortmap(command);
  for (const table of before.absentTables) await removeEmptyTable(table);
}

/** Removes all chains of the portmap plugin: those that it never removes itself, and those of pods that were ended by force. */
async function removePortmap(command: string): Promise<void> {
  const nat = (...args: string[]) => tryCommand(command, ["-w", "-t", "nat", ...args]);
  const rules = (await nat("-S")).stdout.split("\n");
  const jumps = rules.filter((rule) => /^-A (PREROUTING|OUTPUT|POSTROUTING) .*-j CNI-/.test(rule));
  const chains = rules.flatMap((rule) => /^-N (CNI-(?:HOSTPORT|DN)-\S+)$/.exec(rule)?.[1] ?? []);
  for (const jump of jumps) {
    const words = jump.match(/"[^"]*"|\S+/g) ?? [];
    await nat("-D", ...words.slice(1).map((word) => word.replaceAll('"', "")));
  }
  for (const chain of chains) await nat("-F", chain);
  for (const chain of chains) await nat("-X", chain);
}

/** Removes a table that holds nothing but empty base chains. */
async function removeEmptyTable(table: string): Promise<void> {
  const [family, name] = table.split(" ");
  const listing = await tryCommand("nft", ["--json", "list", "table", String(family), String(name)]);
  if (listing.code !== 0) return;
  const { nftables } = JSON.parse(listing.stdout) as { nftables: Record<string, { policy?: string; hook?: string }>[] };
  const plain = (object: Record<string, { policy?: string; hook?: string }>) =>
    "metainfo" in object || "table" in object || (object.chain?.hook && object.chain.policy === "accept");
  if (nftables.every(plain)) await tryCommand("nft", ["delete", "table", String(family), String(name)]);
}

async function listTables(): Promise<string[]> {
  const listing = await tryCommand("nft", ["list", "tables"]);
  return listing.stdout.split("\n").map((line) => line.replace(/^table /, "").trim());
}

/** Removes what CNI remembers of sandboxes in this network, under the network's own name and under the loopback's. */
async function removeCniResults(networkName: string): Promise<void> {
  const folder = "/var/lib/cni/results";
  for (const name of await readdir(folder).catch(() => [])) {
    const [, sandbox] = name.startsWith(`${networkName}-`) ? (/-([0-9a-f]{64})-eth0$/.exec(name) ?? []) : [];
    if (!sandbox) continue;
    await rm(join(folder, name), { force: true });
    await rm(join(folder, `cni-loopback-${sandbox}-lo`), { force: true });
  }
}

/** Runs a piece of work while no other program does such work on this host. A lock whose holder died is taken over. */
async function locked(work: () => Promise<void>): Promise<void> {
  await mkdir(shortFolder, { recursive: true });
  while (!(await tryLock())) await sleep(20);
  try {
    await work();
  } finally {
    await rm(lockFolder, { recursive: true, force: true });
  }
}

async function tryLock(): Promise<boolean> {
  const holder = join(lockFolder, "holder.json");
  try {
    await mkdir(shortFolder, { recursive: true });
    await mkdir(lockFolder);
    await writeFile(holder, JSON.stringify(await identify(process.pid)));
    return true;
  } catch {
    const id = await readFile(holder, "utf8")
      .then((text) => JSON.parse(text) as ProcessId)
      .catch(() => undefined);
    if (id && !(await isRunning(id))) await rm(lockFolder, { recursive: true, force: true });
    return false;
  }
}
