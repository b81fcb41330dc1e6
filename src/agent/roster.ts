import { OVER } from "../base/bell.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { DesiredPod, Ending } from "../pod/desired.ts";
import { freshMemory, type PodMemory } from "../pod/memory.ts";
import type { Stranger, WorkerFacts } from "../pod/node-plan.ts";
import type { ObservedPod, Sighting } from "../pod/observed.ts";
import { orphanPod } from "../pod/orphan.ts";
import type * as v1 from "../pod/v1.ts";
import type { PodFiles, StoredPod } from "../ports.ts";
import type { Hire, Hired } from "./hire.ts";
import { emptyList, type Lobby } from "./lobby.ts";
import type { Rules } from "./rules.ts";
import type { WholeList } from "./runtime-watch.ts";
import type { Worker } from "./worker.ts";

/** A record that an earlier agent left, with its pod compiled again where that was possible. */
export type Remembered = { readonly stored: StoredPod; readonly pod?: DesiredPod };

/**
 * Every pod that has a worker.
 *
 * P1  A UID has at most one worker, also while the last one's home is being cleared.
 * P2  A worker begins with all that is known of its pod: from the lobby and from its record.
 * P3  A forgotten pod that nobody asks for leaves nothing on disk; an agent that leaves takes nothing away, and goes when what
 *     it was taking away has stopped: the next one goes on with it.
 */
export type Roster = {
  get(podUid: string): Worker | undefined;
  /** In order of arrival. */
  all(): readonly Worker[];
  facts(): readonly WorkerFacts[];
  begin(pod: DesiredPod, manifest: v1.Pod | undefined, ending?: Ending): void;
  /** A worker that ends what the runtime or the disk holds of a pod that nobody asks for. */
  beginStranger(podUid: string, ending: (remembered: DesiredPod | undefined) => Ending): void;
  forget(podUid: string): void;
  /** Pods without a worker that the runtime or the disk holds. */
  strangers(): readonly Stranger[];
  see(news: Sighting): void;
  seeAll(list: WholeList): void;
  /** Ends all loops and touches nothing. */
  leave(): Promise<void>;
};

/** Homes that are being cleared when the agent leaves. @limit They are left as they are: the next agent goes on. */
const LONGEST_CLEARING_MS = 5000;

const FIRST_CLEARING_PAUSE_MS = 1000;
const LONGEST_CLEARING_PAUSE_MS = 10_000;

type Job = Hired & { readonly stop: AbortController; over: Promise<void> };

/** A roster without workers that knows the records of an earlier agent. */
export function makeRoster(tools: {
  readonly rules: Rules;
  readonly lobby: Lobby;
  readonly remembered: readonly Remembered[];
  /** UIDs of homes that no record tells of. */
  readonly unrecorded: readonly string[];
  readonly hire: Hire;
  /** Reads what a list left out of this pod. */
  fill(podUid: string, observed: ObservedPod): Promise<void>;
  readonly files: PodFiles;
  readonly log: Log;
  readonly clock: Clock;
  /** A source asks for this UID: what is left of its last life is kept for the next one (T16, T17). */
  isAsked(pod: DesiredPod): boolean;
  /** Workers came or went. */
  onChange(): void;
  onForgotten(pod: DesiredPod): void;
}): Roster {
  const { rules, lobby, files, log } = tools;
  /** @bound Workers: one for each pod that is asked for or that ends. */
  const jobs = new Map<string, Job>();
  /** @bound Records of an earlier agent: those that were found at start. */
  const remembered = new Map(tools.remembered.map((one) => [one.stored.uid, one]));
  /** @bound Homes without a record: those that were found at start. */
  const unrecorded = new Set(tools.unrecorded);
  /** @bound Workers whose pod is being cleared away: at most all of them. */
  const forgetting = new Map<string, Promise<void>>();
  const leaving = new AbortController();
  let arrivals = 0;

  const start = (pod: DesiredPod, manifest: v1.Pod | undefined, ending: Ending | undefined): void => {
    if (jobs.has(pod.uid)) return;
    const record = remembered.get(pod.uid)?.stored.record;
    remembered.delete(pod.uid);
    // Whoever ends with nothing but a home is to lose that, volumes first (T9).
    const isHome = unrecorded.delete(pod.uid) && ending !== undefined;
    const fresh: PodMemory = isHome ? { ...freshMemory, home: "made" } : freshMemory;
    const known = lobby.leave(pod.uid);
    arrivals += 1;
    const hired = tools.hire(
      {
        pod,
        known,
        memory: rules.noteOver(record === undefined ? fresh : rules.memoryOf(record), pod),
        ...(ending === undefined ? {} : { ending }),
        adopted: isRunning(known.observed),
        arrival: arrivals,
      },
      manifest,
    );
    const stop = new AbortController();
    const job: Job = { ...hired, stop, over: Promise.resolve() };
    jobs.set(pod.uid, job);
    // One turn later, so that the worker has heard the node's word before it first looks.
    job.over = Promise.resolve()
      .then(() => hired.worker.run(stop.signal))
      .catch((error: unknown) => log.error("a pod's loop ended by a fault in Berth", { pod: pod.uid, error }));
    tools.onChange();
  };
  /** Tries again until it is done, unless the pod is asked for again: a full disk may refuse it for a while. */
  const clearHome = async (pod: DesiredPod): Promise<void> => {
    for (let pauseMs = FIRST_CLEARING_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_CLEARING_PAUSE_MS)) {
      if (tools.isAsked(pod)) return;
      try {
        return await files.clearHome(pod, "nothing", leaving.signal);
      } catch (error) {
        if (leaving.signal.aborted) return;
        log.warn("the home of a pod that is gone could not be cleared; it is tried again", {
          pod: pod.uid,
          pauseMs,
          error,
        });
      }
      if ((await tools.clock.sleep(pauseMs, leaving.signal)) === "aborted") return;
    }
  };
  const clear = async (uid: string, { worker, keeper, stop, over }: Job): Promise<void> => {
    const { pod } = worker.show();
    stop.abort();
    const cleared = keeper.closed();
    await keeper.close();
    await over;
    if (!cleared) await clearHome(pod);
    jobs.delete(uid);
    forgetting.delete(uid);
    lobby.enter(uid, pod, worker.known());
    tools.onForgotten(pod);
    tools.onChange();
  };

  const homeOf = (uid: string): Stranger | undefined =>
    unrecorded.has(uid) ? { uid, namespace: "", name: uid, onlyHome: true } : undefined;

  return {
    get: (uid) => jobs.get(uid)?.worker,
    all: () => [...jobs.values()].map(({ worker }) => worker),
    facts: () => [...jobs.values()].map(({ worker }) => worker.facts()),
    begin: start,
    beginStranger(uid, ending) {
      const memory = remembered.get(uid);
      const name = memory?.stored ?? lobby.strangers().find((stranger) => stranger.uid === uid) ?? homeOf(uid);
      if (name === undefined) return;
      const pod = memory?.pod ?? orphanPod(name, lobby.peek(uid));
      start(pod, memory?.stored.manifest, ending(memory?.pod));
    },
    forget(uid) {
      const job = jobs.get(uid);
      if (job === undefined || forgetting.has(uid)) return;
      forgetting.set(uid, clear(uid, job));
    },
    strangers() {
      const stored = [...remembered.values()].map(({ stored: { uid, namespace, name, path } }) => ({
        uid,
        namespace,
        name,
        path,
      }));
      const homes = [...unrecorded].map((uid) => homeOf(uid)).filter((one) => one !== undefined);
      const all = new Map<string, Stranger>([...homes, ...lobby.strangers(), ...stored].map((one) => [one.uid, one]));
      return [...all.values()].filter(({ uid }) => !jobs.has(uid));
    },
    see(news) {
      const worker = jobs.get(news.podUid)?.worker;
      if (worker === undefined) lobby.see(news);
      else worker.see(news);
    },
    seeAll({ begunMonoMs, sightings }) {
      const listed = new Map(sightings.map((news) => [news.podUid, news]));
      lobby.seeAll(
        begunMonoMs,
        sightings.filter(({ podUid }) => !jobs.has(podUid)),
      );
      for (const { worker } of jobs.values()) {
        worker.see(listed.get(worker.uid) ?? emptyList(worker.uid, begunMonoMs));
        void tools.fill(worker.uid, worker.show().observed);
      }
    },
    async leave() {
      for (const { stop } of jobs.values()) stop.abort();
      leaving.abort();
      const cleared = Promise.all(forgetting.values());
      await Promise.all(
        [...jobs].map(async ([uid, { keeper, over }]) => {
          await over;
          if (!forgetting.has(uid)) await keeper.flush();
        }),
      );
      const waited = new AbortController();
      await Promise.race([cleared, tools.clock.sleep(LONGEST_CLEARING_MS, waited.signal)]);
      waited.abort(OVER);
    },
  };
}

const isRunning = ({ containers, sandboxes }: ObservedPod): boolean =>
  sandboxes.some(({ state }) => state === "ready") || containers.some(({ state }) => state === "running");
