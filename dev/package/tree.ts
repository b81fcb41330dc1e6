import { chmod, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Item } from "./contents.ts";

/** Writes items below a directory as a package lays them out. Times are those of the release. */
export async function writeTree(items: readonly Item[], root: string, madeSeconds: number): Promise<void> {
  for (const item of items) await writeItem(item, join(root, item.path), madeSeconds);
}

async function writeItem(item: Item, path: string, madeSeconds: number): Promise<void> {
  if (item.kind === "directory") {
    await mkdir(path, { recursive: true, mode: 0o755 });
    return;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (item.kind === "link") {
    await symlink(item.target, path);
    return;
  }
  await writeFile(path, item.body);
  await chmod(path, item.kind === "file" ? item.mode : 0o644);
  await utimes(path, madeSeconds, madeSeconds);
}
