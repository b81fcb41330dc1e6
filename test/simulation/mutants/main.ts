// SEEDS=60 FROM=0 node test/simulation/mutants/main.ts [words, each of a name]: how many seeds each deliberate fault needs to be found.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Ran } from "../runs/ran.ts";
import { watchStuck } from "../runs/stuck.ts";
import { MUTANTS, type Mutant } from "./mutants.ts";

const ROOT = join(import.meta.dirname, "../../..");
const WORK = join(ROOT, ".work/mutants");
const most = Number(process.env.SEEDS || 60);
/** Place in the list of the first mutant. */
const from = Number(process.env.FROM || 0);
const words = process.argv.slice(2);

/** Of computing. */
const LONGEST_SEED_SECONDS = 45;

type Found = { readonly seeds: number; readonly what: string } | undefined;

const waiting = MUTANTS.slice(from)
  .filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
  .entries();
const rows = new Map<number, string>();
await Promise.all([1, 2].map(async () => takeTurns()));
const survivors = [...rows.values()].filter((row) => row.includes("| survives |")).length;
console.log(
  [...rows]
    .sort(([one], [other]) => one - other)
    .map(([, row]) => row)
    .join("\n"),
);
console.log(`${rows.size} mutants, ${survivors} survive ${most} seeds`);

async function takeTurns(): Promise<void> {
  for (const [place, mutant] of waiting) {
    const found = await hunt(mutant, join(WORK, String(place)));
    const row = `| ${mutant.name} | ${mutant.file.replace("src/", "")} | ${found?.seeds ?? "survives"} | ${found?.what ?? ""} |`;
    rows.set(place, row);
    console.error(row);
  }
}

/** Plays seeds on a copy of the sources with the fault in it until an invariant breaks. */
async function hunt({ file, from, to }: Mutant, folder: string): Promise<Found> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ["src", "test/kit", "test/simulation", "package.json"])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  const worker = join(folder, "test/simulation/runs/worker.ts");
  const child = spawn(process.execPath, [worker, "1", String(most), "1"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "close");
  let found: Found;
  let seeds = 0;
  const watch = watchStuck(child.pid ?? 0, LONGEST_SEED_SECONDS, () => {
    found = { seeds: seeds + 1, what: "it goes round in circles and never ends" };
    child.kill("SIGKILL");
  });
  for await (const line of createInterface({ input: child.stdout })) {
    watch.moved();
    const { seed, broken } = JSON.parse(line) as Ran;
    seeds = seed;
    if (broken === undefined) continue;
    found = { seeds: seed, what: `${broken.number} ${broken.name}` };
    break;
  }
  watch.stop();
  child.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true });
  return found;
}
