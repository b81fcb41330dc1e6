import { constants } from "node:fs";
import { chmod, copyFile, lstat, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeByteSource } from "./byte-source.ts";
import { type ReadMember, readTar } from "./read-tar.ts";

/**
 * Writes the members of an archive, whose top member is `top`, to the place `goal` takes. A container is not to be trusted:
 * throws at the first member that leads elsewhere, by `..`, by an absolute path, or through a link on this side. Symbolic links
 * and devices are left out and told. Answers how many files were written.
 */
export async function extractTo(
  chunks: AsyncIterable<Uint8Array>,
  top: string,
  goal: string,
  onLeftOut: (path: string, what: ReadMember["kind"]) => void,
): Promise<number> {
  let files = 0;
  for await (const member of readTar(makeByteSource(chunks))) {
    const place = placeOf(member.path, top, goal);
    switch (member.kind) {
      case "directory":
        await makeDirectory(place, goal);
        continue;
      case "file":
        await makeDirectory(dirname(place), goal);
        await writeFile(place, member);
        files += 1;
        continue;
      case "hardLink":
        await makeDirectory(dirname(place), goal);
        await copyLinked(placeOf(member.target, top, goal), place);
        files += 1;
        continue;
      case "symbolicLink":
      case "other":
        onLeftOut(member.path, member.kind);
    }
  }
  return files;
}

/** Where a member goes. Throws when that is not the goal or below it. */
function placeOf(path: string, top: string, goal: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const wanted = top.split("/").filter((part) => part !== "" && part !== ".");
  const isInside = !path.startsWith("/") && !parts.includes("..") && wanted.every((part, at) => part === parts[at]);
  if (!isInside) throw new Error(`the container sent ${JSON.stringify(path)}, which leads out of ${goal}`);
  return join(goal, ...parts.slice(wanted.length));
}

/** Makes a directory and those above it up to the goal; a link among them leads out. */
async function makeDirectory(path: string, goal: string): Promise<void> {
  if (path !== goal && path.length > goal.length) {
    await makeDirectory(dirname(path), goal);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory()) return;
    if (found !== undefined) throw new Error(`${path} is in the way: it is not a directory`);
    await mkdir(path);
  } else if (path === goal) {
    await mkdir(path, { recursive: true });
  }
}

async function writeFile(place: string, { body, mode }: ReadMember): Promise<void> {
  const { O_CREAT, O_WRONLY, O_TRUNC, O_NOFOLLOW } = constants;
  const file = await open(place, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW, mode & 0o777);
  try {
    for await (const piece of body) await file.write(piece);
  } finally {
    await file.close();
  }
}

/** A hard link becomes a copy, which is what it looks like from outside. */
async function copyLinked(from: string, to: string): Promise<void> {
  const stat = await lstat(from);
  if (!stat.isFile()) throw new Error(`${from} is not a file that was copied before`);
  const before = await lstat(to).catch(() => undefined);
  if (before !== undefined && !before.isFile()) throw new Error(`${to} is in the way: it is not a file`);
  await copyFile(from, to);
  await chmod(to, stat.mode & 0o777);
}
