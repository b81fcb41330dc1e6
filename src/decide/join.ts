import type { MonoMs } from "../base/clock.ts";
import type { ObservedContainer, ObservedPod, Sighting } from "../pod/observed.ts";
import { nothingObserved } from "../pod/observed.ts";
import { mergeContainers, mergeSandboxes } from "./merge.ts";

/** What a pod's observation keeps beside itself so that lost, doubled or late news does no harm. */
export type Known = {
  readonly observed: ObservedPod;
  /** Moment at which each id was first known: absence counts only in a list begun after it. */
  readonly since: ReadonlyMap<string, MonoMs>;
  /** Ids that are gone: late news does not bring them back. At most MOST_GONE of them. */
  readonly gone: ReadonlyMap<string, Gone>;
  /** When the newest whole list began; absent before the first. */
  readonly listedMonoMs: MonoMs | undefined;
};

/** How an id went: told as gone, or only missing in a whole list, which a later whole list may take back. */
export type Gone = { readonly atMonoMs: MonoMs; readonly told: boolean };

/** Nothing known, no list read. */
export const nothingKnown: Known = {
  observed: nothingObserved,
  since: new Map(),
  gone: new Map(),
  listedMonoMs: undefined,
};

/** Gone sandboxes and containers of a pod that late news must not bring back. @limit The oldest is forgotten. */
const MOST_GONE = 64;
/** A gone id is forgotten once a whole list that began so much later did not show it. */
const LATEST_NEWS_MS = 180_000;

/**
 * The observation with this news in it. A container only moves created < running < unknown < exited < gone, a sandbox
 * ready < not ready < gone; of two accounts of one state the detailed one counts. The same observation, not a copy, is handed
 * back when nothing changed.
 */
export function join(known: Known, told: Sighting, monoMs: MonoMs): Known {
  const news = isOutdated(known, told) ? onlyKnown(known, told) : told;
  const gone = nowGone(known, news, monoMs);
  const sandboxes = joined(known.observed.sandboxes, news.sandboxes, gone, mergeSandboxes);
  const containers = joined(known.observed.containers, news.containers, gone, mergeContainers);
  const listed = known.observed.listed || news.whole !== undefined;
  const { observed } = known;
  const same = sandboxes === observed.sandboxes && containers === observed.containers && listed === observed.listed;
  return {
    observed: same ? observed : { sandboxes, containers, listed },
    since: sinceWhen(known.since, [...sandboxes, ...containers], monoMs),
    gone,
    listedMonoMs: listedWhen(known, news),
  };
}

/**
 * A whole list began after the runtime made this news. containerd keeps events for minutes while nobody listens, so that a new
 * agent hears of what was gone before its first list.
 */
const isOutdated = ({ listedMonoMs }: Known, { madeMonoMs }: Sighting): boolean =>
  listedMonoMs !== undefined && madeMonoMs !== undefined && madeMonoMs < listedMonoMs;

/** The news without what a later list did not show. */
const onlyKnown = ({ since }: Known, news: Sighting): Sighting => ({
  ...news,
  sandboxes: news.sandboxes.filter(({ id }) => since.has(id)),
  containers: news.containers.filter(({ id }) => since.has(id)),
});

/** Lists may come in another order than they began. */
const listedWhen = ({ listedMonoMs }: Known, { whole }: Sighting): MonoMs | undefined =>
  whole === undefined ? listedMonoMs : Math.max(listedMonoMs ?? whole.begunMonoMs, whole.begunMonoMs);

/** The observation with what an exited instance left behind (C4). */
export function joinMessage(known: Known, id: string, terminationMessage: string, monoMs: MonoMs): Known {
  const container = known.observed.containers.find((other) => other.id === id);
  if (container === undefined) return known;
  const news = { podUid: "", sandboxes: [], containers: [{ ...container, terminationMessage }], gone: [] };
  return join(known, news, monoMs);
}

type Thing = { readonly id: string };

/** The gone ids after this news: told ones, missing ones, without those that a later list shows after all. */
function nowGone(known: Known, news: Sighting, monoMs: MonoMs): ReadonlyMap<string, Gone> {
  const gone = new Map(known.gone);
  for (const id of news.gone) gone.set(id, { atMonoMs: gone.get(id)?.atMonoMs ?? monoMs, told: true });
  if (news.whole === undefined) return sameOr(known.gone, gone);
  const { begunMonoMs } = news.whole;
  const shown = new Set([...news.sandboxes, ...news.containers].map(({ id }) => id));
  for (const { id } of [...known.observed.sandboxes, ...known.observed.containers]) {
    if (!shown.has(id) && (known.since.get(id) ?? monoMs) < begunMonoMs)
      gone.set(id, { atMonoMs: monoMs, told: false });
  }
  for (const [id, { atMonoMs, told }] of [...gone]) {
    if (atMonoMs >= begunMonoMs) continue;
    const back = shown.has(id) && !told;
    const confirmed = !shown.has(id) && begunMonoMs - atMonoMs > LATEST_NEWS_MS;
    if (back || confirmed) gone.delete(id);
  }
  return sameOr(known.gone, gone);
}

function sameOr(before: ReadonlyMap<string, Gone>, after: Map<string, Gone>): ReadonlyMap<string, Gone> {
  const same = before.size === after.size && [...after].every(([id, { told }]) => before.get(id)?.told === told);
  if (same) return before;
  for (const id of [...after.keys()].slice(0, Math.max(0, after.size - MOST_GONE))) after.delete(id);
  return after;
}

/** Old and new together without what is gone; the old array itself when nothing differs. */
function joined<T extends Numbered>(
  before: readonly T[],
  news: readonly T[],
  gone: ReadonlyMap<string, Gone>,
  merge: (one: T, other: T) => T,
): readonly T[] {
  const isKnown = (thing: T): boolean => before.some((old) => old.id === thing.id && merge(old, thing) === old);
  if (news.every((thing) => gone.has(thing.id) || isKnown(thing)) && !before.some(({ id }) => gone.has(id)))
    return before;
  const things = new Map(before.map((thing) => [thing.id, thing]));
  for (const thing of news) {
    const old = things.get(thing.id);
    things.set(thing.id, old === undefined ? thing : merge(old, thing));
  }
  for (const id of gone.keys()) things.delete(id);
  const after = [...things.values()].sort(newestFirst);
  return after.length === before.length && after.every((thing, index) => thing === before[index]) ? before : after;
}

function sinceWhen(
  before: ReadonlyMap<string, MonoMs>,
  things: readonly Thing[],
  monoMs: MonoMs,
): ReadonlyMap<string, MonoMs> {
  if (things.length === before.size && things.every(({ id }) => before.has(id))) return before;
  return new Map(things.map(({ id }) => [id, before.get(id) ?? monoMs]));
}

/**
 * By attempt, then creation, then id (cri-mapping 1.1): attempts only grow while one is left, whatever the clock does, and what
 * a call made long after it was given up is old.
 */
export const newestFirst = (one: Numbered, other: Numbered): number =>
  other.attempt - one.attempt || other.createdWallMs - one.createdWallMs || byId(one, other);
type Numbered = Pick<ObservedContainer, "id" | "attempt" | "createdWallMs">;

const byId = (one: Thing, other: Thing): number => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
