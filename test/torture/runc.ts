import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** How runc behaves: creations and starts take seconds, fail, or go as usual. */
export type RuncMood = "slow" | "failing" | "usual";

/** A runc that can be made slow or failing while it is in use. */
export type MoodyRunc = { readonly program: string; be(mood: RuncMood): Promise<void> };

/** Puts a wrapper of the real one into a folder. Its other commands, such as kill and delete, always go as usual. */
export async function makeMoodyRunc(folder: string, real: string): Promise<MoodyRunc> {
  const program = join(folder, "runc");
  const mood = join(folder, "mood");
  const script = [
    "#!/bin/sh",
    "mood=usual",
    `[ ! -e ${mood} ] || read -r mood <${mood}`,
    'case "$mood $* " in',
    '"slow "*" create "* | "slow "*" start "*) sleep 2 ;;',
    '"failing "*" create "* | "failing "*" start "*) echo "runc is out of order" >&2; exit 1 ;;',
    "esac",
    `exec ${real} "$@"`,
  ];
  await mkdir(folder, { recursive: true });
  await writeFile(program, `${script.join("\n")}\n`);
  await chmod(program, 0o755);
  await rm(mood, { force: true });
  return { program, be: (next) => (next === "usual" ? rm(mood, { force: true }) : writeFile(mood, `${next}\n`)) };
}
