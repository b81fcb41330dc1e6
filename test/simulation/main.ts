// SEEDS=20000 FROM=1 node test/simulation/main.ts: plays that many seeds on two processes and tells what came of it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ENOUGH_SEEDS, rareKinds } from "./runs/kinds.ts";
import { runSeeds } from "./runs/run-seeds.ts";
import { summaryOf } from "./runs/summary.ts";

const STORIES = 3;
const TELL_EVERY_MS = 30_000;

const count = Number(process.env.SEEDS || 1000);
const first = Number(process.env.FROM || 1);
const began = performance.now();
let told = began;
let done = 0;
let found = 0;
const all = await runSeeds({ first, count }, ({ seed, broken }) => {
  done += 1;
  if (broken !== undefined) {
    found += 1;
    console.log(`seed ${seed}: ${broken.number} ${broken.name}: ${broken.what}`);
  }
  if (performance.now() - told < TELL_EVERY_MS) return;
  told = performance.now();
  console.log(`${done} of ${count} seeds, ${found} broken, ${Math.round((told - began) / 1000)} s`);
});
console.log(summaryOf(all, performance.now() - began).join("\n"));
const broken = all.filter((ran) => ran.broken !== undefined);
for (const { seed } of broken.slice(0, STORIES)) {
  spawnSync(process.execPath, [join(import.meta.dirname, "runs/story.ts"), String(seed)], { stdio: "inherit" });
}
const tooRare = all.length >= ENOUGH_SEEDS && rareKinds(all).length > 0;
process.exitCode = broken.length > 0 || tooRare ? 1 : 0;
