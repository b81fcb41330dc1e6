import { ENOUGH_SEEDS, type Kinds, kindsOf, rareKinds } from "./kinds.ts";
import type { Ran } from "./ran.ts";

/** The run in a few lines: how much was played, how often each kind of trouble came, what was found. */
export function summaryOf(all: readonly Ran[], tookMs: number): readonly string[] {
  const sum = (of: (ran: Ran) => number): number => all.reduce((total, ran) => total + of(ran), 0);
  const whole = (number: number): string => Math.round(number).toLocaleString("en");
  const broken = all.filter((ran) => ran.broken !== undefined);
  return [
    `${all.length} seeds, ${whole(sum(({ hours }) => hours))} hours of hosts, ${whole(sum(({ podHours }) => podHours))} pod-hours, ${whole(sum(({ wakes }) => wakes))} steps in ${whole(tookMs / 1000)} s`,
    ...rowsOf(kindsOf(all), all.length),
    ...rareRow(all),
    broken.length === 0 ? "no invariant was broken" : `${broken.length} seeds broke an invariant:`,
    ...broken
      .slice(0, 20)
      .map(({ seed, broken: found }) => `  seed ${seed}: ${found?.number} ${found?.name}: ${found?.what}`),
  ];
}

function rareRow(all: readonly Ran[]): readonly string[] {
  if (all.length < ENOUGH_SEEDS) return [];
  const rare = rareKinds(all);
  return [
    rare.length === 0 ? "every kind of trouble came in 1 % of the seeds or more" : `too rare: ${rare.join(", ")}`,
  ];
}

function rowsOf(kinds: Kinds, seeds: number): readonly string[] {
  return [...kinds]
    .sort(([, one], [, other]) => other.times - one.times)
    .map(
      ([kind, { seeds: met, times }]) =>
        `  ${kind.padEnd(34)} ${String(times).padStart(8)} in ${((100 * met) / seeds).toFixed(1)} % of the seeds`,
    );
}
