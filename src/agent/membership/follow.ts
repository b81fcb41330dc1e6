import { makeBell, OVER } from "../../base/bell.ts";
import type { Chance, Clock } from "../../base/clock.ts";
import { BerthError, type ErrorCode } from "../../base/errors.ts";
import { patienceMs, WATCH_PATIENCE } from "../../decide/api-patience.ts";
import type { ClusterKind, ClusterSelection, ClusterTypes, ListVersion } from "../../pod/cluster.ts";
import type { Cluster } from "../../ports.ts";
import type { Round } from "../loop.ts";
import type { Contact, Topic } from "./contact.ts";

/** What a follower hears: the whole set first, and after each time that the thread was lost; then single changes. */
export type Follower<T> = {
  onSet(items: readonly T[]): void;
  onPut(object: T): void;
  onGone(object: T): void;
};

const SHORTEST_WATCH_SECONDS = 300;
/** A watch that the server has not ended so long after its time is taken for dead: what lies between may have forgotten it. */
const LATE_SECONDS = 120;
/** A watch that ends sooner, without news, counts as failed: it would be a busy loop. */
const SUSPICIOUS_MS = 1000;
/** When the server is back all that follows it goes on within so long, each at a moment of its own. */
const BACK_WITHIN_MS = 8000;
/** After so long without a failure the next one waits as briefly as the first. */
const FORGIVEN_MS = 120_000;

/**
 * Follows a selection of objects (node.md 3.1).
 *
 * W1  Only a complete list may make an object vanish; a broken connection changes nothing.
 * W2  A watch that ends is begun again where it ended, without a list; only a version that the server has forgotten, or a
 *     failure that leaves it open what was missed, costs a list.
 * W3  Between failures there is a pause, ever longer, with chance in it; the rest of it is cut when the node's lease is taken again.
 * W4  A watch that goes on for longer than it was to is ended here, and counts as one that ended well.
 */
export function makeFollow<K extends ClusterKind>(tools: {
  readonly cluster: Cluster;
  readonly of: ClusterSelection<K>;
  readonly topic: Topic;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  readonly follower: Follower<ClusterTypes[K]>;
  /** A watch lasts so long, and by chance up to as much again. */
  readonly shortestWatchSeconds?: number;
}): Round {
  const { cluster, of, topic, clock, chance, contact, follower, shortestWatchSeconds = SHORTEST_WATCH_SECONDS } = tools;
  const back = makeBell(clock);
  let pausing = false;
  let returns = 0;
  let version: string | undefined;
  let since: ListVersion = "any";

  const list = async (signal: AbortSignal): Promise<string> => {
    const answer = await cluster.list(of, since, signal);
    since = { version: answer.version };
    contact.well(topic);
    follower.onSet(answer.items);
    return answer.version;
  };
  /** Moves the version along; resolves when the stream ends well. */
  const watch = async (from: string, timeoutSeconds: number, signal: AbortSignal): Promise<void> => {
    const begunMonoMs = clock.now().monoMs;
    let heard = false;
    for await (const change of cluster.watch(of, { version: from, timeoutSeconds }, signal)) {
      if (change.kind === "open") {
        contact.well(topic);
        continue;
      }
      heard = true;
      const next = change.kind === "bookmark" ? change.version : change.object.metadata?.resourceVersion;
      if (next !== undefined && next !== "") {
        version = next;
        since = { version: next };
      }
      if (change.kind === "put") follower.onPut(change.object);
      if (change.kind === "gone") follower.onGone(change.object);
    }
    if (!heard && clock.now().monoMs - begunMonoMs < SUSPICIOUS_MS && !signal.aborted) {
      version = undefined;
      throw new BerthError("ApiBadAnswer", `watching ${of.kind}: the watch ended at once`);
    }
  };

  const watchForAWhile = async (from: string, signal: AbortSignal): Promise<void> => {
    const timeoutSeconds = Math.floor(shortestWatchSeconds * (1 + chance.fraction()));
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    void clock.sleep((timeoutSeconds + LATE_SECONDS) * 1000, until).then(() => over.abort(OVER));
    try {
      await watch(from, timeoutSeconds, until);
    } finally {
      over.abort(OVER);
    }
  };
  /** `isBack`: what has failed was begun before the server's return. */
  const pause = async (forMs: number, isBack: boolean, signal: AbortSignal): Promise<void> => {
    const untilMonoMs = clock.now().monoMs + forMs;
    pausing = true;
    const isCut = isBack || (await back.wait(untilMonoMs, signal)) === "rung";
    pausing = false;
    if (!isCut) return;
    const leftMs = untilMonoMs - clock.now().monoMs;
    await clock.sleep(Math.max(0, Math.min(leftMs, BACK_WITHIN_MS * chance.fraction())), signal);
  };

  return async (signal) => {
    contact.onBack(() => {
      returns += 1;
      if (pausing) back.ring();
    }, signal);
    let failures = 0;
    let failedMonoMs = Number.NEGATIVE_INFINITY;
    let lastCode: ErrorCode | undefined;
    while (!signal.aborted) {
      const listing = version === undefined;
      const returnsBefore = returns;
      try {
        version ??= await list(signal);
        await watchForAWhile(version, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = contact.failed(topic, thrown);
        const { monoMs } = clock.now();
        // A server that has forgotten a version is there: what came before, as its outage, is no reason to wait for long.
        const isNews = error.code === "ApiGone" && lastCode !== "ApiGone";
        failures = isNews || monoMs - failedMonoMs > FORGIVEN_MS ? 1 : failures + 1;
        failedMonoMs = monoMs;
        lastCode = error.code;
        if (listing && version === undefined && (error.code === "ApiGone" || error.code === "ApiTimeout"))
          since = "newest";
        // Nothing was missed where the stream broke, and a server that has no time has not forgotten anything.
        if (error.code !== "ApiUnreachable" && error.code !== "ApiBusy") version = undefined;
        const pauseMs = patienceMs(WATCH_PATIENCE, failures, error, chance);
        await pause(pauseMs, returns !== returnsBefore, signal);
      }
    }
  };
}
