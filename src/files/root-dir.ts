import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { open, readFile, realpath, rename } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import { makeDirs } from "./exact.ts";
import { doing, ifThere } from "./failure.ts";
import type { Places } from "./layout.ts";

/** The root directory, held by this process alone until it lets go or dies. */
export type RootDir = {
  /** All three directories stand; without symbolic links, as the table of mounts shows them. */
  readonly places: Places;
  /** Value of the berth.dev/owner label: made once for a root directory, kept for good. */
  readonly ownerId: string;
  /** Goes into digests of what may be secret, so that nobody can guess from a digest what it was made of. */
  readonly digestKey: string;
  /** Lets another berthd in. */
  release(): void;
};

/** Makes the directories and takes the root directory. Throws RootDirTaken when another berthd has it. */
export async function takeRootDir(wanted: Places, signal: AbortSignal): Promise<RootDir> {
  return doing("take the root directory", "FileFailed", signal, async () => {
    const places = await makePlaces(wanted);
    const lock = await takeLock(places.rootDir, signal);
    try {
      await makeDirs(join(places.rootDir, "pods"), 0o750);
      const ownerId = await ownerIdOf(places.rootDir);
      const digestKey = await digestKeyOf(places.rootDir);
      return { places, ownerId, digestKey, release: () => closeSync(lock) };
    } catch (error) {
      closeSync(lock);
      throw error;
    }
  });
}

async function makePlaces({ rootDir, podLogsDir, containerLogsDir }: Places): Promise<Places> {
  await makeDirs(rootDir, 0o750);
  await makeDirs(podLogsDir, 0o755);
  await makeDirs(containerLogsDir, 0o755);
  return {
    rootDir: await realpath(rootDir),
    podLogsDir: await realpath(podLogsDir),
    containerLogsDir: await realpath(containerLogsDir),
  };
}

/**
 * Locks `<root>/lock`. Node.js cannot lock a file, but flock(1) can lock one that it was handed open: the lock belongs to
 * the open file, which this process goes on holding when the program has ended, and which the kernel closes with the
 * process, however it dies.
 */
async function takeLock(rootDir: string, signal: AbortSignal): Promise<number> {
  const path = join(rootDir, "lock");
  const lock = openSync(path, "a", 0o600);
  const status = await runFlock(lock, signal).catch((error: unknown) => {
    closeSync(lock);
    throw error;
  });
  if (status === 0) return lock;
  closeSync(lock);
  if (status === 1) throw new BerthError("RootDirTaken", `another berthd works in ${rootDir}`);
  throw new BerthError("FileFailed", `cannot lock ${path}: flock ended with status ${status}`);
}

function runFlock(lock: number, signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn("flock", ["--exclusive", "--nonblock", "3"], {
      stdio: ["ignore", "ignore", "ignore", lock],
      signal,
    });
    child.once("error", reject);
    child.once("exit", resolve);
  });
}

const OWNER_ID = /^[0-9a-f]{16}$/;

/** Never made anew when it is damaged: everything that runs carries the old one and would be left alone for good. */
async function ownerIdOf(rootDir: string): Promise<string> {
  const path = join(rootDir, "owner");
  const kept = await ifThere(readFile(path, "utf8"));
  if (kept === undefined) return writeDigits(path, 8);
  const id = kept.trim();
  if (OWNER_ID.test(id)) return id;
  const advice =
    "write the 16 digits of a running container's berth.dev/owner label into it, or remove it if none runs";
  throw new BerthError("RecordTorn", `${path} does not hold an owner id; ${advice}`);
}

const DIGEST_KEY = /^[0-9a-f]{64}$/;

/** One that is damaged is made anew: pods that restart with their documents are then replaced once, and no more. */
async function digestKeyOf(rootDir: string): Promise<string> {
  const path = join(rootDir, "digest-key");
  const kept = (await ifThere(readFile(path, "utf8")))?.trim() ?? "";
  return DIGEST_KEY.test(kept) ? kept : writeDigits(path, 32);
}

/** Writes so many random bytes, in hexadecimal, for good. */
async function writeDigits(path: string, bytes: number): Promise<string> {
  const id = randomBytes(bytes).toString("hex");
  const next = `${path}.next`;
  const file = await open(next, "w", 0o600);
  try {
    await file.writeFile(`${id}\n`);
    // A power cut must not leave an empty file behind: containers will carry this id.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  return id;
}
