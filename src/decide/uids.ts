import { podKey } from "../pod/desired.ts";
import type { AcceptedPod } from "../pod/source.ts";

/** A pod that wants a UID; `path` is that of its manifest. */
type Wanting<T extends AcceptedPod> = { readonly path: string; readonly asks: T };

/** The pods with a UID each, and those whose manifest gives one that another pod has. */
export type UidSettlement<T extends AcceptedPod> = {
  readonly accepted: readonly (T | AcceptedPod)[];
  readonly losers: readonly { readonly wanting: Wanting<T>; readonly holder: Wanting<T> }[];
};

/**
 * Gives each UID to one pod: a manifest may name its own (1.2), and two pods of one UID would be taken for each other. Who had
 * it keeps it, else the first has it; a pod that comes to want another's UID goes on in its last good form (D1).
 */
export function settleUids<T extends AcceptedPod>(
  before: readonly AcceptedPod[],
  pods: readonly Wanting<T>[],
): UidSettlement<T> {
  const last = new Map(before.map((accepted) => [podKey(accepted.pod), accepted]));
  const lastOf = ({ asks }: Wanting<T>): AcceptedPod | undefined => last.get(podKey(asks.pod));
  const hadIt = (one: Wanting<T>): boolean => lastOf(one)?.pod.uid === one.asks.pod.uid;
  const holders = new Map<string, Wanting<T>>();
  for (const one of [...pods.filter(hadIt), ...pods]) {
    if (!holders.has(one.asks.pod.uid)) holders.set(one.asks.pod.uid, one);
  }
  const losers: { wanting: Wanting<T>; holder: Wanting<T> }[] = [];
  const accepted = pods.flatMap((wanting): (T | AcceptedPod)[] => {
    const holder = holders.get(wanting.asks.pod.uid);
    if (holder === undefined || holder === wanting) return [wanting.asks];
    losers.push({ wanting, holder });
    const kept = lastOf(wanting);
    return kept === undefined || holders.has(kept.pod.uid) ? [] : [kept];
  });
  return { accepted, losers };
}
