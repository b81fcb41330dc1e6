import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../base/log.ts";

/**
 * Two files of lines: the current one, and the one before it. When the current one has half of the size that both may
 * have together, it takes the place of the other; so there is always between half and all of that size to look back at.
 */
const CURRENT = "events.jsonl";
const BEFORE = "events.1.jsonl";

/** Lines of both files, oldest first. What cannot be read is passed over; a torn last line is its reader's to refuse. */
export async function loadLines(directory: string, maxBytes: number, log: Log): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const name of [BEFORE, CURRENT]) {
    try {
      texts.push(await readEnd(join(directory, name), maxBytes));
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!missing) log.warn("a part of the journal of events cannot be read", { directory, name, error });
    }
  }
  return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
}

/** No more than this agent would have written, whatever lies there. */
async function readEnd(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, maxBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Adds lines to the current file, all of them or none. Throws what the system throws. */
export async function appendLines(directory: string, maxBytes: number, lines: readonly string[]): Promise<void> {
  const text = `${lines.join("\n")}\n`;
  const file = await openCurrent(directory);
  try {
    const { size } = await file.stat();
    await append(file, size, text);
    if (size + Buffer.byteLength(text) > maxBytes / 2) await rename(join(directory, CURRENT), join(directory, BEFORE));
  } finally {
    await file.close();
  }
}

async function openCurrent(directory: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const path = join(directory, CURRENT);
  try {
    return await open(path, flags, 0o600);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  await mkdir(directory, { recursive: true, mode: 0o750 });
  return open(path, flags, 0o600);
}

async function append(file: FileHandle, size: number, text: string): Promise<void> {
  const start = (await endsLine(file, size)) ? "" : "\n";
  const bytes = Buffer.from(start + text);
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await file.write(bytes, done, bytes.length - done, size + done)).bytesWritten;
    }
  } catch (error) {
    // A full disk takes a part of what it is given; cutting a file short needs no room.
    await file.truncate(size).catch(() => {});
    throw error;
  }
}

/** A writer that was killed, or a power cut, may have left a line without its end. */
async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] === 0x0a;
}
