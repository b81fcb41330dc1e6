import { existsSync } from "node:fs";
import { runCommand } from "../run-command.ts";
import { say } from "../say.ts";

/** Plain tools and libraries that runc, the CNI plugins and the clean-up call, with a file that proves each one. */
const tools = [
  { package: "iptables", proof: ["/usr/sbin/iptables", "/sbin/iptables"], why: "host ports of pods" },
  { package: "nftables", proof: ["/usr/sbin/nft", "/sbin/nft"], why: "to take away what host ports leave" },
  { package: "iproute2", proof: ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"], why: "the pod network" },
  { package: "mount", proof: ["/usr/bin/mount", "/bin/mount"], why: "volumes" },
  { package: "tmux", proof: ["/usr/bin/tmux"], why: "tests of what is shown on terminals" },
  { package: "libseccomp2", proof: [libraryPath("libseccomp.so.2")], why: "runc" },
  { package: "ca-certificates", proof: ["/etc/ssl/certs/ca-certificates.crt"], why: "registries" },
];

function libraryPath(name: string): string {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return `/usr/lib/${triplet}/${name}`;
}

/** Installs the plain tools and libraries that are missing; none of them starts a service. Does nothing when all are there. */
export async function installMissingTools(refreshLists: () => Promise<void>): Promise<void> {
  const missing = tools.filter((tool) => !tool.proof.some((path) => existsSync(path)));
  if (missing.length === 0) return;
  say(`installing ${missing.map((tool) => `${tool.package} (${tool.why})`).join(", ")}`);
  await refreshLists();
  const names = missing.map((tool) => tool.package);
  await runCommand("apt-get", ["install", "-y", "--no-install-recommends", ...names], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}
