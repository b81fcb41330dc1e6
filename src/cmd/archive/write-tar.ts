import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { TAR_END, tarHead, tarPadding } from "./tar.ts";

/**
 * The archive of a file or a directory, whose top member has this name. Links stay links; what is neither file, directory nor
 * link is left out and told.
 */
export async function* archiveOf(
  source: string,
  name: string,
  onLeftOut: (path: string) => void,
): AsyncGenerator<Uint8Array> {
  yield* memberOf(source, name, onLeftOut);
  yield TAR_END;
}

async function* memberOf(source: string, path: string, onLeftOut: (path: string) => void): AsyncGenerator<Uint8Array> {
  const stat = await lstat(source);
  const head = {
    path,
    mode: stat.mode & 0o777,
    modifiedSeconds: Math.max(0, Math.floor(stat.mtimeMs / 1000)),
    sizeBytes: 0,
    target: "",
  };
  if (stat.isDirectory()) {
    yield tarHead({ ...head, kind: "directory" });
    const names = (await readdir(source)).sort();
    for (const name of names) yield* memberOf(join(source, name), `${path}/${name}`, onLeftOut);
  } else if (stat.isSymbolicLink()) {
    yield tarHead({ ...head, kind: "link", target: await readlink(source) });
  } else if (stat.isFile()) {
    yield tarHead({ ...head, kind: "file", sizeBytes: stat.size });
    yield* bodyOf(source, stat.size);
  } else {
    onLeftOut(source);
  }
}

/** Exactly so many bytes: a file that grows or shrinks meanwhile must not break the archive. Throws when it shrank. */
async function* bodyOf(source: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  if (sizeBytes > 0) {
    let left = sizeBytes;
    for await (const chunk of createReadStream(source, { end: sizeBytes - 1 }) as AsyncIterable<Buffer>) {
      left -= chunk.length;
      yield chunk;
    }
    if (left > 0) throw new Error(`${source} became shorter while it was read`);
  }
  yield tarPadding(sizeBytes);
}
