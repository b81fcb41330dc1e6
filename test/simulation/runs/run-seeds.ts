import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Ran } from "./ran.ts";
import { watchStuck } from "./stuck.ts";

const WORKER = join(import.meta.dirname, "worker.ts");
/** Much garbage lives for one wake only. */
const FLAGS = ["--max-semi-space-size=64"];

/** Plays the seeds from `first` on in so many processes; `onRan` is told of each as it ends. */
export async function runSeeds(
  { first, count, processes = 2, worker = WORKER }: SeedRange,
  onRan: (ran: Ran) => void = () => {},
): Promise<readonly Ran[]> {
  const all: Ran[] = [];
  const take = (ran: Ran): void => {
    all.push(ran);
    onRan(ran);
  };
  const last = first + count - 1;
  await Promise.all(
    Array.from({ length: Math.min(processes, count) }, (_, place) =>
      play(worker, [first + place, last, processes], take),
    ),
  );
  return all.sort((one, other) => one.seed - other.seed);
}

export type SeedRange = {
  readonly first: number;
  readonly count: number;
  readonly processes?: number;
  readonly worker?: string;
};

/** Agents that are killed leave signals that Node.js keeps for ever: after so many seeds a fresh process is faster. */
const SEEDS_OF_A_PROCESS = 1000;
/** A seed that computes for longer goes round in circles at one moment. */
const LONGEST_SEED_SECONDS = 120;

type Take = (ran: Ran) => void;

/** A process that has played enough, or was killed in a seed without an end, is followed by another one for the rest. */
async function play(
  worker: string,
  [first, last, stride]: readonly [number, number, number],
  take: Take,
): Promise<void> {
  let next = first;
  while (next <= last) {
    const until = Math.min(last, next + (SEEDS_OF_A_PROCESS - 1) * stride);
    next = await playOn(worker, next, until, stride, take);
  }
}

/** Answers the next seed that is to be played. */
async function playOn(worker: string, first: number, last: number, stride: number, take: Take): Promise<number> {
  const child = spawn(process.execPath, [...FLAGS, worker, ...[first, last, stride].map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  let isStuck = false;
  const watch = watchStuck(child.pid ?? 0, LONGEST_SEED_SECONDS, () => {
    isStuck = true;
    child.kill("SIGKILL");
  });
  let seed = first;
  for await (const line of createInterface({ input: child.stdout })) {
    watch.moved();
    seed += stride;
    take(JSON.parse(line) as Ran);
  }
  watch.stop();
  const [code, signal] = await ended;
  if (code === 0) return seed;
  if (!isStuck) throw new Error(`seed ${seed} did not come to an end: ${code ?? signal}`);
  take(withoutEnd(seed));
  return seed + stride;
}

const withoutEnd = (seed: number): Ran => ({
  seed,
  hash: "",
  wakes: 0,
  hours: 0,
  podHours: 0,
  kinds: {},
  broken: {
    number: 0,
    name: "a seed comes to an end",
    what: `not within ${LONGEST_SEED_SECONDS} s of computing`,
    atMs: 0,
  },
});
