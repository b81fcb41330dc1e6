import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Layer, makeLayer } from "../../src/cmd/archive/oci.ts";
import type { TarEntry } from "../../src/cmd/archive/tar.ts";
import { daemonFolders } from "../paths.ts";
import { runCommand } from "../run-command.ts";

const folders = [
  "dev",
  "etc",
  "proc",
  "root",
  "run",
  "sys",
  "usr",
  "usr/bin",
  "usr/sbin",
  "usr/share",
  "var",
  "var/log",
];

/** The root file system under every image here: the distribution's static busybox under all of its names. */
export async function buildBusyboxLayer(): Promise<Layer> {
  const path = ["bin/busybox", "usr/bin/busybox"]
    .map((place) => join(daemonFolders.distro, place))
    .find((place) => existsSync(place));
  if (!path) throw new Error(`no busybox below ${daemonFolders.distro}: run dev/bootstrap.sh`);
  const applets = (await runCommand(path, ["--list"])).split("\n").filter((name) => name && name !== "busybox");
  return makeLayer([
    ...["bin", "sbin", ...folders].map((name): TarEntry => ({ kind: "directory", path: name, mode: 0o755 })),
    { kind: "directory", path: "tmp", mode: 0o1777 },
    { kind: "file", path: "bin/busybox", mode: 0o755, body: await readFile(path) },
    ...applets.map((name): TarEntry => ({ kind: "link", path: `bin/${name}`, target: "busybox" })),
    textFile("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    textFile("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
  ]);
}

/** A text file of an image. */
export function textFile(path: string, text: string): TarEntry {
  return { kind: "file", path, mode: 0o644, body: Buffer.from(text) };
}

/** A shell script of an image, kept in the folder scripts/. */
export function script(path: string, source: string): TarEntry {
  return { kind: "file", path, mode: 0o755, body: readFileSync(join(import.meta.dirname, "scripts", source)) };
}
