import type { Ran } from "./ran.ts";

/** The run in a few lines: how much was played, how often each kind of trouble came, what was found. */
export function summaryOf(all: readonly Ran[], tookMs: number): readonly string[] {
  const sum = (of: (ran: Ran) => number): number => all.reduce((total, ran) => total + of(ran), 0);
  const whole = (number: number): string => Math.round(number).toLocaleString("en");
  const broken = all.filter((ran) => ran.broken !== undefined);
  return [
    `${all.length} seeds, ${whole(sum(({ hours }) => hours))} hours of hosts, ${whole(sum(({ podHours }) => podHours))} pod-hours, ${whole(sum(({ wakes }) => wakes))} steps in ${whole(tookMs / 1000)} s`,
    ...rowsOf(kindsOf(all), all.length),
    broken.length === 0 ? "no invariant was broken" : `${broken.length} seeds broke an invariant:`,
    ...broken
      .slice(0, 20)
      .map(({ seed, broken: found }) => `  seed ${seed}: ${found?.number} ${found?.name}: ${found?.what}`),
  ];
}

/** In how many seeds each kind of trouble came, and how often in all. */
export type Kinds = ReadonlyMap<string, { readonly seeds: number; readonly times: number }>;

export function kindsOf(all: readonly Ran[]): Kinds {
  const kinds = new Map<string, { seeds: number; times: number }>();
  for (const { kinds: mine } of all) {
    for (const [kind, times] of Object.entries(mine)) {
      const known = kinds.get(kind) ?? { seeds: 0, times: 0 };
      kinds.set(kind, { seeds: known.seeds + 1, times: known.times + times });
    }
  }
  return kinds;
}

function rowsOf(kinds: Kinds, seeds: number): readonly string[] {
  return [...kinds]
    .sort(([, one], [, other]) => other.times - one.times)
    .map(
      ([kind, { seeds: met, times }]) =>
        `  ${kind.padEnd(34)} ${String(times).padStart(8)} in ${((100 * met) / seeds).toFixed(1)} % of the seeds`,
    );
}
