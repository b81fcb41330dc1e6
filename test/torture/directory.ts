import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand, tryCommand } from "../../dev/run-command.ts";
import { type ManifestFolder, makeManifestFolder } from "../kit/manifest-folder.ts";

/** The manifest directory: a mount of a store in which files can be changed whatever has become of the directory. */
export type Directory = {
  readonly store: ManifestFolder;
  /** The empty directory below the mount is seen. */
  unmount(): Promise<void>;
  /** A file stands in its place. */
  becomeFile(): Promise<void>;
  /** It can be opened by nobody. */
  becomeUnreadable(): Promise<void>;
  /** As it should be, whatever it was. */
  mend(): Promise<void>;
  remove(): Promise<void>;
};

/** Makes store and directory; `folder` holds the store. */
export async function makeDirectory(point: string, folder: string): Promise<Directory> {
  // A file system of its own, so that what is below the mount is another device, as with a real one.
  await mkdir(folder, { recursive: true });
  await runCommand("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]);
  const store = await makeManifestFolder(join(folder, "store"), join(folder, "beside"));
  let state: "usual" | "unmounted" | "file" | "unreadable" = "usual";
  const mount = async (): Promise<void> => {
    await mkdir(point, { recursive: true });
    await runCommand("mount", ["--bind", store.path, point]);
  };
  const unmount = async (): Promise<void> => void (await runCommand("umount", ["--lazy", point]));
  await mount();

  async function mend(): Promise<void> {
    const was = state;
    state = "usual";
    if (was === "usual") return;
    if (was === "unreadable") await unmount();
    if (was === "file") await rm(point);
    if (was !== "unreadable") await mount();
  }

  return {
    store,
    async unmount() {
      await unmount();
      state = "unmounted";
    },
    async becomeFile() {
      await unmount();
      state = "unmounted";
      await rmdir(point);
      await writeFile(point, "not a directory\n");
      state = "file";
    },
    async becomeUnreadable() {
      // Root may read whatever its mode says; the process directory of a dead process may not be read by anyone.
      const child = spawn("sleep", ["1000"], { stdio: "ignore" });
      const exited = once(child, "exit");
      try {
        await runCommand("mount", ["--bind", `/proc/${child.pid}/task`, point]);
        state = "unreadable";
      } finally {
        child.kill("SIGKILL");
        await exited;
      }
    },
    mend,
    async remove() {
      await mend();
      await tryCommand("umount", ["--lazy", point]);
      await tryCommand("umount", ["--lazy", folder]);
    },
  };
}
