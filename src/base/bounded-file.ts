import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** The text of a file that has at most so many bytes. Throws what the system throws, and for a larger file. */
export async function readWhole(path: string, mostBytes: number): Promise<string> {
  const bytes = await readSome(await open(path), mostBytes + 1);
  if (bytes.length > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
  return bytes.toString("utf8");
}

/**
 * The first so many bytes of a regular file as text, where somebody else may have put anything. Empty for
 * what is not a regular file, and never waits for the other end of a pipe. Throws what the system throws.
 */
export async function readBeginning(path: string, mostBytes: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const isFile = await file.stat().then((stats) => stats.isFile());
  return (await readSome(file, isFile ? mostBytes : 0)).toString("utf8");
}

/** Reads to the end or to so many bytes, and closes the file. */
async function readSome(file: FileHandle, mostBytes: number): Promise<Buffer> {
  const blocks: Buffer[] = [];
  try {
    for (let left = mostBytes; left > 0; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(BLOCK_BYTES, left)), 0, undefined, null);
      if (bytesRead === 0) break;
      blocks.push(buffer.subarray(0, bytesRead));
      left -= bytesRead;
    }
    return Buffer.concat(blocks);
  } finally {
    await file.close();
  }
}

const BLOCK_BYTES = 64 * 1024;
