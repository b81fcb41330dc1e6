/** Run as a program of its own: puts a directory and a link in one another's place until it is killed. */
import { renameSync, symlinkSync, unlinkSync } from "node:fs";

const [place = "", aside = "", target = ""] = process.argv.slice(2);
const cell = new Int32Array(new SharedArrayBuffer(4));
const rest = (round: number): void => void Atomics.wait(cell, 0, 0, round % 3);

console.log("swapping");
for (let round = 0; ; round += 1) {
  renameSync(place, aside);
  symlinkSync(target, place);
  rest(round);
  unlinkSync(place);
  renameSync(aside, place);
  rest(round + 1);
}
