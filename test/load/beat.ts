/** When something that should come at a beat came, in ms. */
export type Beat = {
  /** It came now. */
  note(atMs: number): void;
  /** How long after its due time each came that came since; the one that was earliest of all set the beat. */
  lateness(sinceMs: number): readonly number[];
};

/** A beat with this period. */
export function makeBeat(periodMs: number): Beat {
  const times: number[] = [];
  return {
    note: (atMs) => void times.push(atMs),
    lateness(sinceMs) {
      const counted = times.filter((atMs) => atMs >= sinceMs);
      const [first = 0] = counted;
      const offsets = counted.map((atMs) => atMs - first - Math.round((atMs - first) / periodMs) * periodMs);
      const earliest = Math.min(...offsets);
      return offsets.map((offset) => offset - earliest);
    },
  };
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
