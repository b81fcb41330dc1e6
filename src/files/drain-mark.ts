import { access, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { doing } from "./failure.ts";

const MARK = "drained";

/** Whether the host was drained, which outlives berthd. */
export async function readDrainMark(rootDir: string): Promise<boolean> {
  return access(join(rootDir, MARK)).then(
    () => true,
    () => false,
  );
}

/** Sets or takes away the mark; when it returns, it stands on disk. Throws FileFailed. */
export async function writeDrainMark(rootDir: string, drained: boolean): Promise<void> {
  await doing("write the mark of a drained host", "FileFailed", NEVER, async () => {
    const path = join(rootDir, MARK);
    if (!drained) return rm(path, { force: true });
    await using file = await open(path, "w", 0o600);
    await file.sync();
  });
}

const NEVER = new AbortController().signal;
