import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { compareTraces, noteTraces, type Traces } from "../../dev/leftovers.ts";
import { tryCommand } from "../../dev/run-command.ts";
import { placesOf } from "../../dev/runtime/places.ts";
import { eventually } from "../kit/eventually.ts";
import { settled } from "./check.ts";
import type { Scene } from "./fault.ts";
import { folderOf } from "./stage.ts";

/** Takes all pods out of the directory and waits until nothing of them is left, in the runtime and on disk. Throws what is. */
export async function clearGarden(scene: Scene): Promise<void> {
  const { stage, garden } = scene;
  for (const name of [...garden.plants.keys()]) await garden.pull(name);
  await settled(scene);
  const { root, podLogs, containerLogs } = stage.places;
  await eventually("no files of pods are left", async () => {
    for (const folder of [join(root, "pods"), podLogs, containerLogs]) {
      const left = await readdir(folder).catch(() => []);
      if (left.length > 0) throw new Error(`${folder} has ${left.join(", ")}`);
    }
  });
}

/** What the host has more than before, once everything is closed; what others do on it meanwhile is theirs. */
export async function leftovers(before: Traces, version: "2" | "distro"): Promise<string[]> {
  const folder = folderOf(version);
  const { key } = placesOf(folder);
  const others = (await readdir("/run/berth-dev").catch(() => [])).filter((name) => /^[0-9a-f]{8}$/.test(name));
  const look = async (): Promise<string[]> => {
    const lines = compareTraces(before, await noteTraces());
    const loops = (await tryCommand("losetup", ["--list", "--noheadings"])).stdout.split("\n");
    const ours = [...lines, ...loops].filter((line) => line.includes(key) || line.includes(folder));
    return others.length === 0 ? [...new Set([...lines, ...ours])] : ours;
  };
  // A dying process may hold something for a moment longer.
  return eventually("nothing is left", async () => {
    const left = await look();
    if (left.length > 0) throw new Error(left.join("\n"));
    return left;
  }).catch(look);
}
