import { createReadStream, createWriteStream } from "node:fs";
import { chmod, link, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { BerthError } from "../base/errors.ts";

/** When and how far logs are rotated (cri-mapping 4.4). */
export type RotationLimits = {
  /** containerLogMaxSize; rotated from this size on. */
  readonly maxBytes: number;
  /** containerLogMaxFiles, at least 2: the current one, the newest rotated one, and compressed older ones. */
  readonly maxFiles: number;
};

/** Asks the runtime to open the log again under its name. */
export type Reopen = () => Promise<void>;

/** What came of it. */
export type Rotation = "small" | "rotated";

/**
 * Rotates the log of one running instance if it has grown too large. A log that is missing is opened again. Throws what
 * `reopen` throws, after the log has its name back; may be called again at any time, also after a crash half-way.
 */
export async function rotateLog(
  log: string,
  limits: RotationLimits,
  reopen: Reopen,
  now: Date,
  signal: AbortSignal,
): Promise<Rotation> {
  if ((await sizeOf(log, reopen)) < limits.maxBytes) return "small";
  await tidyRotated(log, limits.maxFiles, signal);
  const rotated = await freeName(log, now);
  await rename(log, rotated);
  try {
    await reopen();
  } catch (error) {
    await giveBack(rotated, log);
    throw error;
  }
  return "rotated";
}

/**
 * The writer still holds the file that was renamed; under its old name it is found and tried again. A call that failed may
 * have opened a new log all the same: that one stays.
 */
async function giveBack(rotated: string, log: string): Promise<void> {
  const given = await link(rotated, log).then(
    () => true,
    () => false,
  );
  if (given) await rm(rotated, { force: true });
}

async function sizeOf(log: string, reopen: Reopen): Promise<number> {
  const found = await stat(log).catch(() => undefined);
  if (found !== undefined) return found.size;
  await reopen();
  const again = await stat(log).catch((error: unknown) => {
    throw new BerthError("FileFailed", `the log ${log} does not stand, though it was opened again`, { cause: error });
  });
  return again.size;
}

/** Leaves room for the file that is about to be rotated: removes left-overs and the oldest, compresses the rest. */
async function tidyRotated(log: string, maxFiles: number, signal: AbortSignal): Promise<void> {
  const kept = await removeLeftOvers(log);
  const tooMany = Math.max(0, kept.length - Math.max(0, maxFiles - 2));
  for (const name of kept.slice(0, tooMany)) await rm(name, { force: true });
  for (const name of kept.slice(tooMany)) {
    if (!name.endsWith(GZ)) await compress(name, signal);
  }
}

const GZ = ".gz";
const TMP = ".tmp";

/** Rotated files that stay, the oldest first. What a crash left of a compression is removed. */
async function removeLeftOvers(log: string): Promise<string[]> {
  const directory = dirname(log);
  const prefix = `${basename(log)}.`;
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix));
  const isLeftOver = (name: string): boolean => name.endsWith(TMP) || names.includes(`${name}${GZ}`);
  for (const name of names.filter(isLeftOver)) await rm(join(directory, name), { force: true });
  const age = (name: string): string => (name.endsWith(GZ) ? name.slice(0, -GZ.length) : name);
  return names
    .filter((name) => !isLeftOver(name))
    .sort((a, b) => (age(a) < age(b) ? -1 : 1))
    .map((name) => join(directory, name));
}

/** Whole or not at all: the compressed file gets its name when it is complete, and only then the other goes. */
async function compress(path: string, signal: AbortSignal): Promise<void> {
  const { mode } = await stat(path);
  const half = `${path}${TMP}`;
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(half, { mode: 0o600 }), { signal });
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
  await chmod(half, mode & 0o7777);
  await rename(half, `${path}${GZ}`);
  await rm(path, { force: true });
}

/** `<log>.20300102-030405` in local time; more than one in a second are numbered, and never replace one another. */
async function freeName(log: string, now: Date): Promise<string> {
  const first = `${log}.${stamp(now)}`;
  const taken = new Set(await readdir(dirname(log)));
  const isFree = (name: string): boolean => !taken.has(basename(name)) && !taken.has(`${basename(name)}${GZ}`);
  if (isFree(first)) return first;
  for (let count = 1; ; count += 1) {
    // Two digits keep the order of names the order of time.
    const name = `${first}-${String(count).padStart(2, "0")}`;
    if (isFree(name)) return name;
  }
}

function stamp(now: Date): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}
