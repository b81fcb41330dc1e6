// Builds the Debian packages into dist/packages: ARCH=amd64,arm64 (both are the default), VERSION=1.2.3 for another version,
// MAINTAINER="Name <mail@address>" for who answers for it.
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkout } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { fail, messageOf, say } from "../say.ts";
import { contents, type Item, PACKAGE_LAYOUT, packed } from "./contents.ts";
import { debianChangelog } from "./debian-changelog.ts";
import {
  ARCHITECTURES,
  type Architecture,
  packagesFolder,
  type Release,
  releaseFor,
  wantedArchitectures,
} from "./release.ts";
import { writeTree } from "./tree.ts";

const SCRIPTS = ["postinst", "prerm", "postrm"];
const packaging = join(checkout, "packaging/deb");

/** Builds one package; the answer is its path. Equal commits give equal files. `quick` is for tests: large, in no time. */
export async function buildDeb(
  release: Release,
  { quick = false, folder = packagesFolder }: { readonly quick?: boolean; readonly folder?: string } = {},
): Promise<string> {
  const control = await readFile(join(packaging, "control"), "utf8");
  const items = [...(await contents(release, PACKAGE_LAYOUT)), await overrides(), await changelog(release)];
  process.umask(0o022);
  const root = await mkdtemp(join(tmpdir(), "berth-deb-"));
  try {
    await chmod(root, 0o755);
    await writeTree(items, root, release.madeSeconds);
    await writeControl(release, control, items, join(root, "DEBIAN"));
    await mkdir(folder, { recursive: true });
    const target = join(folder, `berth_${release.version}_${release.architecture}.deb`);
    // One thread: how many there are changes how xz cuts its blocks.
    const packing = quick ? ["-Zgzip", "-z1"] : ["-Zxz", "-z6", "--threads-max=1"];
    const options = ["--root-owner-group", ...packing];
    await runCommand("dpkg-deb", [...options, "--build", root, target], {
      env: { ...process.env, SOURCE_DATE_EPOCH: `${release.madeSeconds}`, LC_ALL: "C.UTF-8" },
    });
    return target;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function overrides(): Promise<Item> {
  const body = await readFile(join(packaging, "lintian-overrides"));
  return { kind: "file", path: "/usr/share/lintian/overrides/berth", mode: 0o644, body };
}

async function changelog(release: Release): Promise<Item> {
  const text = debianChangelog(release, await readFile(join(checkout, "CHANGELOG.md"), "utf8"));
  return packed("/usr/share/doc/berth/changelog", text);
}

async function writeControl(
  { version, architecture, maintainer }: Release,
  template: string,
  items: readonly Item[],
  folder: string,
): Promise<void> {
  await mkdir(folder, { mode: 0o755 });
  const control = template
    .replace("@VERSION@", version)
    .replace("@ARCHITECTURE@", architecture)
    .replace("@MAINTAINER@", () => maintainer)
    .replace("@INSTALLED_SIZE@", `${installedKib(items)}`);
  const configuration = items.flatMap((item) => (item.kind === "configuration" ? [`${item.path}\n`] : []));
  const sums = items.flatMap((item) => (item.kind === "file" ? [`${md5(item.body)}  ${item.path.slice(1)}\n`] : []));
  await writeFile(join(folder, "control"), control);
  await writeFile(join(folder, "conffiles"), configuration.join(""));
  await writeFile(join(folder, "md5sums"), sums.join(""));
  for (const script of SCRIPTS) {
    await writeFile(join(folder, script), await readFile(join(packaging, script)));
    await chmod(join(folder, script), 0o755);
  }
}

/** As dpkg counts it: each file in whole KiB, everything else as one. */
const installedKib = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + ("body" in item ? Math.ceil(item.body.length / 1024) : 1), 0);

const md5 = (body: Buffer): string => createHash("md5").update(body).digest("hex");

if (import.meta.main) {
  try {
    for (const architecture of wantedArchitectures(Object.keys(ARCHITECTURES) as Architecture[])) {
      const path = await buildDeb(await releaseFor(architecture));
      const body = await readFile(path);
      say(`${path}: ${(body.length / 2 ** 20).toFixed(1)} MiB`);
      console.log(`${createHash("sha256").update(body).digest("hex")}  ${path}`);
    }
  } catch (thrown) {
    fail(`no package: ${messageOf(thrown)}`);
  }
}
