import { seededChance } from "../../kit/clock.ts";

/** Chance as a script's writer needs it; one seed decides all its throws. */
export type Dice = {
  /** True in this share of throws. */
  chance(share: number): boolean;
  /** A whole number from `low` to `high`. */
  whole(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
  /** A whole number between the two, small ones as likely as large ones. */
  spread(low: number, high: number): number;
};

/** Dice of a seed. */
export function diceOf(seed: number): Dice {
  const { fraction } = seededChance(seed);
  const whole = (low: number, high: number): number => low + Math.floor(fraction() * (high - low + 1));
  return {
    chance: (share) => fraction() < share,
    whole,
    pick<T>(from: readonly T[]): T {
      return from[whole(0, from.length - 1)] as T;
    },
    spread: (low, high) => Math.round(low * (high / low) ** fraction()),
  };
}
