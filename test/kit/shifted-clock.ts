// Is loaded before berthd (NODE_OPTIONS=--import) and shows it a wall clock that is ahead by as many milliseconds as the file
// BERTH_TEST_CLOCK says at the moment. Time that is counted from an arbitrary start is left alone, as by a host's clock that is set.
import { readFileSync } from "node:fs";

const file = process.env.BERTH_TEST_CLOCK ?? "";
const RealDate = Date;
let aheadMs = 0;

function look(): void {
  aheadMs = Number(readFileSync(file, "utf8"));
}

look();
setInterval(look, 100).unref();
const now = (): number => RealDate.now() + aheadMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (real, args) => Reflect.construct(real, args.length === 0 ? [now()] : args),
  get: (real, name) => (name === "now" ? now : Reflect.get(real, name)),
});
