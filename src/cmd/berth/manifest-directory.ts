import { randomBytes } from "node:crypto";
import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CompiledFile } from "../../manifest/compile.ts";
import type { Compile, DocumentName } from "./compiled.ts";
import { namesOf } from "./compiled.ts";
import { listManifests } from "./manifest-files.ts";
import { CommandFailure } from "./terminal.ts";

/** A manifest in berthd's directory. */
export type HeldFile = {
  readonly path: string;
  readonly bytes: Buffer;
  readonly compiled: CompiledFile;
  readonly names: readonly DocumentName[];
};

/** All manifests of the directory. Throws CommandFailure when it is none or cannot be read. */
export async function readDirectory(directory: string, compile: Compile): Promise<HeldFile[]> {
  try {
    if (directory === "") throw new Error("berthd has no manifest directory (staticPodPath)");
    if (!(await stat(directory)).isDirectory()) throw new Error("berthd reads this one file: change it by hand");
    const files: HeldFile[] = [];
    for (const path of await listManifests(directory)) {
      const bytes = await readFile(path);
      const compiled = await compile(path, bytes);
      files.push({ path, bytes, compiled, names: namesOf(compiled) });
    }
    return files;
  } catch (error) {
    throw failureAt(directory, error);
  }
}

/**
 * Writes a file of the directory so that berthd sees the old or the new form and nothing in between. A link is written
 * through. Throws CommandFailure.
 */
export async function writeManifest(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  try {
    const place = await realpath(path).catch(() => path);
    const next = join(dirname(place), `.${basename(place)}.${randomBytes(4).toString("hex")}`);
    const kept = (await stat(place).catch(() => undefined))?.mode ?? mode;
    try {
      await writeWhole(next, bytes, kept & 0o777);
      await rename(next, place);
    } catch (error) {
      await rm(next, { force: true });
      throw error;
    }
    await syncDirectory(dirname(place));
  } catch (error) {
    throw failureAt(path, error);
  }
}

/** Removes a file of the directory. Throws CommandFailure. */
export async function removeManifest(path: string): Promise<void> {
  try {
    await rm(path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw failureAt(path, error);
  }
}

async function writeWhole(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await using file = await open(path, "wx", mode);
  await file.chmod(mode);
  await file.writeFile(bytes);
  await file.sync();
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}

function failureAt(path: string, error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const hint = code === "EACCES" || code === "EPERM" ? "; become root: manifests belong to root" : "";
  return new CommandFailure(`${path}: ${message}${hint}`);
}
