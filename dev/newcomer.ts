// Walks from a bare Debian to a first pod by README.md alone, and prints a transcript with times: SUITE=bookworm or trixie.
// What the walk adds to the README, since a machine of this kind has no registry in reach: the image of the pod is loaded
// from an archive. Only apt's fetching uses this machine's network. WRITE=1 puts the transcript into docs/newcomer.md.
// Needs root. Exit code 1 when a command fails.
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

/** What apt says of its own doings fills screens: of that only the sums stand in the transcript. */
const APT_SUMS = /^(\d+ upgraded|After this operation)/;
/** Of the progress that programs draw on a terminal, and of terminals that are not there. */
const NOISE = /^$|^WARNING: apt does not have|^debconf:/;

/** Walks, and answers what a reader would have seen. Throws for a command that fails. */
async function walk(machine: Machine, readme: string): Promise<string> {
  const begun = performance.now();
  const seen: string[] = [];
  const tell = (text: string): void => {
    console.log(text);
    seen.push(text);
  };
  const step = async (command: string): Promise<void> => {
    const isApt = command.startsWith("apt");
    const since = performance.now();
    tell(`# ${command}`);
    // Only fetching needs this machine's network: what packages set up is set up in the network of their own.
    if (isApt) await machine.run(`cd /root && ${asFetch(command)}`, "of the host");
    const { code, stdout, stderr } = await machine.run(
      `cd /root && DEBIAN_FRONTEND=noninteractive ${asOffline(command)}`,
    );
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => !NOISE.test(line));
    const shown = code === 0 && isApt ? lines.filter((line) => APT_SUMS.test(line)) : lines;
    if (shown.length > 0) tell(shown.join("\n"));
    tell(`(exit ${code}, ${((performance.now() - since) / 1000).toFixed(1)} s)\n`);
    if (code !== 0) throw new Error(`${command}: exit ${code}\n${stdout}${stderr}`);
  };
  for (const command of commandsOf(block(readme, "Install", 0))) await step(command);
  await step("berth image load /root/busybox.tar");
  await put(machine, MANIFEST, block(readme, "A first pod", 0));
  tell(`# (the manifest of the README is saved as ${MANIFEST})\n`);
  for (const command of commandsOf(block(readme, "A first pod", 1))) await step(command);
  tell(`from a bare Debian to a first pod: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  return `${seen.join("\n")}\n`;
}

const asFetch = (command: string): string => command.replace(/^apt install/, "apt-get install -qq --download-only");
const asOffline = (command: string): string => (command === "apt update" ? "true" : command);

/** How this machine reaches its Debian archive. */
async function reach({ root }: Machine): Promise<void> {
  const settings = await runCommand("apt-config", ["dump", "--format", '%f "%v";%n', "Acquire"]);
  await writeFile(join(root, "etc/apt/apt.conf.d/99reach"), settings);
  await copyFile("/etc/resolv.conf", join(root, "etc/resolv.conf"));
}

/** Puts the transcript into its section of docs/newcomer.md. */
async function writeTranscript(transcript: string): Promise<void> {
  const page = join(checkout, "docs/newcomer.md");
  const parts = (await readFile(page, "utf8")).split(/^(?=## )/m);
  const written = parts.map((part) =>
    part.startsWith("## ") && part.includes(suite)
      ? part.replace(/^```console\n.*?^```$/ms, () => `\`\`\`console\n${transcript}\`\`\``)
      : part,
  );
  await writeFile(page, written.join(""));
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
  const transcript = await walk(machine, await readFile(join(checkout, "README.md"), "utf8"));
  if (process.env.WRITE) await writeTranscript(transcript);
} catch (thrown) {
  process.exitCode = 1;
  console.error(messageOf(thrown));
} finally {
  await machine.destroy();
}
