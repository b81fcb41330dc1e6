import { chmod, stat } from "node:fs/promises";
import { release } from "node:os";
import { dirname } from "node:path";
import { makeDirs, makeFile } from "./exact.ts";
import { ifThere } from "./failure.ts";
import { readMountTable } from "./mount-table.ts";
import type { Mounts } from "./mounts.ts";

/** What an emptyDir, or the directory under a content volume, lies on. */
export type Medium =
  | { readonly kind: "disk" }
  | { readonly kind: "memory"; readonly bytes: number | undefined }
  /** `2Mi`, as in the resource's name. */
  | { readonly kind: "hugePages"; readonly pageSize: string };

export type EmptyDirRequest = { readonly directory: string; readonly marker: string; readonly medium: Medium };

/**
 * Makes a volume's directory stand on its medium (cri-mapping 5.2). Says whether it was set up now: one that stood
 * already is left as the containers made it.
 */
export async function setUpEmptyDir(request: EmptyDirRequest, mounts: Mounts, signal: AbortSignal): Promise<boolean> {
  const { directory, marker, medium } = request;
  const ready = (await ifThere(stat(marker))) !== undefined;
  const mounted = medium.kind !== "disk" && (await isMounted(directory));
  // After a boot of the host the marker still stands but the memory behind the directory is gone.
  if (ready && (mounted || medium.kind === "disk")) return false;

  await makeDirs(dirname(directory), 0o750);
  await makeDirs(directory, 0o777);
  if (medium.kind === "disk") await chmod(directory, 0o777);
  else if (!mounted) await mounts.mount({ ...mountOf(medium), target: directory }, signal);

  await makeDirs(dirname(marker), 0o750);
  await makeFile(marker, 0o640);
  return true;
}

async function isMounted(directory: string): Promise<boolean> {
  return (await readMountTable()).some(({ path }) => path === directory);
}

type MountKind = { fileSystem: "tmpfs" | "hugetlbfs"; source: string; options: readonly string[] };

function mountOf(medium: Exclude<Medium, { kind: "disk" }>): MountKind {
  if (medium.kind === "hugePages") {
    // The kernel knows K, M and G, all binary.
    return { fileSystem: "hugetlbfs", source: "nodev", options: [`pagesize=${medium.pageSize.replace(/i$/, "")}`] };
  }
  const size = medium.bytes === undefined ? [] : [`size=${medium.bytes}`];
  return { fileSystem: "tmpfs", source: "tmpfs", options: [...size, ...(canForbidSwap() ? ["noswap"] : [])] };
}

/** tmpfs knows `noswap` since Linux 6.4. */
function canForbidSwap(): boolean {
  const [major = 0, minor = 0] = release().split(".", 2).map(Number);
  return major > 6 || (major === 6 && minor >= 4);
}
