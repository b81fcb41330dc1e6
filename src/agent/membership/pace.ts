import type { Clock } from "../../base/clock.ts";

/** How often something may be asked of a server: so often in a second, and so many at once. */
export type Rate = { readonly perSecond: number; readonly burst: number };

/** A bucket of turns that fills with time. */
export type Pace = {
  /** How long until there is a turn; 0: now. */
  waitMs(): number;
  spend(): void;
  /** From now on so much slower, and no burst, until it has recovered. */
  recover(part: number): void;
  recovered(): void;
};

/** A full bucket. A rate of 0 in a second is no bound. */
export function makePace({ perSecond, burst }: Rate, clock: Clock): Pace {
  let left = burst;
  let filledMonoMs = clock.now().monoMs;
  let slowness = 1;

  const fill = (): number => {
    const { monoMs } = clock.now();
    const most = slowness === 1 ? Math.max(burst, 1) : 1;
    left = Math.min(most, left + ((monoMs - filledMonoMs) / 1000) * perSecond * slowness);
    filledMonoMs = monoMs;
    return left;
  };
  return {
    waitMs() {
      if (perSecond === 0) return 0;
      const missing = 1 - fill();
      return missing <= 0 ? 0 : Math.ceil((missing * 1000) / (perSecond * slowness));
    },
    spend() {
      fill();
      left -= 1;
    },
    recover(part) {
      fill();
      left = Math.min(left, 0);
      slowness = part;
    },
    recovered() {
      fill();
      slowness = 1;
    },
  };
}
