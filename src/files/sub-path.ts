import { type FileHandle, lstat, realpath, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { BerthError } from "../base/errors.ts";
import { pathOf, walkBelow } from "./beneath.ts";
import { makeDir, makeDirs, makeFile } from "./exact.ts";
import { ifThere, systemCode } from "./failure.ts";
import { readMountTable } from "./mount-table.ts";
import type { Mounts } from "./mounts.ts";

export type SubPathRequest = {
  /** The volume's own directory on the host. */
  readonly volume: string;
  readonly subPath: string;
  /** Where it is mounted for the container. */
  readonly target: string;
};

/**
 * Mounts a part of a volume so that whoever can write to the volume cannot make it lead elsewhere (cri-mapping 2.4).
 * Links are resolved once; the place that came out is walked again without following any, and what is mounted is the
 * object that the walk holds open. Throws ContainerConfigInvalid without naming a host path.
 */
export async function mountSubPath(request: SubPathRequest, mounts: Mounts, signal: AbortSignal): Promise<void> {
  checkSubPath(request.subPath);
  const source = await openSource(request);
  try {
    await mountOpen(source, request.target, mounts, signal);
  } finally {
    await source.close();
  }
}

/** Throws ContainerConfigInvalid when the path is absolute or climbs. */
export function checkSubPath(subPath: string): void {
  if (isAbsolute(subPath)) throw refused("must not be an absolute path");
  if (subPath.split(sep).includes("..")) throw refused('must not contain ".."');
  if (subPath.includes("\0")) throw refused("must not contain a NUL");
}

async function openSource({ volume, subPath }: SubPathRequest): Promise<FileHandle> {
  try {
    const root = await realpath(volume);
    const names = split(subPath);
    const there = await longestExisting(root, names);
    const resolved = relative(root, there.path);
    if (resolved === ".." || resolved.startsWith(`..${sep}`)) throw refused("leads out of the volume");
    const { mode } = await stat(root);
    return await walkBelow(root, [...split(resolved), ...there.missing], { mode: mode & 0o7777 });
  } catch (error) {
    if (error instanceof BerthError) throw error;
    // The system's own message holds host paths.
    const reason = systemCode(error) ?? (error instanceof Error ? error.message : "unknown");
    throw refused(`cannot be resolved (${reason})`);
  }
}

const split = (path: string): string[] => path.split(sep).filter((name) => name !== "" && name !== ".");

/** The longest prefix that exists, with its links resolved, and the names that are missing below it. */
async function longestExisting(root: string, names: readonly string[]): Promise<{ path: string; missing: string[] }> {
  for (let count = names.length; count > 0; count -= 1) {
    const prefix = join(root, ...names.slice(0, count));
    const path = await ifThere(realpath(prefix));
    if (path !== undefined) return { path, missing: names.slice(count) };
    if ((await ifThere(lstat(prefix))) !== undefined) throw refused("holds a link that leads nowhere");
  }
  return { path: root, missing: [...names] };
}

async function mountOpen(source: FileHandle, target: string, mounts: Mounts, signal: AbortSignal): Promise<void> {
  const wanted = await source.stat({ bigint: true });
  const mountedTimes = (await readMountTable()).filter(({ path }) => path === target).length;
  if (mountedTimes > 0) {
    if (await isSame(target, wanted)) return;
    await mounts.unmount(new Array<string>(mountedTimes).fill(target), signal);
  }
  await makeTarget(target, wanted.isDirectory());
  const place = pathOf(source).replace("self", `${process.pid}`);
  await mounts.mount({ source: place, target, options: ["bind"] }, signal);
  if (!(await isSame(target, wanted))) {
    await mounts.unmount([target], signal);
    throw refused("changed while it was mounted");
  }
}

type Identity = { readonly dev: bigint; readonly ino: bigint };

async function isSame(path: string, wanted: Identity): Promise<boolean> {
  const found = await stat(path, { bigint: true });
  return found.dev === wanted.dev && found.ino === wanted.ino;
}

/** A directory or an empty file to mount on; nothing is mounted there now. */
async function makeTarget(target: string, directory: boolean): Promise<void> {
  const left = await ifThere(lstat(target));
  if (left !== undefined && left.isDirectory() !== directory)
    await (left.isDirectory() ? rmdir(target) : unlink(target));
  await makeDirs(dirname(target), 0o750);
  if (directory) await makeDir(target, 0o750);
  else await makeFile(target, 0o640);
}

const refused = (reason: string): BerthError => new BerthError("ContainerConfigInvalid", `the subPath ${reason}`);
