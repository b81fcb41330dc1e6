import type { MonoMs } from "../base/clock.ts";
import { type Known, nothingKnown } from "../decide/join.ts";
import { nothingObserved, type ObservedPod, type Sighting } from "../pod/observed.ts";
import type { Rules } from "./rules.ts";

/**
 * What is known of pods that have no worker: the beginning of a worker's knowledge, and the list of strangers. Holds as many
 * pods as the last whole list showed, those that left since with something remaining, and for minutes the ids of those that
 * left nothing: a list that began before their end may still come, and must not bring them back.
 */
export type Lobby = {
  see(news: Sighting): void;
  /** A whole list replaces all; news of pods that have a worker is not for here. */
  seeAll(begunMonoMs: MonoMs, sightings: readonly Sighting[]): void;
  /** Takes a pod's knowledge out, for its worker. One that was not there is known to have had nothing when the last list began. */
  leave(podUid: string): Known;
  /** What is known of a pod that has no worker. */
  peek(podUid: string): ObservedPod;
  /** Takes back what a worker knew when it was forgotten. */
  enter(podUid: string, name: PodNames, known: Known): void;
  /** Pods that the runtime holds. */
  strangers(): readonly ({ readonly uid: string } & PodNames)[];
};
export type PodNames = { readonly namespace: string; readonly name: string };

type Guest = { readonly known: Known; readonly name?: PodNames };

/** Nobody, and no list so far. */
export function makeLobby(join: Rules["join"], now: () => MonoMs): Lobby {
  /** @bound Pods without a worker: those of the last list of the runtime, and those of events since. */
  let guests = new Map<string, Guest>();
  let lastListMonoMs: MonoMs | undefined;

  const joined = (guest: Guest | undefined, news: Sighting): Guest => {
    const name = news.pod ?? guest?.name;
    return {
      known: join(guest?.known ?? nothingKnown, news, now()),
      ...(name === undefined ? {} : { name }),
    };
  };

  return {
    see(news) {
      guests.set(news.podUid, joined(guests.get(news.podUid), news));
    },
    seeAll(begunMonoMs, sightings) {
      lastListMonoMs = begunMonoMs;
      const listed = new Map(sightings.map((news) => [news.podUid, news]));
      const uids = new Set([...guests.keys(), ...listed.keys()]);
      const all = [...uids].map((uid): [string, Guest] => [
        uid,
        joined(guests.get(uid), listed.get(uid) ?? emptyList(uid, begunMonoMs)),
      ]);
      guests = new Map(all.filter(([, { known }]) => isWorthKnowing(known)));
    },
    leave(podUid) {
      const guest = guests.get(podUid);
      guests.delete(podUid);
      if (guest !== undefined) return guest.known;
      if (lastListMonoMs === undefined) return nothingKnown;
      return join(nothingKnown, emptyList(podUid, lastListMonoMs), now());
    },
    peek: (podUid) => guests.get(podUid)?.known.observed ?? nothingObserved,
    enter(podUid, name, known) {
      if (isWorthKnowing(known)) guests.set(podUid, { known, name });
    },
    strangers: () =>
      [...guests]
        .filter(([, { known }]) => holdsSomething(known.observed))
        .map(([uid, { name }]) => ({ uid, ...(name ?? { namespace: "", name: uid }) })),
  };
}

const holdsSomething = ({ containers, sandboxes }: ObservedPod): boolean => containers.length + sandboxes.length > 0;

const isWorthKnowing = ({ observed, gone }: Known): boolean => holdsSomething(observed) || gone.size > 0;

/** A whole list that showed nothing of a pod. */
export const emptyList = (podUid: string, begunMonoMs: MonoMs): Sighting => ({
  podUid,
  sandboxes: [],
  containers: [],
  gone: [],
  whole: { begunMonoMs },
});
