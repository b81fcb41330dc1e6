import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { BASH_SCRIPT, FISH_SCRIPT, ZSH_SCRIPT } from "../../src/cmd/berth/completion-scripts.ts";
import { checkout } from "../paths.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import { licences } from "./licences.ts";
import { manualPages } from "./man/pages.ts";
import { nodeRuntime } from "./node-binary.ts";
import { bundledPackages } from "./packages.ts";
import type { Release } from "./release.ts";
import { stripProgram } from "./strip.ts";

/** One thing that an installation puts into place. */
export type Item =
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly body: Buffer }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  /** Of the host's owner: made when it is missing, and never replaced or removed. */
  | { readonly kind: "configuration"; readonly path: string; readonly body: Buffer }
  | { readonly kind: "directory"; readonly path: string };

/** Where things go. `prefix` is `/usr` in a package; configuration and state have one place whatever it is. */
export type Layout = { readonly prefix: string; readonly zshDirectory: string };

/** Of the package: everything below /usr. */
export const PACKAGE_LAYOUT: Layout = { prefix: "/usr", zshDirectory: "zsh/vendor-completions" };

/** Everything that belongs to an installation, in a fixed order. Needs a built dist/. */
export async function contents(release: Release, layout: Layout): Promise<readonly Item[]> {
  const { prefix } = layout;
  const items = [
    ...(await programs(release, prefix)),
    ...(await service(prefix)),
    ...completions(layout),
    ...manuals(release, prefix),
    ...(await documents(release, `${prefix}/share/doc/berth`)),
    configuration("/etc/berth/config.yaml", await readFile(join(checkout, "packaging/config.yaml"))),
    { kind: "directory", path: "/etc/berth/config.d" } as const,
    { kind: "directory", path: "/etc/berth/manifests" } as const,
  ];
  return items.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

const file = (path: string, body: string | Buffer, mode = 0o644): Item => ({
  kind: "file",
  path,
  mode,
  body: Buffer.from(body),
});
const link = (path: string, target: string): Item => ({ kind: "link", path, target });
const configuration = (path: string, body: Buffer): Item => ({ kind: "configuration", path, body });
/** A compressed file, as reproducible as its input: the header carries no time. */
export const packed = (path: string, body: string | Buffer): Item => file(`${path}.gz`, gzipSync(body, { level: 9 }));

async function programs(release: Release, prefix: string): Promise<Item[]> {
  const dist = join(checkout, "dist");
  const home = `${prefix}/lib/berth`;
  const bundles = (await readdir(join(dist, "lib"))).filter((name) => name !== "node").sort();
  const runtime = await nodeRuntime(release.architecture);
  return [
    file(`${home}/lib/node`, stripProgram(await readFile(runtime.program)), 0o755),
    ...(await Promise.all(
      bundles.map(async (name) => file(`${home}/lib/${name}`, await readFile(join(dist, "lib", name)))),
    )),
    file(`${home}/berthd`, await readFile(join(dist, "berthd")), 0o755),
    file(`${home}/berth`, await readFile(join(dist, "berth")), 0o755),
    link(`${prefix}/sbin/berthd`, "../lib/berth/berthd"),
    link(`${prefix}/bin/berth`, "../lib/berth/berth"),
  ];
}

async function service(prefix: string): Promise<Item[]> {
  const read = (name: string): Promise<string> => readFile(join(checkout, "systemd", name), "utf8");
  const unit = (await read("berthd.service")).replaceAll("/usr/lib/berth/", `${prefix}/lib/berth/`);
  return [
    file(`${prefix}/lib/systemd/system/berthd.service`, unit),
    file(`${prefix}/lib/sysusers.d/berth.conf`, await read("berth.sysusers")),
    file(`${prefix}/lib/tmpfiles.d/berth.conf`, await read("berth.tmpfiles")),
    file(`${prefix}/lib/sysctl.d/50-berth.conf`, await read("berth.sysctl")),
  ];
}

function completions({ prefix, zshDirectory }: Layout): Item[] {
  const share = `${prefix}/share`;
  return [
    file(`${share}/bash-completion/completions/berth`, BASH_SCRIPT),
    file(`${share}/${zshDirectory}/_berth`, ZSH_SCRIPT),
    file(`${share}/fish/vendor_completions.d/berth.fish`, FISH_SCRIPT),
  ];
}

function manuals({ madeSeconds }: Release, prefix: string): Item[] {
  return manualPages(madeSeconds).map(({ file: name, section, text }) =>
    packed(`${prefix}/share/man/man${section}/${name}`, text),
  );
}

async function documents(release: Release, folder: string): Promise<Item[]> {
  const packages = await bundledPackages();
  const runtime = await nodeRuntime(release.architecture);
  const pages = (await readdir(join(checkout, "docs"))).filter((name) => name.endsWith(".md")).sort();
  const examples = await filesOf("packaging/examples");
  const monitoring = (await filesOf("monitoring")).filter((name) => !name.endsWith(".test.yaml"));
  return [
    file(`${folder}/copyright`, await licences(packages, runtime)),
    file(`${folder}/CHANGELOG.md`, await readFile(join(checkout, "CHANGELOG.md"))),
    file(`${folder}/berth.cdx.json`, billOfMaterials(release, packages, runtime)),
    ...(await Promise.all(
      pages.map(async (name) => file(`${folder}/${name}`, await readFile(join(checkout, "docs", name)))),
    )),
    ...(await Promise.all(
      examples.map(async (name) =>
        file(`${folder}/examples/${name}`, await readFile(join(checkout, "packaging/examples", name))),
      ),
    )),
    ...(await Promise.all(
      monitoring.map(async (name) =>
        file(`${folder}/monitoring/${name}`, await readFile(join(checkout, "monitoring", name))),
      ),
    )),
  ];
}

const filesOf = async (folder: string): Promise<string[]> => (await readdir(join(checkout, folder))).sort();
