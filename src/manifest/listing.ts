import { constants } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Problem } from "../pod/problem.ts";
import type { DeviceReader } from "./device.ts";

/** What stands at the manifest path: a directory's entries, or the one file that it is (F1). */
export type Listing =
  | {
      readonly kind: "whole";
      readonly device: string;
      /** Differs when another directory or file stands at the path: a watch has to be made anew. */
      readonly identity: string;
      /** In byte-wise order of their names (F3). */
      readonly entries: readonly ListedFile[];
      readonly ignored: readonly Problem[];
    }
  | { readonly kind: "failed"; readonly problem: Problem };

/** A file that is read by its name. */
export type ListedFile = { readonly name: string; readonly path: string; readonly isLink: boolean };

/**
 * Entries of the manifest directory, whatever they are. @limit The directory counts as one that cannot be read: what runs goes
 * on running, and the problem is shown.
 */
const MOST_ENTRIES = 20_000;

const MANIFEST_NAME = /\.(yaml|yml|json)$/;
const DIRECTORY_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;
const FILE_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Looks at the path once. Never throws: whatever goes wrong is a failed listing, which changes nothing (D1). */
export async function listManifests(path: string, deviceOf: DeviceReader): Promise<Listing> {
  try {
    return await listDirectory(path, deviceOf);
  } catch (error) {
    if (codeOf(error) !== "ENOTDIR") return failed(path, error);
  }
  try {
    return await listOneFile(path, deviceOf);
  } catch (error) {
    return failed(path, error);
  }
}

async function listDirectory(path: string, deviceOf: DeviceReader): Promise<Listing> {
  await using directory = await openAt(path, DIRECTORY_FLAGS);
  // All by its descriptor: what is listed is on the device that is looked at, whatever is mounted in between.
  const [{ dev, ino }, device, found] = await Promise.all([
    directory.handle.stat({ bigint: true }),
    deviceOf(directory.handle),
    readdir(`/proc/self/fd/${directory.handle.fd}`, { withFileTypes: true }),
  ]);
  if (found.length > MOST_ENTRIES) return { kind: "failed", problem: overfull(path, found.length) };
  const visible = found.filter(({ name }) => !name.startsWith(".")).sort(byName);
  const manifests = visible.filter((entry) => MANIFEST_NAME.test(entry.name) && !isUnnamable(entry.name));
  return {
    kind: "whole",
    device: `directory ${device}`,
    identity: `${dev}:${ino}`,
    entries: manifests.map((entry) => ({
      name: entry.name,
      path: join(path, entry.name),
      isLink: entry.isSymbolicLink(),
    })),
    ignored: visible
      .filter((entry) => !manifests.includes(entry))
      .map((entry) => ignored(join(path, entry.name), entry.isDirectory())),
  };
}

/** A path that ends in another name is a directory that something replaced, and proves nothing. */
async function listOneFile(path: string, deviceOf: DeviceReader): Promise<Listing> {
  const there = await stat(path, { bigint: true });
  if (!there.isFile() || !MANIFEST_NAME.test(path)) return { kind: "failed", problem: notADirectory(path) };
  await using file = await openAt(path, FILE_FLAGS);
  return {
    kind: "whole",
    device: `file ${await deviceOf(file.handle)}`,
    identity: `${there.dev}:${there.ino}`,
    entries: [{ name: basename(path), path, isLink: false }],
    ignored: [],
  };
}

async function openAt(path: string, flags: number): Promise<{ handle: FileHandle } & AsyncDisposable> {
  const handle = await open(path, flags);
  return { handle, [Symbol.asyncDispose]: () => handle.close() };
}

const byName = (left: { name: string }, right: { name: string }): number =>
  Buffer.compare(Buffer.from(left.name), Buffer.from(right.name));

/** A name that is not UTF-8 cannot be opened by the text that stands for it. */
const isUnnamable = (name: string): boolean => name.includes("\ufffd");

/** The code of a failed system call; empty for other errors. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

const REASONS: Readonly<Record<string, readonly [message: string, advice: string]>> = {
  ENOENT: ["it does not exist", "make it, or mount what it is on"],
  EACCES: ["permission is denied", "let berthd's user read it"],
  EPERM: ["permission is denied", "let berthd's user read it"],
  ELOOP: ["its symbolic links go round in a circle", "let the link point to a directory"],
  EIO: ["reading it fails with an I/O error", "check the disk and the kernel's log"],
  ESTALE: ["the file server does not know it any more", "mount it again"],
};

/** Why a path cannot be read and what to do, in words. */
export function reasonOf(error: unknown): readonly [message: string, advice: string] {
  const message = error instanceof Error ? error.message : String(error);
  return REASONS[codeOf(error)] ?? [message, "check that berthd can read it"];
}

const NOTHING_CHANGES = "what runs goes on running";

function failed(path: string, error: unknown): Listing {
  const [reason, advice] = reasonOf(error);
  return { kind: "failed", problem: unreadable(path, reason, advice) };
}

/** The problem of a manifest directory that cannot be read. */
export const unreadable = (path: string, reason: string, advice: string): Problem => ({
  code: "SourceUnreadable",
  severity: "error",
  file: path,
  message: `the manifest directory cannot be read: ${reason}; ${NOTHING_CHANGES}`,
  advice,
});

const overfull = (path: string, entries: number): Problem =>
  unreadable(path, `it has ${entries} entries, of at most ${MOST_ENTRIES}`, "put what is no manifest elsewhere");

const notADirectory = (path: string): Problem =>
  unreadable(
    path,
    "it is not a directory",
    "put the directory back; a single manifest has to end in .yaml, .yml or .json",
  );

const ignored = (path: string, isDirectory: boolean): Problem => ({
  code: "FileIgnored",
  severity: "warning",
  file: path,
  message: isDirectory
    ? "a directory inside the manifest directory is not looked into"
    : "the name does not end in .yaml, .yml or .json: the file is ignored",
  advice: isDirectory ? "put manifests beside it" : "rename it if it is a manifest, else put it elsewhere",
});
