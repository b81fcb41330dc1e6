import { constants } from "node:fs";
import { chmod, type FileHandle, mkdir, open } from "node:fs/promises";
import { systemCode } from "./failure.ts";

/**
 * Paths below a directory that nobody can turn elsewhere in the meantime. Node.js has no openat; opening
 * `/proc/self/fd/<directory>/<name>` is the same thing: the kernel starts from the open directory, whatever its path
 * has become, and O_NOFOLLOW holds for the last and only component.
 */

/** Gives a name to an object without opening it for reading or writing; the number is the same on x86-64 and arm64. */
export const O_PATH = 0o10000000;

/** A path that stands for the open object itself. */
export const pathOf = (handle: FileHandle): string => `/proc/self/fd/${handle.fd}`;

/** For listing a directory whose names may be any bytes; this encoding loses none of them. */
export const RAW_NAMES = { encoding: "latin1" } as const;

/** The path of an entry that was listed so. */
export function rawBelow(directory: FileHandle, rawName: string): Buffer {
  return Buffer.concat([Buffer.from(`${pathOf(directory)}/`), Buffer.from(rawName, "latin1")]);
}

/** Thrown when a component is a symbolic link; says nothing about where it leads. */
export const LINK_FOUND = "a symbolic link was found where none may be";

/** Opens one component as a mere name. Throws when it is a symbolic link. */
export async function openBelow(directory: FileHandle, name: string): Promise<FileHandle> {
  const handle = await open(`${pathOf(directory)}/${name}`, O_PATH | constants.O_NOFOLLOW);
  const status = await handle.stat();
  if (!status.isSymbolicLink()) return handle;
  await handle.close();
  throw new Error(LINK_FOUND);
}

/** Opens a component after the other, without following any link; missing ones are made as directories of this mode. */
export async function walkBelow(
  root: string,
  names: readonly string[],
  missing?: { mode: number },
): Promise<FileHandle> {
  let here = await open(root, O_PATH);
  for (const name of names) {
    const above = here;
    try {
      here = missing === undefined ? await openBelow(above, name) : await openOrMake(above, name, missing.mode);
    } finally {
      await above.close();
    }
  }
  return here;
}

async function openOrMake(directory: FileHandle, name: string, mode: number): Promise<FileHandle> {
  try {
    return await openBelow(directory, name);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  await mkdir(`${pathOf(directory)}/${name}`).catch((error: unknown) => {
    if (systemCode(error) !== "EEXIST") throw error;
  });
  const made = await openBelow(directory, name);
  // Of a directory that another made in the meantime this sets the mode too, which that one would have had.
  await chmod(pathOf(made), mode);
  return made;
}
