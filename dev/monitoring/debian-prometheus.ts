import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { workFolder } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { say } from "../say.ts";
import { refreshLists } from "../setup/apt.ts";

const folder = join(workFolder, "prometheus");

/** The path of a program of Debian's prometheus, unpacked into .work once. Needs root and Debian for the first time. */
export async function prometheusProgram(name: "prometheus" | "promtool"): Promise<string> {
  const program = join(folder, "usr/bin", name);
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
