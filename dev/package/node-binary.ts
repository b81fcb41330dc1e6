import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import lockFile from "../../package-lock.json" with { type: "json" };
import { checkout, workFolder } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { say } from "../say.ts";
import { ARCHITECTURES, type Architecture } from "./release.ts";

/** The pinned Node.js for an architecture: its program, unstripped, and its licence. */
export type NodeRuntime = { readonly program: string; readonly licence: string; readonly version: string };

type Locked = { readonly version: string; readonly integrity: string };

/**
 * The runtime that package-lock.json pins. npm installs only that of this machine; another's is fetched from the registry
 * once and taken only when its digest is the one in package-lock.json.
 */
export async function nodeRuntime(architecture: Architecture): Promise<NodeRuntime> {
  const name = `node-linux-${ARCHITECTURES[architecture]}` as const;
  const { version, integrity } = lockFile.packages[`node_modules/${name}`] satisfies Locked;
  const installed = join(checkout, "node_modules", name);
  const folder = existsSync(join(installed, "bin/node")) ? installed : await fetched(name, version, integrity);
  return { program: join(folder, "bin/node"), licence: join(folder, "LICENSE"), version };
}

async function fetched(name: string, version: string, integrity: string): Promise<string> {
  const folder = join(workFolder, "node", `${name}-${version}`);
  if (existsSync(folder)) return folder;
  say(`fetching ${name} ${version}`);
  await mkdir(join(workFolder, "node"), { recursive: true });
  const scratch = await mkdtemp(join(workFolder, "node/.fetch-"));
  try {
    await runCommand("npm", ["pack", "--silent", "--pack-destination", scratch, `${name}@${version}`], {
      cwd: scratch,
    });
    const [archive] = await readdir(scratch);
    if (archive === undefined) throw new Error(`npm pack left no archive of ${name}`);
    const digest = createHash("sha512")
      .update(await readFile(join(scratch, archive)))
      .digest("base64");
    if (`sha512-${digest}` !== integrity) throw new Error(`${name} ${version} is not what package-lock.json pins`);
    await runCommand("tar", ["-xzf", join(scratch, archive), "-C", scratch]);
    await rename(join(scratch, "package"), folder);
    return folder;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
