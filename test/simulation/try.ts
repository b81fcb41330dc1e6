import { outsideReactions } from "./engine/drain.ts";
import { simulate } from "./simulate.ts";
import { writeScript } from "./script/write.ts";

const [from = "1", to = "50", read] = process.argv.slice(2);
const began = performance.now();
const kinds = new Map<string, number[]>();
let wakes = 0;
process.on("unhandledRejection", (error) => console.log("UNHANDLED", current, error));
let current = 0;
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  current = seed;
  const result = await outsideReactions(() => simulate(writeScript(seed), { read: read !== undefined }));
  await new Promise((resolve) => setImmediate(resolve));
  wakes += result.wakes;
  if (read) console.log(result.lines.filter((line) => !/call   (Status|List)/.test(line)).slice(-Number(read)).join("\n"));
  if (result.broken) {
    const key = `${result.broken.number} ${result.broken.what.replace(/[0-9a-f]{8,}/g, "#").replace(/\d+/g, "N").slice(0, 150)}`;
    kinds.set(key, [...(kinds.get(key) ?? []), seed]);
  }
}
const ms = performance.now() - began;
console.log(`${(ms / (Number(to) - Number(from) + 1)).toFixed(1)} ms a seed, ${wakes} wakes`);
for (const [key, seeds] of [...kinds].sort((a, b) => b[1].length - a[1].length)) console.log(seeds.length, key, "seeds", seeds.slice(0, 6).join(" "));
