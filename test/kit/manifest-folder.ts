import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The manifest directory as a person or a tool changes it. */
export type ManifestFolder = {
  readonly path: string;
  /** Writes a file beside the directory and renames it into it: what tools do. Objects become JSON. */
  drop(file: string, content: string | object): Promise<string>;
  /** Writes into the file in place: what some editors do. */
  overwrite(file: string, content: string | object): Promise<string>;
  remove(file: string): Promise<void>;
};

/** Makes the directory; `beside` must be on the same file system. */
export async function makeManifestFolder(path: string, beside: string): Promise<ManifestFolder> {
  await mkdir(path, { recursive: true });
  await mkdir(beside, { recursive: true });
  return {
    path,
    async drop(file, content) {
      await writeFile(join(beside, file), textOf(content));
      await rename(join(beside, file), join(path, file));
      return join(path, file);
    },
    async overwrite(file, content) {
      await writeFile(join(path, file), textOf(content));
      return join(path, file);
    },
    remove: (file) => rm(join(path, file)),
  };
}

function textOf(content: string | object): string {
  return typeof content === "string" ? content : `${JSON.stringify(content, undefined, 2)}\n`;
}
