import { mkdir, open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { runCommand, tryCommand } from "../../dev/run-command.ts";

/** A small file system of its own, which can be filled to the last block. */
export type SmallDisk = {
  readonly point: string;
  fill(): Promise<void>;
  free(): Promise<void>;
  /** Unmounted, with its loop device and image. */
  remove(): Promise<void>;
};

const BLOCK = 4096;
const FILLER = ".filler";

/** Makes an image beside the mount point and mounts it there. */
export async function makeSmallDisk(point: string, mebibytes: number): Promise<SmallDisk> {
  const image = `${point}.image`;
  await mkdir(point, { recursive: true });
  const file = await open(image, "w");
  await file.truncate(mebibytes * 2 ** 20);
  await file.close();
  await runCommand("mkfs.ext4", ["-q", "-m", "0", "-N", "8192", image]);
  await runCommand("mount", ["-o", "loop", image, point]);
  const filler = join(point, FILLER);
  return {
    point,
    async fill() {
      const file = await open(filler, "a");
      try {
        for (let size = BLOCK * 256; size >= 1; size = Math.floor(size / 16)) await writeUntilFull(file, size);
      } finally {
        await file.close();
      }
      const { bavail } = await statfs(point);
      if (bavail > 16) throw new Error(`${point} still has ${bavail} blocks`);
    },
    free: () => rm(filler, { force: true }),
    async remove() {
      const gone = await tryCommand("umount", [point]);
      if (gone.code !== 0) await runCommand("umount", ["--lazy", point]);
      await rm(image);
    },
  };
}

async function writeUntilFull(file: Awaited<ReturnType<typeof open>>, size: number): Promise<void> {
  const bytes = Buffer.alloc(size);
  try {
    for (;;) await file.write(bytes);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOSPC") throw thrown;
  }
}
