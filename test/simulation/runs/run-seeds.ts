import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Ran } from "./ran.ts";

const WORKER = join(import.meta.dirname, "worker.ts");
/** Much garbage lives for one wake only. */
const FLAGS = ["--max-semi-space-size=64"];

/** Plays the seeds from `first` on in so many processes; `onRan` is told of each as it ends. */
export async function runSeeds(
  { first, count, processes = 2, worker = WORKER }: SeedRange,
  onRan: (ran: Ran) => void = () => {},
): Promise<readonly Ran[]> {
  const all: Ran[] = [];
  const take = (line: string): void => {
    const ran = JSON.parse(line) as Ran;
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

/** A seed that takes longer goes round in circles at one moment. */
const LONGEST_SEED_MS = 120_000;

async function play(worker: string, numbers: readonly number[], take: (line: string) => void): Promise<void> {
  const child = spawn(process.execPath, [...FLAGS, worker, ...numbers.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  let watch = setTimeout(() => child.kill("SIGKILL"), LONGEST_SEED_MS);
  let seeds = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(watch);
    watch = setTimeout(() => child.kill("SIGKILL"), LONGEST_SEED_MS);
    seeds += 1;
    take(line);
  }
  clearTimeout(watch);
  const [code, signal] = await ended;
  const [first = 0, , stride = 1] = numbers;
  if (code !== 0) throw new Error(`seed ${first + seeds * stride} did not come to an end: ${code ?? signal}`);
}
