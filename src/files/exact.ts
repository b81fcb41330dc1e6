import { constants } from "node:fs";
import { chmod, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "./failure.ts";

/** What the process takes away from every mode; read once, since reading it is not free of side effects. */
const umask = process.umask();

/** Makes a directory with exactly this mode; one that exists is left as it is. Says whether it was made. */
export async function makeDir(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  if ((mode & umask) !== 0) await chmod(path, mode);
  return true;
}

/** Makes a directory and the missing ones above it, all with exactly this mode. Says whether the last one was made. */
export async function makeDirs(path: string, mode: number): Promise<boolean> {
  try {
    return await makeDir(path, mode);
  } catch (error) {
    if (systemCode(error) !== "ENOENT" || dirname(path) === path) throw error;
  }
  await makeDirs(dirname(path), mode);
  return makeDir(path, mode);
}

/** Makes an empty file with exactly this mode; one that exists is left as it is. Never follows a link. */
export async function makeFile(path: string, mode: number): Promise<void> {
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
    try {
      if ((mode & umask) !== 0) await file.chmod(mode);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/** Writes a file in place with exactly this mode: whoever has it mounted sees the new content. Never follows a link. */
export async function writeExact(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const file = await open(path, flags, mode);
  try {
    if (content.length > 0) await file.writeFile(content);
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}
