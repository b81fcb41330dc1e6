/** Run as a program of its own: puts a directory and a link in one another's place until it is killed. */
import { renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";

const [place = "", aside = "", target = ""] = process.argv.slice(2);
const cell = new Int32Array(new SharedArrayBuffer(4));
const rest = (round: number): void => void Atomics.wait(cell, 0, 0, round % 3);

/** In the moment between two steps whoever mounts may have made the missing directory: it gives way. */
function put(step: () => void): void {
  for (;;) {
    try {
      step();
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && /^(EEXIST|ENOTEMPTY|EISDIR)$/.test(String(error.code))))
        throw error;
      rmSync(place, { recursive: true, force: true });
    }
  }
}

console.log("swapping");
for (let round = 0; ; round += 1) {
  renameSync(place, aside);
  put(() => symlinkSync(target, place));
  rest(round);
  unlinkSync(place);
  put(() => renameSync(aside, place));
  rest(round + 1);
}
