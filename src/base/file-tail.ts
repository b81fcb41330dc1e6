import type { FileHandle } from "node:fs/promises";

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * Where the last so many lines of a file begin, found from its end; 0 when it has fewer. A last line without its newline
 * counts. Looks back at most `farthestBytes`, and then answers with the place where it stopped looking.
 */
export async function findTail(
  file: FileHandle,
  sizeBytes: number,
  lines: number,
  farthestBytes = Number.POSITIVE_INFINITY,
): Promise<number> {
  if (lines <= 0) return sizeBytes;
  const stop = Math.max(0, sizeBytes - farthestBytes);
  const block = Buffer.alloc(BLOCK_BYTES);
  let missing = lines;
  for (let end = sizeBytes; end > stop; ) {
    const begin = Math.max(stop, end - BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - begin, begin);
    for (let at = bytesRead - 1; at >= 0; at -= 1) {
      const closesLastLine = begin + at === sizeBytes - 1;
      if (block[at] !== NEWLINE || closesLastLine) continue;
      missing -= 1;
      if (missing === 0) return begin + at + 1;
    }
    end = begin;
  }
  return stop;
}
