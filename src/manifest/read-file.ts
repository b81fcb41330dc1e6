import { createHash } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Problem } from "../pod/problem.ts";
import { codeOf, reasonOf } from "./listing.ts";

/** A file as it was read at one moment. */
export type FileReading =
  | { readonly kind: "gone" }
  | { readonly kind: "unread"; readonly problem: Problem; readonly fingerprint: string }
  | {
      readonly kind: "read";
      readonly bytes: Uint8Array;
      /** Digest of the bytes. */
      readonly digest: string;
      readonly fingerprint: string;
      readonly modifiedWallMs: number;
    };

/** Bytes of a manifest (F5). @limit The file is a problem; what it held before goes on running. */
const TOO_LARGE_BYTES = 10 * 1024 * 1024;
/** Never waits for the other end of a pipe that took a file's place. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** What tells two states of a file apart without reading it; undefined when it is gone. Throws what stat throws else. */
export async function fingerprintOf(path: string): Promise<string | undefined> {
  try {
    return fingerprint(await stat(path, { bigint: true }));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    return `error ${codeOf(error)}`;
  }
}

const fingerprint = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;

/** Reads a file whole. Never throws: what cannot be read is a problem. */
export async function readManifest(path: string, isLink: boolean): Promise<FileReading> {
  try {
    const handle = await open(path, FLAGS);
    try {
      return await readOpen(path, handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    // A link into nothing is a file that cannot be read; a file that vanished since it was listed is none.
    if (codeOf(error) === "ENOENT" && !isLink) return { kind: "gone" };
    const [reason, advice] = reasonOf(error);
    const missing = codeOf(error) === "ENOENT" ? "the symbolic link points to nothing" : reason;
    return unread(`error ${codeOf(error)}`, { ...problem(path, missing, advice) });
  }
}

async function readOpen(path: string, handle: FileHandle): Promise<FileReading> {
  const before = await handle.stat({ bigint: true });
  const mark = fingerprint(before);
  if (!before.isFile()) return unread(mark, problem(path, "it is not a regular file", "put a file in its place"));
  if (before.size >= TOO_LARGE_BYTES) return unread(mark, tooLarge(path, before.size));
  const bytes = await readUpTo(handle, Number(before.size));
  return {
    kind: "read",
    bytes,
    digest: createHash("sha1").update(bytes).digest("base64"),
    fingerprint: mark,
    modifiedWallMs: Number(before.mtimeNs / 1_000_000n),
  };
}

/** As many bytes as the file had when it was opened; what is written behind them comes with the next reading. */
async function readUpTo(handle: FileHandle, size: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(buffer, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

const unread = (mark: string, what: Problem): FileReading => ({ kind: "unread", problem: what, fingerprint: mark });

const problem = (path: string, reason: string, advice: string): Problem => ({
  code: "FileUnreadable",
  severity: "error",
  file: path,
  message: `the file cannot be read: ${reason}`,
  advice,
});

const tooLarge = (path: string, size: bigint): Problem => ({
  code: "FileTooLarge",
  severity: "error",
  file: path,
  message: `the file has ${size} bytes; manifests have less than ${TOO_LARGE_BYTES}`,
  advice: "split it, and keep data out of it",
});
