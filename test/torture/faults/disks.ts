import type { SmallDisk } from "../disks.ts";
import type { Fault, Scene } from "../fault.ts";

const full =
  (diskOf: (scene: Scene) => SmallDisk): Fault["strike"] =>
  async (scene) => {
    const { garden, chance, pause } = scene;
    const disk = diskOf(scene);
    try {
      await disk.fill();
      await garden.change();
      await garden.change();
      await pause(2_000 + chance.below(4_000));
    } finally {
      await disk.free();
    }
  };

/** No block is left, while pods come, change and go. */
export const DISK_FAULTS: readonly Fault[] = [
  { name: "disk full: root directory", field: "disk", strike: full(({ stage }) => stage.disks.root) },
  { name: "disk full: logs", field: "disk", strike: full(({ stage }) => stage.disks.logs) },
];
