// Builds an archive that installs Berth on a host without a network into dist/packages: the package, Debian's containerd and
// CNI plugins, a pause image, and a script. For the architecture and the Debian suite of this machine.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { packArchive } from "../../src/cmd/archive/oci.ts";
import { buildPauseImage } from "../../src/cmd/archive/pause-image.ts";
import { packTar, type TarEntry } from "../../src/cmd/archive/tar.ts";
import { checkout, workFolder } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { fail, messageOf, say } from "../say.ts";
import { refreshLists } from "../setup/apt.ts";
import { buildDeb } from "./deb.ts";
import { ownArchitecture, packagesFolder, type Release, releaseFor } from "./release.ts";

/** Debian's packages by folder: what a host with systemd may lack, with all that they depend on beyond it. */
const DEBIAN: Readonly<Record<string, readonly string[]>> = {
  runtime: ["containerd", "runc", "libseccomp2"],
  network: [
    ...["containernetworking-plugins", "iptables", "netbase", "libxtables12", "libip4tc2", "libip6tc2"],
    ...["libmnl0", "libnfnetlink0", "libnetfilter-conntrack3", "libnftnl11"],
  ],
};
const PAUSE = "localhost/berth-pause:1";

type Part = { readonly path: string; readonly body: Buffer; readonly mode?: number };

/** Builds the archive around a built package; the answer is its path. Equal packages give equal archives. */
export async function buildBundle(release: Release, deb: string, folder = packagesFolder): Promise<string> {
  const name = `berth-bundle_${release.version}_${release.architecture}`;
  const parts = [
    ...(await scripts()),
    { path: "architecture", body: Buffer.from(`${release.architecture}\n`) },
    { path: "images/pause.tar", body: packArchive([buildPauseImage(PAUSE)]) },
    { path: basename(deb), body: await readFile(deb) },
    ...(await debianParts()),
  ];
  const sums = parts.map(({ path, body }) => `${sha256(body)}  ${path}\n`).join("");
  const entries: TarEntry[] = [...parts, { path: "SHA256SUMS", body: Buffer.from(sums), mode: 0o644 }].map(
    ({ path, body, mode = 0o644 }) => ({ kind: "file", path: `${name}/${path}`, mode, body }),
  );
  const target = join(folder, `${name}.tar`);
  await mkdir(folder, { recursive: true });
  // Not compressed: all that is large in it is already.
  await writeFile(target, packTar(entries));
  return target;
}

async function scripts(): Promise<Part[]> {
  const read = (path: string): Promise<Buffer> => readFile(join(checkout, "packaging", path));
  return [
    { path: "install.sh", body: await read("bundle/install.sh"), mode: 0o755 },
    { path: "README", body: await read("bundle/README") },
  ];
}

async function debianParts(): Promise<Part[]> {
  const parts: Part[] = [];
  for (const [folder, names] of Object.entries(DEBIAN)) {
    const from = await downloaded(folder, names);
    for (const name of (await readdir(from)).sort())
      parts.push({ path: `${folder}/${name}`, body: await readFile(join(from, name)) });
  }
  return parts;
}

/** Downloads packages of the machine's own suite, once; `make clean` forgets them. */
async function downloaded(folder: string, names: readonly string[]): Promise<string> {
  const place = join(workFolder, "bundle", folder);
  if ((await readdir(place).catch(() => [])).length === names.length) return place;
  await refreshLists();
  say(`fetching ${names.join(", ")}`);
  const making = `${place}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  await runCommand("apt-get", ["-o", "APT::Sandbox::User=root", "download", ...names], { cwd: making });
  await rm(place, { recursive: true, force: true });
  await rename(making, place);
  return place;
}

const sha256 = (body: Buffer): string => createHash("sha256").update(body).digest("hex");

if (import.meta.main) {
  try {
    const release = await releaseFor(ownArchitecture());
    const path = await buildBundle(release, await buildDeb(release));
    const body = await readFile(path);
    say(`${path}: ${(body.length / 2 ** 20).toFixed(1)} MiB`);
    console.log(`${sha256(body)}  ${path}`);
  } catch (thrown) {
    fail(`no bundle: ${messageOf(thrown)}`);
  }
}
