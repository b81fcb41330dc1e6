import { chmod, lchown, mkdtemp, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirs } from "./exact.ts";
import { ifThere } from "./failure.ts";
import type { Payload } from "./payload.ts";

/**
 * Makes a volume show exactly this payload, all of it from one moment to the next (cri-mapping 5.4):
 *   name -> ..data/name      what applications open
 *   ..data -> ..2030_01_02_03_04_05.AbCdEf      switched by one rename
 * Readers see the old version or the new, never a mixture. May be called again after a crash at any point: left-overs
 * are taken away. `own` settles ownership of the whole volume before the new version is shown.
 * Says whether anything changed; a changed mode alone counts as no change.
 */
export async function writeAtomically(volume: string, payload: Payload, own: () => Promise<void>): Promise<boolean> {
  const current = await currentVersion(volume);
  if (current !== undefined && (await holds(join(volume, current), payload))) {
    await showNames(volume, payload);
    return false;
  }
  const next = await writeVersion(volume, payload);
  await own();
  await switchTo(volume, next);
  await showNames(volume, payload);
  await removeOthers(volume, next);
  return true;
}

/** As a group: leave it. */
const UNCHANGED = -1;
const DATA = "..data";
const NEXT_DATA = "..data_tmp";
const VERSION = /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\./;

async function currentVersion(volume: string): Promise<string | undefined> {
  const target = await ifThere(readlink(join(volume, DATA)));
  return target !== undefined && VERSION.test(target) && !target.includes("/") ? target : undefined;
}

/** Whether the version has these files with these contents, and no others. */
async function holds(version: string, payload: Payload): Promise<boolean> {
  const there = await ifThere(readdir(version, { recursive: true, withFileTypes: true }));
  if (there === undefined) return false;
  const files = there.filter((entry) => !entry.isDirectory());
  if (files.length !== payload.size) return false;
  for (const [path, { data }] of payload) {
    const held = await ifThere(readFile(join(version, path)));
    if (held === undefined || !held.equals(data)) return false;
  }
  return true;
}

async function writeVersion(volume: string, payload: Payload): Promise<string> {
  const directory = await mkdtemp(join(volume, `..${stamp(new Date())}.`));
  await chmod(directory, 0o755);
  for (const [path, { data, mode, owner }] of payload) {
    const file = join(directory, path);
    await makeDirs(dirname(file), 0o755);
    await writeFile(file, data, { mode: 0o600, flag: "wx" });
    if (owner !== undefined) await lchown(file, owner, UNCHANGED);
    await chmod(file, mode);
  }
  return directory.slice(volume.length + 1);
}

/** `2030_01_02_03_04_05`, in UTC. */
function stamp(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll(/[-T:]/g, "_");
}

async function switchTo(volume: string, version: string): Promise<void> {
  const next = join(volume, NEXT_DATA);
  // A crash between the next two calls leaves this link behind; it must not block every later update.
  await rm(next, { force: true });
  await symlink(version, next);
  await rename(next, join(volume, DATA));
}

/** One visible link for each first path element of the payload, and none for what vanished. */
async function showNames(volume: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split("/", 1)[0] ?? path));
  for (const entry of await readdir(volume, { withFileTypes: true })) {
    const path = join(volume, entry.name);
    if (!entry.isSymbolicLink() || entry.name === DATA || entry.name === NEXT_DATA) continue;
    const right = (await readlink(path)) === join(DATA, entry.name);
    if (right && wanted.delete(entry.name)) continue;
    await rm(path);
  }
  for (const name of wanted) await symlink(join(DATA, name), join(volume, name));
}

async function removeOthers(volume: string, version: string): Promise<void> {
  const names = await readdir(volume);
  const old = names.filter((name) => VERSION.test(name) && name !== version);
  await Promise.all(old.map((name) => rm(join(volume, name), { recursive: true, force: true })));
}
