import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { workFolder } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { say } from "../say.ts";
import { findDebianEntry, refreshLists } from "../setup/apt.ts";

/** Everything about booted systemd lies below this folder. */
export const systemdFolder = join(workFolder, "systemd");

/** The Debian releases that Berth is for. */
export const SUITES = ["bookworm", "trixie"] as const;
export type Suite = (typeof SUITES)[number];

/** What every server has. */
const BARE = ["systemd", "systemd-sysv", "dbus", "procps", "iproute2", "kmod", "ca-certificates"];
/** And what Berth needs of a host, lintian for the package, and nspawn, which need not be on this machine. */
const EQUIPPED = [
  ...["systemd-container", "iptables", "containerd", "runc", "containernetworking-plugins"],
  // lintian needs the last one by a name that debootstrap does not know it under
  ...["man-db", "lintian", "zsh", "fish", "perl-openssl-defaults"],
];
/** How much a root file system holds. */
export type Equipment = "bare" | "equipped";

/** The root file system that machines are copied from; made by debootstrap once. Needs root and the machine's apt. */
export async function debianRoot(equipment: Equipment = "equipped", suite: Suite = "bookworm"): Promise<string> {
  const folder = join(systemdFolder, equipment === "equipped" ? suite : `${suite}-${equipment}`);
  if (existsSync(folder)) return folder;
  await refreshLists();
  if (!existsSync("/usr/sbin/debootstrap")) await runCommand("apt-get", ["install", "-y", "debootstrap"]);
  const { uri } = await findDebianEntry();
  say(`making a Debian ${suite} with debootstrap in ${folder}: a few minutes, once`);
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(systemdFolder, { recursive: true });
  const packages = [...BARE, ...(equipment === "bare" ? [] : EQUIPPED)];
  await runCommand("debootstrap", ["--variant=minbase", `--include=${packages.join(",")}`, suite, making, uri]);
  await writeFile(join(making, "etc/machine-id"), "");
  // Left behind on some machines by debootstrap, to keep services from starting.
  await rm(join(making, "usr/sbin/policy-rc.d"), { force: true });
  await rename(making, folder);
  return folder;
}
