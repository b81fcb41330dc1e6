// What a reviewer wants to know of the package, in one go: its size and files, what lintian says with the overrides, and how
// exposed systemd calls the service. The tools are those of the root file system that the tests of the service are made from.
// Needs root. Exit code 1 for an error of lintian, for more than 5 overrides, and for an exposure of 5.0 or more.
import { copyFile, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { runCommand, tryCommand } from "../run-command.ts";
import { fail, messageOf } from "../say.ts";
import { debianRoot } from "../systemd/base.ts";
import { buildDeb } from "./deb.ts";
import { ownArchitecture, releaseFor } from "./release.ts";

const MOST_OVERRIDES = 5;
const MOST_EXPOSURE = 5;
const MIB = 2 ** 20;

/** Runs a program of a root file system on files below it; never throws for an exit code. */
const inRoot = async (root: string, args: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await tryCommand("chroot", [root, "env", "LC_ALL=C.UTF-8", ...args]);
  return `${stdout}${stderr}`;
};

async function inspect(deb: string): Promise<readonly string[]> {
  const root = await debianRoot();
  await mkdir(join(root, "tmp"), { recursive: true });
  const scratch = await mkdtemp(join(root, "tmp/inspect-"));
  const inside = scratch.slice(root.length);
  try {
    const name = basename(deb);
    await copyFile(deb, join(scratch, name));
    await runCommand("dpkg-deb", ["--extract", deb, join(scratch, "package")]);
    const installedKib = Number((await runCommand("dpkg-deb", ["--field", deb, "Installed-Size"])).trim());
    console.log(
      `# size\n${name}: ${((await stat(deb)).size / MIB).toFixed(1)} MiB, installed ${(installedKib / 1024).toFixed(1)} MiB`,
    );
    console.log(`\n# files\n${(await runCommand("dpkg-deb", ["--contents", deb])).trimEnd()}`);
    const lintian = await inRoot(root, ["lintian", "--allow-root", "--show-overrides", "--info", `${inside}/${name}`]);
    console.log(`\n# lintian --show-overrides --info\n${lintian.trimEnd()}`);
    const unit = `${inside}/package/usr/lib/systemd/system/berthd.service`;
    const security = await inRoot(root, ["systemd-analyze", "security", "--offline=true", "--no-pager", unit]);
    console.log(`\n# systemd-analyze security --offline=true berthd.service\n${security.trimEnd()}`);
    return complaints(lintian, security);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function complaints(lintian: string, security: string): readonly string[] {
  const count = (letter: string): number => lintian.split("\n").filter((line) => line.startsWith(`${letter}: `)).length;
  const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(security)?.[1]);
  console.log(
    `\n${count("E")} errors, ${count("W")} warnings and ${count("O")} overrides of lintian; exposure of the service ${exposure}`,
  );
  return [
    ...(count("E") > 0 ? ["lintian found errors"] : []),
    ...(count("O") > MOST_OVERRIDES ? [`more than ${MOST_OVERRIDES} overrides`] : []),
    ...(exposure < MOST_EXPOSURE ? [] : [`the service is exposed by ${exposure}`]),
  ];
}

try {
  const found = await inspect(await buildDeb(await releaseFor(ownArchitecture())));
  if (found.length > 0) fail(found.join("; "));
} catch (thrown) {
  fail(`not inspected: ${messageOf(thrown)}`);
}
