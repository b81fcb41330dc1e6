import { assertNever } from "../../base/assert-never.ts";
import { makeBell } from "../../base/bell.ts";
import type { Chance, Clock } from "../../base/clock.ts";
import { patienceMs, WATCH_PATIENCE } from "../../decide/api-patience.ts";
import { fitsNode } from "../../decide/node-affinity.ts";
import type { Placement } from "../../pod/cluster.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import type { Follower } from "./follow.ts";

/** A follower of pods before which somebody looks whether they fit the node. */
export type Fitting = { readonly follower: Follower<v1.Pod>; readonly run: Round };

type News =
  | { readonly kind: "set"; readonly pods: readonly v1.Pod[] }
  | { readonly kind: "put"; readonly pod: v1.Pod }
  | { readonly kind: "gone"; readonly pod: v1.Pod };

/** A node that cannot be read so often in a row: the pods are taken as they are. */
const MOST_TRIES = 4;

/**
 * Tells of the pods that are bound to the node in their order. One that is new and does not fit the node's labels makes all wait
 * until the node was read anew: somebody may have labelled it a moment ago, and the watch of nodes may be behind that of pods
 * (node.md 4).
 */
export function makeFitting(tools: {
  readonly nodeName: string;
  readonly follower: Follower<v1.Pod>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  placement(): Placement | undefined;
  /** Reads the node and tells `placement` of it. */
  readNode(signal: AbortSignal): Promise<void>;
}): Fitting {
  const { nodeName, follower, clock, chance, contact } = tools;
  const bell = makeBell(clock);
  /** @bound Changes within the time of a few reads; a whole set takes the place of all before it. */
  let waiting: News[] = [];
  /** @bound As above: those for which the node is being read. */
  let held: News[] = [];
  /** @bound Pods that are bound to this node. */
  const known = new Set<string>();

  const isStrange = ({ metadata, spec }: v1.Pod): boolean => {
    const placement = tools.placement();
    if (placement === undefined || spec === undefined || known.has(metadata?.uid ?? "")) return false;
    return !fitsNode(spec, { labels: placement.labels, nodeName });
  };
  const pass = (news: News): void => {
    switch (news.kind) {
      case "set":
        known.clear();
        for (const { metadata } of news.pods) known.add(metadata?.uid ?? "");
        follower.onSet(news.pods);
        break;
      case "put":
        known.add(news.pod.metadata?.uid ?? "");
        follower.onPut(news.pod);
        break;
      case "gone":
        known.delete(news.pod.metadata?.uid ?? "");
        follower.onGone(news.pod);
        break;
      default:
        assertNever(news);
    }
  };
  const take = (news: News, newcomers: readonly v1.Pod[]): void => {
    if (waiting.length + held.length === 0 && !newcomers.some(isStrange)) {
      pass(news);
      return;
    }
    if (news.kind === "set") held = [];
    waiting = news.kind === "set" ? [news] : [...waiting, news];
    bell.ring();
  };

  return {
    follower: {
      onSet: (pods) => take({ kind: "set", pods }, pods),
      onPut: (pod) => take({ kind: "put", pod }, [pod]),
      onGone: (pod) => take({ kind: "gone", pod }, []),
    },
    async run(signal) {
      let failures = 0;
      let isFailing = false;
      while (!signal.aborted) {
        if (waiting.length + held.length === 0) {
          await bell.wait(undefined, signal);
          continue;
        }
        held = [...held, ...waiting.splice(0)];
        try {
          await tools.readNode(signal);
          if (isFailing) contact.well("node watch");
          isFailing = false;
          failures = 0;
        } catch (thrown) {
          if (signal.aborted) return;
          failures += 1;
          isFailing = true;
          const error = contact.failed("node watch", thrown);
          if (failures < MOST_TRIES) {
            await clock.sleep(patienceMs(WATCH_PATIENCE, failures, error, chance), signal);
            continue;
          }
          failures = 0;
        }
        for (const news of held.splice(0)) pass(news);
      }
    },
  };
}
