import { copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { runCommand, tryCommand } from "../run-command.ts";
import type { Runtime } from "../runtime/start.ts";
import { beginContainerd, endContainerd } from "./containerd.ts";

/** Ways to break a private host, by the word that a page has for them; `mended` takes each of them back. */
export type Breakages = Readonly<Record<string, () => Promise<void>>>;

/** A full disk lies here: where the page's berthd is told to keep pod logs. */
export const fullDisk = (runtime: Runtime): string => join(runtime.places.folder, "full");

export function breakagesOf(runtime: Runtime): Breakages {
  const { places } = runtime;
  const list = join(places.cniConfig, "10-pods.conflist");
  const full = fullDisk(runtime);
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
    "disk-full": async () => {
      await mkdir(full, { recursive: true });
      await runCommand("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", full]);
      await tryCommand("dd", ["if=/dev/zero", `of=${join(full, "filler")}`, "bs=1M", "count=40"]);
    },
    "disk-empty": async () => void (await runCommand("umount", [full])),
  };
}
