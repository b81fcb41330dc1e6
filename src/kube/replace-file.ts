import { open, rename, rm } from "node:fs/promises";

/** Writes a file that only its owner may read: readers see the old content or the new, also after a crash. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const next = `${path}.next`;
  await rm(next, { force: true });
  try {
    const file = await open(next, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}
