import type { MonoMs } from "../base/clock.ts";
import type { ObservedPod, Sighting } from "../pod/observed.ts";

/** What a pod's observation keeps beside itself so that lost, doubled or late news does no harm. */
export type Known = {
  readonly observed: ObservedPod;
  /** Moment at which each id was first known: absence counts only in a list begun after it. */
  readonly since: ReadonlyMap<string, MonoMs>;
  /** Ids that are gone: late news does not bring them back. Bounded by forgetting those that a later whole list confirms. */
  readonly gone: ReadonlyMap<string, MonoMs>;
};

/** The observation with this news in it. A container only moves created < running < unknown < exited < gone. */
export function join(known: Known, _news: Sighting, _monoMs: MonoMs): Known {
  return known;
}
