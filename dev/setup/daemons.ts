import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { daemonFolders, workFolder } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { messageOf, say } from "../say.ts";
import { findDebianEntry, offeredVersion, openSuite, refreshLists, type Suite } from "./apt.ts";

/** What `daemon.json` beside unpacked daemons says about them. */
export type Fetched = { suite: string; containerd: string };

const distroPackages = ["containerd", "runc", "containernetworking-plugins", "docker-registry", "busybox-static"];

/** Debian suites that carry containerd 2.x, the steadier one first. */
const newerSuites = ["forky", "sid"];

/** Unpacks the machine's own containerd, runc, CNI plugins, registry and busybox into the work folder, once. */
export async function fetchDistroDaemons(): Promise<Fetched> {
  const there = await readFetched(daemonFolders.distro);
  if (there) return there;
  await refreshLists();
  say(`fetching ${distroPackages.join(", ")} into ${daemonFolders.distro} (unpacked there, not installed)`);
  return unpack(distroPackages, daemonFolders.distro, "the machine's own suite");
}

/** Unpacks containerd 2.x from a newer Debian suite, once. Hands back the reason when there is none to be had. */
export async function fetchNewerContainerd(): Promise<Fetched | { missing: string }> {
  const there = await readFetched(daemonFolders.newer);
  if (there) return there;
  try {
    await refreshLists();
    const entry = await findDebianEntry();
    for (const name of newerSuites) {
      say(`looking for containerd 2.x in Debian ${name}, with an apt configuration of its own`);
      const suite = await openSuite(name, entry, join(workFolder, "apt", name));
      const version = await offeredVersion("containerd", suite);
      if (version?.startsWith("2.")) return await unpack(["containerd"], daemonFolders.newer, `Debian ${name}`, suite);
    }
    return { missing: `none of the suites ${newerSuites.join(", ")} offers containerd 2.x` };
  } catch (thrown) {
    return { missing: messageOf(thrown) };
  }
}

async function readFetched(folder: string): Promise<Fetched | undefined> {
  const file = join(folder, "daemon.json");
  return existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Fetched) : undefined;
}

/** Downloads packages and unpacks them beside the goal, which appears whole or not at all. */
async function unpack(packages: string[], folder: string, from: string, suite?: Suite): Promise<Fetched> {
  await mkdir(join(workFolder, "daemons"), { recursive: true });
  const scratch = await mkdtemp(join(workFolder, "daemons/.unpack-"));
  const debs = join(scratch, "debs");
  const tree = join(scratch, "tree");
  await mkdir(debs);
  const sandbox = ["-o", "APT::Sandbox::User=root"];
  await runCommand("apt-get", [...sandbox, ...(suite?.options ?? []), "download", ...packages], { cwd: debs });
  for (const deb of await readdir(debs)) await runCommand("dpkg", ["-x", join(debs, deb), tree]);
  const version = await runCommand(join(tree, "usr/bin/containerd"), ["--version"]); // proves that it runs here, too
  const fetched = { suite: from, containerd: /\bv?(\d+\.\d+\.\d+)/.exec(version)?.[1] ?? version.trim() };
  await writeFile(join(tree, "daemon.json"), `${JSON.stringify(fetched, undefined, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(tree, folder);
  await rm(scratch, { recursive: true, force: true });
  say(`containerd ${fetched.containerd} from ${from}`);
  return fetched;
}
