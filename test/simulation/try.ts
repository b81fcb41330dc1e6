Error.stackTraceLimit = process.argv[2] === "run" ? 0 : 10;

import { writeFileSync } from "node:fs";
import { outsideReactions } from "./engine/drain.ts";
import { writeScript } from "./script/write.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";

const [mode = "", from = "1", to = "50"] = process.argv.slice(2);
const hidden = /call {3}(Status|List)/;
process.on("unhandledRejection", (error) => console.log("UNHANDLED", error));
if (mode === "read") {
  const result = await outsideReactions(() => simulate(writeScript(Number(from)), { read: true }));
  console.log(
    result.lines
      .filter((line) => !hidden.test(line))
      .slice(-Number(to))
      .join("\n"),
  );
} else if (mode === "shrink") {
  const script = writeScript(Number(from));
  const broken = await outsideReactions(() => simulate(script).broken);
  const small = await outsideReactions(() =>
    shrink(script, (smaller) => {
      const other = simulate(smaller).broken;
      return (
        other?.number === broken?.number &&
        other?.what.replace(/[0-9a-f]{8,}|\d+/g, "") === broken?.what.replace(/[0-9a-f]{8,}|\d+/g, "")
      );
    }),
  );
  const result = await outsideReactions(() => simulate(small, { read: true }));
  console.log(
    result.lines
      .filter((line) => !hidden.test(line))
      .slice(-70)
      .join("\n"),
  );
  writeFileSync(`/tmp/p/small-${from}.json`, JSON.stringify(small));
} else {
  const began = performance.now();
  const kinds = new Map<string, number[]>();
  let wakes = 0;
  for (let seed = Number(from); seed <= Number(to); seed += 1) {
    const result = await outsideReactions(() => simulate(writeScript(seed)));
    await new Promise((resolve) => setImmediate(resolve));
    wakes += result.wakes;
    if (result.broken) {
      const key = `${result.broken.number} ${result.broken.what
        .replace(/[0-9a-f]{8,}/g, "#")
        .replace(/\d+/g, "N")
        .slice(0, 200)}`;
      kinds.set(key, [...(kinds.get(key) ?? []), seed]);
    }
  }
  const ms = performance.now() - began;
  console.log(
    `${(ms / (Number(to) - Number(from) + 1)).toFixed(1)} ms a seed, ${wakes} wakes, cpu ${process.cpuUsage().user / 1000}`,
  );
  for (const [key, seeds] of [...kinds].sort((a, b) => b[1].length - a[1].length))
    console.log(seeds.length, key, "seeds", seeds.slice(0, 6).join(" "));
}
