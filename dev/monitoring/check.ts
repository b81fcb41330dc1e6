// Checks the alert rules and the scrape configuration and runs the rules' tests, with promtool from Debian's prometheus, which
// is unpacked into .work once and not installed.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkout, workFolder } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { fail, messageOf, say } from "../say.ts";
import { refreshLists } from "../setup/apt.ts";

const folder = join(workFolder, "prometheus");
const monitoring = join(checkout, "monitoring");

/** The path of promtool. Needs root and Debian for the first time. */
async function promtool(): Promise<string> {
  const program = join(folder, "usr/bin/promtool");
  if (existsSync(program)) return program;
  await refreshLists();
  say("fetching Debian's prometheus");
  await mkdir(workFolder, { recursive: true });
  const scratch = await mkdtemp(join(workFolder, ".prometheus-"));
  try {
    await runCommand("apt-get", ["-o", "APT::Sandbox::User=root", "download", "prometheus"], { cwd: scratch });
    const deb = (await readdir(scratch)).find((name) => name.endsWith(".deb"));
    if (deb === undefined) throw new Error("apt-get left no package of prometheus");
    await runCommand("dpkg", ["-x", join(scratch, deb), join(scratch, "tree")]);
    await rename(join(scratch, "tree"), folder);
    return program;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

try {
  const program = await promtool();
  for (const words of [
    ["check", "config", "scrape.yaml"],
    ["test", "rules", "alerts.test.yaml"],
  ])
    process.stdout.write(await runCommand(program, words, { cwd: monitoring }));
} catch (thrown) {
  fail(messageOf(thrown));
}
