import { mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { tryCommand } from "../run-command.ts";

/** The mount points of this mount namespace, in the order in which they were made. */
export async function listMounts(): Promise<string[]> {
  const text = await readFile("/proc/self/mountinfo", "utf8");
  return text.split("\n").flatMap((line) => {
    const point = line.split(" ")[4];
    return point
      ? [point.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))]
      : [];
  });
}

/** Unmounts all that is mounted at or below a folder, the last first. Throws when something stays. */
export async function unmountBelow(folder: string): Promise<void> {
  const real = await realpath(folder).catch(() => folder);
  const below = async () => (await listMounts()).filter((point) => point === real || point.startsWith(`${real}/`));
  for (const point of (await below()).reverse()) {
    const finished = await tryCommand("umount", [point]);
    if (finished.code !== 0) await tryCommand("umount", ["--lazy", point]);
  }
  const left = await below();
  if (left.length > 0) throw new Error(`still mounted: ${left.join(", ")}`);
}

/** overlayfs where the folder's file system can carry it (it cannot lie on another overlay), else plain copies. */
export async function chooseSnapshotter(folder: string): Promise<"overlayfs" | "native"> {
  const trial = await mkdtemp(join(folder, "overlay-"));
  const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) => join(trial, name));
  for (const path of [lower, upper, work, merged]) await mkdir(String(path));
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const mounted = await tryCommand("mount", ["-t", "overlay", "overlay", "-o", options, String(merged)]);
  if (mounted.code === 0) await tryCommand("umount", [String(merged)]);
  await rm(trial, { recursive: true, force: true });
  return mounted.code === 0 ? "overlayfs" : "native";
}
