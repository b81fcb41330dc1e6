// Walks from a bare Debian to a first pod by README.md alone, and prints a transcript with times: SUITE=bookworm or trixie.
// What the walk adds to the README, since a machine of this kind has no registry in reach: the image of the pod is loaded
// from an archive. Commands of apt use this machine's network. Needs root. Exit code 1 when a command fails.
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { packArchive } from "../src/cmd/archive/oci.ts";
import { buildCatalog } from "./images/catalog.ts";
import { buildDeb } from "./package/deb.ts";
import { ownArchitecture, releaseFor } from "./package/release.ts";
import { checkout } from "./paths.ts";
import { runCommand } from "./run-command.ts";
import { fail, messageOf } from "./say.ts";
import { SUITES, systemdFolder } from "./systemd/base.ts";
import { bootBareHost, put } from "./systemd/berth-host.ts";
import type { Machine } from "./systemd/machine.ts";

const MANIFEST = "/etc/berth/manifests/hello.yaml";

/** The n-th block of code of a section of the README. */
function block(readme: string, section: string, which: number): string {
  const text = readme.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  const found = [...text.matchAll(/^```\w*\n(.*?)^```$/gms)][which]?.[1];
  if (found === undefined) throw new Error(`README.md has no block ${which} in "${section}"`);
  return found;
}

const commandsOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter(Boolean);

async function walk(machine: Machine, readme: string): Promise<void> {
  const begun = performance.now();
  const step = async (command: string): Promise<void> => {
    const since = performance.now();
    console.log(`\n# ${command}`);
    const network = command.startsWith("apt") ? "of the host" : "own";
    const quiet = command.startsWith("apt") ? `DEBIAN_FRONTEND=noninteractive ${command} -qq` : command;
    const { code, stdout, stderr } = await machine.run(`cd /root && ${quiet}`, network);
    process.stdout.write(stdout + stderr);
    console.log(`(exit ${code}, ${((performance.now() - since) / 1000).toFixed(1)} s)`);
    if (code !== 0 && !command.startsWith("berth doctor")) throw new Error(`${command}: exit ${code}`);
  };
  for (const command of commandsOf(block(readme, "Install", 0))) await step(command);
  await step("berth image load /root/busybox.tar");
  await put(machine, MANIFEST, block(readme, "A first pod", 0));
  console.log(`\n# (the manifest of the README is saved as ${MANIFEST})`);
  for (const command of commandsOf(block(readme, "A first pod", 1))) await step(command);
  console.log(`\nfrom a bare Debian to a first pod: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}

/** How this machine reaches its Debian archive. */
async function reach({ root }: Machine): Promise<void> {
  const settings = await runCommand("apt-config", ["dump", "--format", '%f "%v";%n', "Acquire"]);
  await writeFile(join(root, "etc/apt/apt.conf.d/99reach"), settings);
  await copyFile("/etc/resolv.conf", join(root, "etc/resolv.conf"));
}

const suite = SUITES.find((name) => name === (process.env.SUITE || "bookworm")) ?? fail(`SUITE= one of ${SUITES}`);
const deb = await buildDeb(await releaseFor(ownArchitecture()), {
  folder: join(systemdFolder, "packages"),
  quick: true,
});
const machine = await bootBareHost(`newcomer-${suite}`, suite);
try {
  await reach(machine);
  await copyFile(deb, join(machine.root, "root", basename(deb)));
  const busybox = (await buildCatalog()).imported.filter(({ names }) =>
    names.some((name) => name.includes("busybox:")),
  );
  await put(machine, "/root/busybox.tar", packArchive(busybox));
  await walk(machine, await readFile(join(checkout, "README.md"), "utf8"));
} catch (thrown) {
  process.exitCode = 1;
  console.error(messageOf(thrown));
} finally {
  await machine.destroy();
}
