import type { Stats, StatsBase } from "node:fs";
import { stat } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import type * as v1 from "../pod/v1.ts";
import { makeDirs, makeFile } from "./exact.ts";
import { ifThere, systemCode } from "./failure.ts";

/** What each type asks of the path (cri-mapping 5.3): how it is called, how it is told, how it is made if missing. */
const TYPES: Readonly<Record<string, HostPathRule>> = {
  DirectoryOrCreate: { noun: "directory", fits: (found) => found.isDirectory(), make: (path) => makeDirs(path, 0o755) },
  Directory: { noun: "directory", fits: (found) => found.isDirectory() },
  FileOrCreate: { noun: "file", fits: (found) => found.isFile(), make: (path) => makeFile(path, 0o644) },
  File: { noun: "file", fits: (found) => found.isFile() },
  Socket: { noun: "socket", fits: (found) => found.isSocket() },
  CharDevice: { noun: "character device", fits: (found) => found.isCharacterDevice() },
  BlockDevice: { noun: "block device", fits: (found) => found.isBlockDevice() },
};
type HostPathRule = {
  readonly noun: string;
  readonly fits: (found: StatsBase<number>) => boolean;
  readonly make?: (path: string) => Promise<unknown>;
};

/** Checks a hostPath volume by its type, and makes what may be made. Follows links. Throws VolumeFailed. */
export async function checkHostPath({ path, type }: v1.HostPathVolumeSource): Promise<void> {
  if (path.split("/").includes("..")) throw failed(`the host path ${path} must not contain ".."`);
  if (type === undefined || type === "") return;
  const rule = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (rule === undefined) throw failed(`the host path type "${type}" is unknown`);

  const found = (await look(path)) ?? (await made(path, rule));
  if (found === undefined) throw failed(`the host path ${path} does not exist, but must be a ${rule.noun}`);
  if (!rule.fits(found)) throw failed(`the host path ${path} is not a ${rule.noun}`);
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await ifThere(stat(path));
  } catch (error) {
    throw failed(`the host path ${path} cannot be looked at (${systemCode(error)})`, error);
  }
}

async function made(path: string, rule: HostPathRule): Promise<Stats | undefined> {
  if (rule.make === undefined) return undefined;
  try {
    await rule.make(path);
  } catch (error) {
    throw failed(`the host path ${path} cannot be made as a ${rule.noun} (${systemCode(error)})`, error);
  }
  return look(path);
}

const failed = (message: string, cause?: unknown): BerthError => new BerthError("VolumeFailed", message, { cause });
