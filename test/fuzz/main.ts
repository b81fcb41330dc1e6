// MINUTES=5 node test/fuzz/main.ts: plays the fuzz tests again and again, each round from a seed of its own, which it prints.
// BERTH_SEED=7 repeats the round of that seed.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { seeded } from "../kit/seeded.ts";

const ROOMS = ["test/fuzz", "test/manifest/properties.test.ts"];
/** Times as many inputs as in `make test`. */
const TIMES = 10;
/** A round that takes longer hangs. */
const LONGEST_ROUND_MS = 20 * 60_000;

const checkout = join(import.meta.dirname, "../..");
const minutes = Number(process.env.MINUTES || 5);
const repeated = process.env.BERTH_SEED === undefined ? undefined : Number(process.env.BERTH_SEED);
const chance = seeded(repeated);
const end = performance.now() + minutes * 60_000;
const broken: number[] = [];
let rounds = 0;
do {
  const seed = repeated ?? chance.below(2 ** 31);
  rounds += 1;
  const began = performance.now();
  console.log(`round ${rounds}: BERTH_SEED=${seed}`);
  const { status } = spawnSync(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", ...ROOMS, "--reporter=dot", `--testTimeout=${LONGEST_ROUND_MS}`],
    {
      cwd: checkout,
      stdio: "inherit",
      timeout: LONGEST_ROUND_MS,
      env: { ...process.env, BERTH_SEED: String(seed), BERTH_FUZZ: process.env.BERTH_FUZZ ?? String(TIMES) },
    },
  );
  if (status !== 0) broken.push(seed);
  const took = Math.round((performance.now() - began) / 1000);
  console.log(`round ${rounds}: BERTH_SEED=${seed} ${status === 0 ? "held" : "is broken"}, ${took} s`);
} while (repeated === undefined && performance.now() < end);
console.log(`${rounds} rounds, ${broken.length} broken${broken.map((seed) => ` BERTH_SEED=${seed}`).join()}`);
process.exitCode = broken.length > 0 ? 1 : 0;
