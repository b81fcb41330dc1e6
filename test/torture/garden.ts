import type * as v1 from "../../src/pod/v1.ts";
import type { ManifestFolder } from "../kit/manifest-folder.ts";
import type { Seeded } from "../kit/seeded.ts";
import { KINDS, type Kind, type KindName } from "./kinds.ts";

/** A pod that the directory asks for. */
export type Plant = {
  readonly name: string;
  readonly kind: Kind;
  readonly variant: number;
  /** Something was done to it, or its kind ends or restarts by itself: its containers may be others than before. */
  readonly hurt: boolean;
};

/** The pods that are wanted at the moment, and the files that say so. */
export type Garden = {
  readonly plants: ReadonlyMap<string, Plant>;
  /** How many pods were ever asked for. */
  readonly planted: number;
  plant(kind: KindName): Promise<string>;
  /** One change at random: a pod comes, changes or goes. */
  change(): Promise<void>;
  /** Puts a pod of another make into the directory, or takes it out of it. */
  put(manifest: v1.Pod, kind: Kind): Promise<void>;
  pull(name: string): Promise<void>;
  hurt(name: string): void;
  /** A new round: nobody was hurt. */
  heal(): void;
};

const NAMES = Object.keys(KINDS) as KindName[];
const FEWEST = 6;
const MOST = 12;

/** Nothing is planted. */
export function makeGarden(folder: ManifestFolder, chance: Seeded): Garden {
  const plants = new Map<string, Plant>();
  let planted = 0;
  const file = (name: string): string => `${name}.json`;

  async function write(name: string, kind: Kind, variant: number): Promise<void> {
    plants.set(name, { name, kind, variant, hurt: true });
    await folder.drop(file(name), kind.manifest(name, variant));
  }
  async function plant(kind: KindName): Promise<string> {
    planted += 1;
    const name = `${kind}-${planted}`;
    await write(name, KINDS[kind], 0);
    return name;
  }
  async function pull(name: string): Promise<void> {
    plants.delete(name);
    await folder.remove(file(name));
  }

  return {
    plants,
    get planted() {
      return planted;
    },
    plant,
    pull,
    async change() {
      const names = [...plants.keys()].filter((name) => KINDS[name.split("-")[0] as KindName] !== undefined);
      const what = names.length <= FEWEST ? 0 : names.length >= MOST ? 1 : chance.below(3);
      const picked = what === 0 ? undefined : plants.get(chance.pick(names));
      if (picked === undefined) await plant(chance.pick(NAMES));
      else if (what === 1 || picked.kind.ends === true) await pull(picked.name);
      else await write(picked.name, picked.kind, picked.variant + 1);
    },
    async put(manifest, kind) {
      planted += 1;
      const name = manifest.metadata?.name ?? "";
      plants.set(name, { name, kind, variant: 0, hurt: true });
      await folder.drop(file(name), manifest);
    },
    hurt(name) {
      const found = plants.get(name);
      if (found !== undefined) plants.set(name, { ...found, hurt: true });
    },
    heal() {
      for (const plant of plants.values()) plants.set(plant.name, { ...plant, hurt: false });
    },
  };
}
