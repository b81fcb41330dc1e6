// One process of many seeds: node worker.ts <first> <last> <stride>; one line of JSON for each seed.
import { outsideReactions } from "../engine/drain.ts";
import { lastReached, setTraps, trapped } from "../engine/trap.ts";
import { writeScript } from "../script/write.ts";
import { simulate } from "../simulate.ts";
import type { Ran } from "./ran.ts";

const [first = 1, last = 1, stride = 1] = process.argv.slice(2).map(Number);

// Traces of errors cost more than anything else, and nobody reads them here.
Error.stackTraceLimit = 0;
setTraps();
let unhandled: string | undefined;
process.on("unhandledRejection", (error) => {
  unhandled = `a rejection that nobody handled: ${String(error)}`;
});

for (let seed = first; seed <= last; seed += stride) {
  const script = writeScript(seed);
  const result = await outsideReactions(() => trapped(() => simulate(script)));
  const trap = lastReached();
  // Rejections are told when the loop goes round.
  await new Promise((resolve) => setImmediate(resolve));
  const broken = result.broken ?? own(trap === undefined ? unhandled : `${trap} was reached`, result.atMs);
  unhandled = undefined;
  const ran: Ran = {
    seed,
    hash: result.hash,
    wakes: result.wakes,
    podHours: result.podHours,
    hours: result.atMs / 3_600_000,
    kinds: Object.fromEntries(kindsOf(script.steps, result.struck)),
    ...(broken === undefined ? {} : { broken }),
  };
  console.log(JSON.stringify(ran));
}

function own(what: string | undefined, atMs: number): Ran["broken"] {
  return what === undefined ? undefined : { number: 0, name: "a simulation stays in its own world", what, atMs };
}

/** How often each kind of trouble came: steps that were taken, and what struck calls and events. */
function kindsOf(steps: readonly { readonly do: string }[], struck: ReadonlyMap<string, number>): Map<string, number> {
  const kinds = new Map<string, number>();
  const count = (kind: string, times: number): void => void kinds.set(kind, (kinds.get(kind) ?? 0) + times);
  for (const step of steps) if (step.do !== "fault" && step.do !== "event-fault") count(step.do, 1);
  for (const [kind, times] of struck) count(`call or event ${kind}`, times);
  return kinds;
}
