import type { Ran } from "./ran.ts";

/** Every kind of trouble; each has to come in at least this share of the seeds. */
export const LEAST_SHARE = 0.01;
/** Fewer seeds say nothing of shares. */
export const ENOUGH_SEEDS = 1000;

/** Steps of a script that are trouble, and what strikes calls and events. */
export const KINDS: readonly string[] = [
  "put",
  "spoil",
  "remove",
  "directory",
  "exit",
  "hook",
  "probe",
  "ask-restart",
  "runtime-restart",
  "runtime-hang",
  "runtime-unready",
  "network-down",
  "lose-sandbox",
  "forget",
  "registry",
  "kill",
  "upgrade",
  "reboot",
  "disk-full",
  "tear-record",
  "clock-jump",
  "sink-fails",
  "call or event slow",
  "call or event answers late",
  "call or event times out before",
  "call or event times out after",
  "call or event answer lost",
  "call or event lost",
  "call or event doubled",
  "call or event late",
  "call or event fails RuntimeUnavailable",
  "call or event fails RuntimeRefused",
  "call or event fails RuntimeExhausted",
  "call or event fails RuntimeNotFound",
  "call or event fails RuntimeNameReserved",
];

/** In how many seeds each kind of trouble came, and how often in all. */
export type Kinds = ReadonlyMap<string, { readonly seeds: number; readonly times: number }>;

/** All kinds of these seeds. */
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

/** Kinds that came too rarely to say that they were played. */
export function rareKinds(all: readonly Ran[]): readonly string[] {
  const kinds = kindsOf(all);
  return KINDS.filter((kind) => (kinds.get(kind)?.seeds ?? 0) < all.length * LEAST_SHARE);
}
