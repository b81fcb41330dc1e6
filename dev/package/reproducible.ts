// Builds the package of the last commit twice - in folders, zones, languages and with umasks that differ - and says where the
// two differ. Exit code 1 when they do.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkout, workFolder } from "../paths.ts";
import { runCommand, tryCommand } from "../run-command.ts";
import { fail, messageOf, say } from "../say.ts";
import { ownArchitecture } from "./release.ts";

type Surroundings = { readonly folder: string; readonly umask: string; readonly environment: NodeJS.ProcessEnv };

const SURROUNDINGS: readonly Surroundings[] = [
  { folder: "one", umask: "022", environment: { TZ: "UTC", LC_ALL: "C.UTF-8" } },
  { folder: "quite/another", umask: "077", environment: { TZ: "Asia/Kathmandu", LC_ALL: "C", COLUMNS: "60" } },
];

/** Builds in a fresh clone; the answer is the package's path. */
async function buildIn({ folder, umask, environment }: Surroundings, commit: string, top: string): Promise<string> {
  const clone = join(top, folder);
  await mkdir(join(clone, ".."), { recursive: true });
  await runCommand("git", ["clone", "--quiet", "--no-hardlinks", checkout, clone]);
  await runCommand("git", ["-C", clone, "checkout", "--quiet", commit]);
  await runCommand("cp", ["-al", join(checkout, "node_modules"), clone]);
  const node = join(clone, "node_modules/.bin/node");
  const script = `umask ${umask}; "${node}" dev/build.ts && "${node}" dev/package/deb.ts`;
  const env = { ...process.env, ...environment, ARCH: ownArchitecture() };
  await runCommand("sh", ["-c", script], { cwd: clone, env });
  const packages = join(clone, "dist/packages");
  const [name] = await readdir(packages);
  if (name === undefined) throw new Error(`no package in ${packages}`);
  return join(packages, name);
}

try {
  const top = join(workFolder, "reproducible");
  await rm(top, { recursive: true, force: true });
  const commit = (await runCommand("git", ["-C", checkout, "rev-parse", "HEAD"])).trim();
  const built: { path: string; digest: string }[] = [];
  for (const surroundings of SURROUNDINGS) {
    const path = await buildIn(surroundings, commit, top);
    const digest = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    console.log(`${digest}  ${path}`);
    built.push({ path, digest });
  }
  const [one, other] = built;
  if (one?.digest !== other?.digest) {
    const lists = await Promise.all(built.map(({ path }) => runCommand("dpkg-deb", ["--ctrl-tarfile", path])));
    say(lists[0] === lists[1] ? "they differ in their files" : "they differ in their control part");
    const unpacked = await Promise.all(
      built.map(async ({ path }, index) => {
        const place = join(top, `unpacked-${index}`);
        await runCommand("dpkg-deb", ["--raw-extract", path, place]);
        return place;
      }),
    );
    console.log((await tryCommand("diff", ["-rq", ...unpacked])).stdout);
    fail("two builds of one commit differ");
  }
  await rm(top, { recursive: true, force: true });
  console.log("two builds of one commit are equal");
} catch (thrown) {
  fail(messageOf(thrown));
}
