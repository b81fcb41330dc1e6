import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Directory } from "../directory.ts";
import type { Fault } from "../fault.ts";
import { KINDS, plain } from "../kinds.ts";

const spoilt =
  (how: "unmount" | "becomeFile" | "becomeUnreadable"): Fault["strike"] =>
  async ({ stage, garden, chance, pause }) => {
    const directory: Directory = stage.directory;
    try {
      await directory[how]();
      await pause(2_000 + chance.below(5_000));
      // What changes meanwhile is seen when it is back.
      await garden.change();
    } finally {
      await directory.mend();
    }
  };

const CROWD = 2_000;
/** Of each hundred: so many are no YAML, so many are invalid; the rest asks for a node that this one is not. */
const BROKEN = 10;
const INVALID = 5;

function crowdFile(index: number): string {
  if (index % 100 < BROKEN) return `apiVersion: v1\nkind: Pod\n  metadata: [${index}\n`;
  const name = `crowd-${index}`;
  const manifest = plain(index % 100 < BROKEN + INVALID ? `Not_A_Name_${index}` : name);
  return JSON.stringify({ ...manifest, spec: { ...manifest.spec, nodeSelector: { nowhere: "here" } } });
}

/** The manifest directory is not what it should be, or more than it should be. */
export const DIRECTORY_FAULTS: readonly Fault[] = [
  { name: "manifest directory unmounted", field: "directory", strike: spoilt("unmount") },
  { name: "manifest directory became a file", field: "directory", strike: spoilt("becomeFile") },
  { name: "manifest directory unreadable", field: "directory", strike: spoilt("becomeUnreadable") },
  {
    name: `${CROWD} manifests at once`,
    field: "directory",
    async strike({ stage, garden, pause }) {
      const { path } = stage.directory.store;
      const beside = join(path, "../crowd");
      await rm(beside, { recursive: true, force: true });
      await mkdir(beside);
      const names = Array.from({ length: CROWD }, (_, index) => `crowd-${index}.yaml`);
      await Promise.all(names.map((name, index) => writeFile(join(beside, name), crowdFile(index))));
      try {
        for (const name of names) await rename(join(beside, name), join(path, name));
        await garden.plant("steady");
        await garden.change();
        await pause(8_000);
      } finally {
        for (const name of names) await rm(join(path, name), { force: true });
      }
    },
  },
  {
    name: "manifest flapping 10 times a second",
    field: "directory",
    async strike({ garden, pause, chance, stage }) {
      const name = `flap-${garden.planted}`;
      const { store } = stage.directory;
      await garden.put(KINDS.steady.manifest(name, 0), KINDS.steady);
      const comesAndGoes = chance.below(2) === 0;
      for (let times = 1; times <= 50; times += 1) {
        if (comesAndGoes && times % 2 === 1) await store.remove(`${name}.json`);
        else await store.drop(`${name}.json`, KINDS.steady.manifest(name, times % 2));
        await pause(100);
      }
    },
  },
];
