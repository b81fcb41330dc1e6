import { constants } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { BerthError } from "../base/errors.ts";
import { findTail } from "../base/file-tail.ts";
import type { Log } from "../base/log.ts";
import type { LogOptions } from "../pod/log-options.ts";
import type { Logs } from "../ports.ts";
import { type Change, watchChange } from "./change.ts";
import { makeLineReader } from "./lines.ts";
import type { Successors, Turns } from "./turns.ts";

/**
 * Reads logs of instances. Lines that are not of the format are passed over, and counted in one line of the log. `turns`
 * tells of each rotation, so that a follower misses no file however fast they come.
 */
export function makeLogs(log: Log, turns: Turns): Logs {
  return { read: (path, options, signal) => readLog(path, options, { log, turns }, signal) };
}

/** Bytes of a log that a reader holds. @limit No more is read until they were taken. */
const BLOCK_BYTES = 64 * 1024;

/**
 * The wanted content of one instance's log, both streams as they come (cri-mapping 4.3, 4.4, node.md 6.6). Only the
 * current file is read; a follower goes from a file that was rotated away to the one that took its name, when it has read
 * the first to its end. Throws NotFound when there is no log. Ends quietly with the signal.
 */
async function* readLog(
  path: string,
  options: LogOptions,
  { log, turns }: { readonly log: Log; readonly turns: Turns },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const place = await placeOf(path);
  // Watched from before the first look, so that nothing falls between two looks.
  const change = options.follow ? { ...watchChange(dirname(place)), successors: turns.follow(place) } : undefined;
  const lines = makeLineReader(options);
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  try {
    for await (const { bytes, fresh } of rawBytes(place, options, change, signal)) {
      if (fresh) lines.restart();
      const content = lines.take(bytes);
      if (content.length > 0) yield content.subarray(0, left);
      left -= content.length;
      if (left <= 0) return;
    }
  } finally {
    change?.close();
    await change?.successors.close();
    if (change !== undefined && change.successors.lost > 0) {
      log.warn("a follower of a log was too slow and missed rotated files", { path, files: change.successors.lost });
    }
    if (lines.garbage > 0) log.warn("a log has lines that are not of its format", { path, lines: lines.garbage });
  }
}

/** The path with its links resolved. The file itself may be away for a moment, between the two halves of a rotation. */
async function placeOf(path: string): Promise<string> {
  const place = await realpath(path).catch(() => undefined);
  if (place !== undefined) return place;
  const directory = await realpath(dirname(path)).catch((error: unknown) => {
    throw new BerthError("NotFound", `there is no log at ${path}`, { cause: error });
  });
  return join(directory, basename(path));
}

/** What a follower is told. */
type Following = Change & { readonly successors: Successors };
/** A runtime has changed files before it has written the last lines to the old one. */
const LAST_LINES_MS = 100;

/** Where a reader is. */
type Cursor = { file: FileHandle; at: number };
type Piece = {
  readonly bytes: Buffer /** The first of another file: a line that was not ended goes no further. */;
  readonly fresh: boolean;
};

async function* rawBytes(
  place: string,
  options: LogOptions,
  change: Following | undefined,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const first = await openFirst(place, options, change, signal);
  if (first === undefined) return;
  const cursor: Cursor = { file: first, at: 0 };
  try {
    cursor.at = await beginOf(first, options.tailLines);
    while (!signal.aborted) {
      // Asked before the read: what was written by the time that it stopped is then read for certain.
      const mayGrow = change !== undefined && options.running();
      yield* drain(cursor, signal);
      if (change === undefined) return;
      const next = await nextFile(cursor.file, change.successors, place);
      if (next !== undefined) {
        // The writer went on in the old file until the new one stood.
        await wait(LAST_LINES_MS, undefined, { signal }).catch(() => {});
        yield* drain(cursor, signal);
        await cursor.file.close();
        Object.assign(cursor, { file: next, at: 0 });
      } else if (!mayGrow) {
        return;
      } else if ((await cursor.file.stat()).size < cursor.at) {
        // It was cut short, which no rotation of ours does; better read anew than not at all.
        cursor.at = 0;
      } else {
        await change.next(signal);
      }
    }
  } finally {
    await cursor.file.close();
  }
}

/** All that there is up to now; the pieces are good until the next one. */
async function* drain(cursor: Cursor, signal: AbortSignal): AsyncGenerator<Piece> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  while (!signal.aborted) {
    const { bytesRead } = await cursor.file.read(block, 0, BLOCK_BYTES, cursor.at);
    if (bytesRead === 0) return;
    const fresh = cursor.at === 0;
    cursor.at += bytesRead;
    yield { bytes: block.subarray(0, bytesRead), fresh };
  }
}

/** A follower waits for the first line of an instance that is about to write one. */
async function openFirst(
  place: string,
  options: LogOptions,
  change: Change | undefined,
  signal: AbortSignal,
): Promise<FileHandle | undefined> {
  while (!signal.aborted) {
    const mayCome = change !== undefined && options.running();
    const file = await openLog(place);
    if (file !== undefined) return file;
    if (!mayCome) throw new BerthError("NotFound", `there is no log at ${place}`);
    await change.next(signal);
  }
  return undefined;
}

async function openLog(place: string): Promise<FileHandle | undefined> {
  try {
    return await open(place, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new BerthError("FileFailed", `cannot read the log at ${place}`, { cause: error });
  }
}

async function beginOf(file: FileHandle, tailLines: number | undefined): Promise<number> {
  if (tailLines === undefined) return 0;
  return findTail(file, (await file.stat()).size, tailLines);
}

/** Looked for by name only where no rotation was told: another agent may have done it. */
async function nextFile(file: FileHandle, successors: Successors, place: string): Promise<FileHandle | undefined> {
  const told = await successors.after(file);
  if (told !== undefined) return told;
  const named = await successorOf(file, place);
  if (named === undefined) return undefined;
  const first = await successors.after(file);
  if (first !== undefined) await named.close();
  return first ?? named;
}

/** The file that has taken the name of this one, opened; undefined while there is none. */
async function successorOf(file: FileHandle, place: string): Promise<FileHandle | undefined> {
  const [own, named] = await Promise.all([file.stat(), stat(place).catch(() => undefined)]);
  if (named === undefined || (named.ino === own.ino && named.dev === own.dev)) return undefined;
  return openLog(place);
}
