import { messageOf } from "../../dev/say.ts";
import type { Seeded } from "../kit/seeded.ts";
import { changed, settled, standing } from "./check.ts";
import { Broken, type Fault, type Scene } from "./fault.ts";
import { FAULTS } from "./faults.ts";

/** What was done and what came of it, over a whole run. */
export type Record = {
  readonly struck: Map<string, number>;
  /** Strikes that found nothing to hit, with the reason. */
  readonly missed: string[];
  /** Promises that were broken, in words; an empty list is a good run. */
  readonly broken: string[];
  readonly recoveriesMs: number[];
  rounds: number;
  /** Rounds in which all looked as asked for before berthd or the runtime knew of the last change. */
  onlyLooked: number;
};

export const emptyRecord = (): Record => ({
  struck: new Map(FAULTS.map(({ name }) => [name, 0])),
  missed: [],
  broken: [],
  recoveriesMs: [],
  rounds: 0,
  onlyLooked: 0,
});

/**
 * Faults that fit together strike at the same time while manifests change; then everything is mended and looked at: the
 * runtime holds what is asked for, and nobody was restarted who was not hurt. Hands back a line for the person who watches.
 */
export async function playRound(scene: Scene, record: Record): Promise<string> {
  const { stage, garden, chance } = scene;
  garden.heal();
  const before = await standing(stage, garden);
  const faults = pickFaults(chance, record);
  const changes = chance.below(3);
  await Promise.all([...faults.map((fault) => strike(fault, scene, record)), changeSome(scene, changes)]);
  record.rounds += 1;
  const begin = performance.now();
  const what = faults.map(({ name }) => name).join(" + ");
  let tookMs = 0;
  try {
    const { sinceMs, onlyLooked } = await settled(scene);
    tookMs = sinceMs - begin;
    if (onlyLooked) record.onlyLooked += 1;
  } catch (thrown) {
    record.broken.push(`after ${what}: ${messageOf(thrown)}`);
    return `${what}: NOT SETTLED`;
  }
  record.recoveriesMs.push(tookMs);
  const restarted = changed(before, await standing(stage, garden), garden);
  record.broken.push(...restarted.map((line) => `after ${what}: restarted without a cause: ${line}`));
  return `${what}: settled after ${(tookMs / 1000).toFixed(1)} s, ${garden.plants.size} pods`;
}

async function strike(fault: Fault, scene: Scene, record: Record): Promise<void> {
  try {
    await fault.strike(scene);
    record.struck.set(fault.name, (record.struck.get(fault.name) ?? 0) + 1);
  } catch (thrown) {
    if (thrown instanceof Broken) record.broken.push(thrown.message);
    else record.missed.push(`${fault.name}: ${messageOf(thrown)}`);
  }
}

async function changeSome({ garden, chance, pause }: Scene, count: number): Promise<void> {
  for (let change = 0; change < count; change += 1) {
    await pause(chance.below(1_500));
    await garden.change();
  }
}

/** One to three faults of different fields; those that have struck least come first. */
function pickFaults(chance: Seeded, { struck }: Record): Fault[] {
  const drawn = FAULTS.map((fault) => ({ fault, rank: (struck.get(fault.name) ?? 0) + chance.fraction() * 1.5 }));
  const sorted = drawn.sort((a, b) => a.rank - b.rank).map(({ fault }) => fault);
  const wanted = chance.pick([1, 1, 2, 2, 3]);
  const picked: Fault[] = [];
  for (const fault of sorted) {
    if (picked.length < wanted && picked.every(({ field }) => field !== fault.field)) picked.push(fault);
  }
  return picked;
}
