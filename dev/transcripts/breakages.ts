import { copyFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { runCommand, tryCommand } from "../run-command.ts";
import type { Runtime } from "../runtime/start.ts";
import { beginContainerd, endContainerd } from "./containerd.ts";

/** Ways to break a private host, by the word that a page has for them; `mended` takes each of them back. */
export type Breakages = Readonly<Record<string, () => Promise<void>>>;

/** Puts a small disk of its own at a folder. */
export const mountSmallDisk = async (folder: string): Promise<void> =>
  void (await runCommand("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder]));

/** Leaves no room on the disk of a folder. */
export const fillDisk = async (folder: string): Promise<void> =>
  void (await tryCommand("dd", ["if=/dev/zero", `of=${join(folder, "filler")}`, "bs=4k", "count=8192"]));

export function breakagesOf(runtime: Runtime): Breakages {
  const { places } = runtime;
  const list = join(places.cniConfig, "10-pods.conflist");
  const withConfig =
    (...changes: readonly (readonly [RegExp, string])[]) =>
    async (): Promise<void> => {
      await endContainerd(runtime);
      await beginContainerd(runtime, changes);
    };
  return {
    "no-network-list": () => rename(list, join(places.folder, "10-pods.conflist.away")),
    // containerd does not see a file that is moved in from elsewhere, only one that is written there
    "network-list": () => copyFile(join(places.folder, "10-pods.conflist.away"), list),
    "cri-off": withConfig([/^disabled_plugins = \[/m, 'disabled_plugins = ["io.containerd.grpc.v1.cri",']),
    "sandbox-image-strange": withConfig([/^sandbox = ".*"/m, 'sandbox = "docker.io/library/busybox:1.36"']),
    "sandbox-image-missing": withConfig([/^sandbox = ".*"/m, 'sandbox = "registry.example/pause:9"']),
    "systemd-driver": withConfig([/^Root = /m, "SystemdCgroup = true\nRoot = "]),
    "runtime-down": () => endContainerd(runtime),
    mended: withConfig(),
  };
}
