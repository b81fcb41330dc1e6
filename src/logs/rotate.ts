import { createReadStream, createWriteStream } from "node:fs";
import { chmod, link, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createGzip } from "node:zlib";

/** Asks the runtime to open the log again under its name. */
export type Reopen = () => Promise<void>;

/**
 * Gives the log of a running instance another name and lets the runtime begin a new one; of the rotated files the newest
 * `maxFiles` - 1 stay (cri-mapping 4.4). What they hold is compressed later: a fast writer does not wait for that. Throws
 * what `reopen` throws, after the log has its name back; may be called again at any time, also after a crash half-way.
 */
export async function rotateLog(log: string, maxFiles: number, reopen: Reopen, now: Date): Promise<void> {
  const rotated = await freeName(log, now);
  await rename(log, rotated);
  try {
    await reopen();
  } catch (error) {
    await giveBack(rotated, log);
    throw error;
  }
  const kept = await rotatedFiles(log);
  for (const name of kept.slice(0, Math.max(0, kept.length - (maxFiles - 1)))) {
    await rm(name, { force: true });
    await rm(withoutGz(name), { force: true });
  }
}

/** Compresses all rotated files of a log but the newest, and removes what a crash left of a compression. One at a time. */
export async function compressRotated(log: string, signal: AbortSignal): Promise<void> {
  await removeLeftOvers(log);
  for (const name of (await rotatedFiles(log)).slice(0, -1)) {
    signal.throwIfAborted();
    if (!name.endsWith(GZ)) await compress(name, signal);
  }
}

/** Bytes of a log; undefined when it is not there, as after a crash between the two halves of a rotation. */
export async function logSize(log: string): Promise<number | undefined> {
  return (await stat(log).catch(() => undefined))?.size;
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

const GZ = ".gz";
const TMP = ".tmp";

const withoutGz = (name: string): string => (name.endsWith(GZ) ? name.slice(0, -GZ.length) : name);

async function beside(log: string): Promise<string[]> {
  const prefix = `${basename(log)}.`;
  return (await readdir(dirname(log))).filter((name) => name.startsWith(prefix));
}

/** The oldest first; one that is being compressed counts once. */
async function rotatedFiles(log: string): Promise<string[]> {
  const names = (await beside(log)).filter((name) => !name.endsWith(TMP));
  return names
    .filter((name) => !names.includes(`${name}${GZ}`))
    .sort((a, b) => (withoutGz(a) < withoutGz(b) ? -1 : 1))
    .map((name) => join(dirname(log), name));
}

async function removeLeftOvers(log: string): Promise<void> {
  const names = await beside(log);
  const isLeftOver = (name: string): boolean => name.endsWith(TMP) || names.includes(`${name}${GZ}`);
  for (const name of names.filter(isLeftOver)) await rm(join(dirname(log), name), { force: true });
}

/**
 * Whole or not at all: the compressed file gets its name when it is complete, and only then the other goes. One that was
 * removed meanwhile, being the oldest, stays away.
 */
async function compress(path: string, signal: AbortSignal): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  const half = `${path}${TMP}`;
  try {
    await pipeline(
      createReadStream(path),
      createGzip({ level: constants.Z_BEST_SPEED }),
      createWriteStream(half, { mode: 0o600 }),
      { signal },
    );
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
  await chmod(half, found.mode & 0o7777);
  if ((await logSize(path)) === undefined) return rm(half, { force: true });
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
