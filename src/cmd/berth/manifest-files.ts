import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Call } from "./command.ts";
import { unreadable } from "./terminal.ts";

const MANIFEST = /^[^.].*\.(?:ya?ml|json)$/;

/** The manifests that an argument stands for: a file, those of a directory, or - for standard input. Throws CommandFailure. */
export async function filesOf(written: string): Promise<string[]> {
  if (written === "-") return [written];
  const found = await stat(written).catch((error: Error) => {
    throw unreadable(written, error);
  });
  return found.isDirectory() ? listManifests(written) : [written];
}

/** The paths of a directory's manifests in the order of their names. Throws what reading it throws. */
export async function listManifests(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => MANIFEST.test(name)).sort();
  return names.map((name) => join(directory, name));
}

/** All of a file, or of standard input. Throws CommandFailure. */
export async function readBytes(call: Call, path: string): Promise<Uint8Array> {
  if (path !== "-") {
    return readFile(path).catch((error: Error) => {
      throw unreadable(path, error);
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of call.terminal.in as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
