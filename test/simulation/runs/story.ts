// What happened in a seed, made as small as it gets: node story.ts <seed> [file for the script]
import { writeFileSync } from "node:fs";
import { outsideReactions } from "../engine/drain.ts";
import { writeScript } from "../script/write.ts";
import { shrink } from "../shrink.ts";
import { type Broken, simulate } from "../simulate.ts";

const [seed = "1", file] = process.argv.slice(2);
const LINES = 60;
/** Questions fill every story and tell nothing. */
const DULL = /call {3}(Status|List)/;

Error.stackTraceLimit = 0;
const script = writeScript(Number(seed));
const broken = await outsideReactions(() => simulate(script).broken);
const small =
  broken === undefined
    ? script
    : await outsideReactions(() => shrink(script, (smaller) => isLike(simulate(smaller).broken, broken)));
const { lines } = await outsideReactions(() => simulate(small, { read: true }));
const told = lines.filter((line) => !DULL.test(line));
console.log(`seed ${seed}: ${script.steps.length} steps, ${small.steps.length} when shrunk`);
console.log(told.slice(-LINES).join("\n"));
if (file !== undefined) writeFileSync(file, `${JSON.stringify(small, null, 2)}\n`);

function isLike(one: Broken | undefined, other: Broken): boolean {
  return one?.number === other.number && plain(one.what) === plain(other.what);
}

function plain(what: string): string {
  return what.replace(/[0-9a-f]{8,}|\d+/g, "");
}
