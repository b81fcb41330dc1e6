import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../run-command.ts";
import { say } from "../say.ts";
import { findDebianEntry, openSuite, refreshLists } from "../setup/apt.ts";
import { clusterCache } from "./places.ts";

/** Debian suites whose kubectl speaks WebSockets (1.31 and later), the newest first. */
const SUITES = ["sid", "forky", "trixie"];

/** Where the kubectl of a newer Debian suite lies, once it was fetched. */
export const newerKubectl = join(dirname(clusterCache), "newer/kubectl");

/**
 * Unpacks kubectl out of the newest Debian suite that has it, beside the machine's own and once. Nothing is installed. Throws
 * when no suite has one that runs here.
 */
export async function fetchNewerKubectl(): Promise<string> {
  if (existsSync(newerKubectl)) return newerKubectl;
  await refreshLists();
  const entry = await findDebianEntry();
  const folder = dirname(newerKubectl);
  for (const name of SUITES) {
    const scratch = join(folder, `.${name}`);
    await rm(scratch, { recursive: true, force: true });
    await mkdir(join(scratch, "debs"), { recursive: true });
    say(`looking for kubectl in Debian ${name}, with an apt configuration of its own`);
    try {
      const suite = await openSuite(name, entry, join(scratch, "apt"));
      await runCommand("apt-get", [...suite.options, "download", "kubectl"], { cwd: join(scratch, "debs") });
      for (const deb of await readdir(join(scratch, "debs")))
        await runCommand("dpkg", ["-x", join(scratch, "debs", deb), join(scratch, "tree")]);
      const found = join(scratch, "kubectl");
      await copyFile(join(scratch, "tree/usr/bin/kubectl"), found);
      const version = await runCommand(found, ["version", "--client"]);
      await rename(found, newerKubectl);
      say(`kubectl of Debian ${name}: ${version.split("\n")[0]}`);
      return newerKubectl;
    } catch (error) {
      say(`Debian ${name} has none that runs here: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new Error(`no kubectl in the Debian suites ${SUITES.join(", ")}`);
}
