import { randomBytes } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import { type FileHandle, open, opendir, readFile, rename, rmdir, unlink } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import { O_PATH, pathOf, RAW_NAMES, rawBelow } from "./beneath.ts";
import { systemCode } from "./failure.ts";

/**
 * Removes a directory with all that is in it. Invariants:
 *  1. No link is followed: every step starts from a directory that is held open, and takes one component.
 *  2. No mount is entered: a directory with another mount id than the first one ends the sweep with VolumeFailed,
 *     whatever the table of mounts said before. Bind mounts of the same file system are told apart too.
 *  3. Depth costs nothing: a directory's own directories are moved up beside it, so that two are open at a time however
 *     deep a container has nested them.
 * Success when it is gone already.
 */
export async function sweep(path: string, signal: AbortSignal): Promise<void> {
  if (await wasRemoved(path)) return;
  const top = await open(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const mount = await mountId(top);
    while (await emptyOnce(top, mount, signal)) {
      // Moving directories up may make a listing miss some; the last pass is one that found nothing.
    }
  } finally {
    await top.close();
  }
  await rmdir(path);
}

/** One pass over the entries of the top; says whether there were any. */
async function emptyOnce(top: FileHandle, mount: string, signal: AbortSignal): Promise<boolean> {
  let found = false;
  for await (const entry of await opendir(pathOf(top), RAW_NAMES)) {
    signal.throwIfAborted();
    found = true;
    await removeEntry(top, entry, mount, signal);
  }
  return found;
}

async function removeEntry(top: FileHandle, entry: Dirent, mount: string, signal: AbortSignal): Promise<void> {
  const path = rawBelow(top, entry.name);
  if (!entry.isDirectory()) return removeFile(path);
  if (await wasRemoved(path)) return;

  const directory = await open(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if ((await mountId(directory)) !== mount) throw stillMounted();
    for await (const inner of await opendir(pathOf(directory), RAW_NAMES)) {
      signal.throwIfAborted();
      const innerPath = rawBelow(directory, inner.name);
      if (!inner.isDirectory()) await removeFile(innerPath);
      else if (!(await wasRemoved(innerPath))) await moveUp(innerPath, top);
    }
  } finally {
    await directory.close();
  }
  await wasRemoved(path);
}

async function moveUp(path: Buffer, top: FileHandle): Promise<void> {
  try {
    await rename(path, `${pathOf(top)}/.sweep-${randomBytes(8).toString("hex")}`);
  } catch (error) {
    throw systemCode(error) === "EBUSY" ? stillMounted() : error;
  }
}

async function removeFile(path: Buffer): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw systemCode(error) === "EBUSY" ? stillMounted() : error;
  }
}

/** Removes the directory if it is empty; true when it is not there any more. */
async function wasRemoved(path: string | Buffer): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return true;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw code === "EBUSY" ? stillMounted() : error;
  }
}

async function mountId(handle: FileHandle): Promise<string> {
  const text = await readFile(`/proc/self/fdinfo/${handle.fd}`, "utf8");
  const id = /^mnt_id:\s*(\d+)/m.exec(text)?.[1];
  if (id === undefined) throw new BerthError("VolumeFailed", "the kernel does not tell which mount a directory is on");
  return id;
}

const stillMounted = (): BerthError => new BerthError("VolumeFailed", "something is still mounted in the directory");
