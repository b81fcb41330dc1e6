import { constants } from "node:fs";
import { type FileHandle, lstat, open, opendir } from "node:fs/promises";
import type { DiskUse } from "../pod/local-storage.ts";
import { O_PATH, pathOf, RAW_NAMES, rawBelow } from "./beneath.ts";
import { ifThere } from "./failure.ts";

/** Directories inside one another; each of them has a file open. @limit What lies deeper is not counted. */
const DEEPEST = 256;
/** Entries of one volume. @limit The rest is not counted. */
const MOST_ENTRIES = 1_000_000;
/** The kernel counts what a file takes in blocks of this size, whatever those of its file system are. */
const BLOCK_BYTES = 512;

type Count = { bytes: number; inodes: number; readonly device: number; readonly linked: Set<number> };

/**
 * What a directory takes with all that is in it, as du(1) counts: a file with several names once, links for themselves, and
 * nothing of other file systems. Containers write there meanwhile: every step starts from a directory that is held open, so
 * that no link leads the count elsewhere. Nothing, when it is not there.
 */
export async function diskUse(path: string, signal: AbortSignal): Promise<DiskUse> {
  const top = await ifThere(open(path, DIRECTORY));
  if (top === undefined) return { bytes: 0, inodes: 0 };
  const { dev, blocks } = await top.stat();
  const count: Count = { bytes: blocks * BLOCK_BYTES, inodes: 1, device: dev, linked: new Set() };
  await countBelow(top, count, 0, signal);
  return { bytes: count.bytes, inodes: count.inodes };
}

const DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Counts what is in an open directory, and closes it. */
async function countBelow(directory: FileHandle, count: Count, depth: number, signal: AbortSignal): Promise<void> {
  try {
    for await (const entry of await opendir(pathOf(directory), RAW_NAMES)) {
      signal.throwIfAborted();
      if (count.inodes >= MOST_ENTRIES) return;
      const path = rawBelow(directory, entry.name);
      const status = await ifThere(lstat(path));
      if (status === undefined || status.dev !== count.device) continue;
      if (status.nlink > 1 && !status.isDirectory() && !isFirst(count, status.ino)) continue;
      count.inodes += 1;
      count.bytes += status.blocks * BLOCK_BYTES;
      if (!status.isDirectory() || depth >= DEEPEST) continue;
      const inner = await open(path, DIRECTORY).catch(() => undefined); // It went, or has become a link.
      if (inner !== undefined) await countBelow(inner, count, depth + 1, signal);
    }
  } finally {
    await directory.close();
  }
}

function isFirst({ linked }: Count, inode: number): boolean {
  if (linked.has(inode)) return false;
  linked.add(inode);
  return true;
}
