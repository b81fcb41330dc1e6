/** Chance that a seed decides, so that a run can be repeated. */
export type Seeded = {
  readonly seed: number;
  /** Uniform in [0, 1). */
  fraction(): number;
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
};

/** The seed is BERTH_SEED or by chance; whoever uses it prints it. */
export function seeded(seed = Number(process.env.BERTH_SEED ?? Math.floor(Math.random() * 2 ** 31))): Seeded {
  let state = seed >>> 0;
  const fraction = (): number => {
    // A counter through a mixing function: every seed gives another sequence, and none a short one.
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return {
    seed,
    fraction,
    below,
    pick<T>(from: readonly T[]): T {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new Error("nothing to pick from");
      return picked;
    },
  };
}
