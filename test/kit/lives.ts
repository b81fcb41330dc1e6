import { setTimeout as sleep } from "node:timers/promises";
import { podOf, type RuntimeView, timesOf } from "./cri.ts";

/** One container from its start to its end; `finishedAtMs` is 0 while it runs. */
export type Life = {
  readonly id: string;
  /** namespace/pod/container, without the node's suffix. */
  readonly key: string;
  readonly uid: string;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
};

/** Writes down every container of a node that ever ran. */
export type LifeRecorder = {
  /** By their start. */
  lives(): Life[];
  /** Pairs of containers of one pod and name that ran at the same time, in words. */
  overlaps(): string[];
  stop(): Promise<void>;
};

const POLL_MS = 100;

/** Records from the event stream where the runtime has it; by frequent lists where it has not. */
export function recordLives(view: RuntimeView, node: string, events: boolean): LifeRecorder {
  const lives = new Map<string, Life>();
  const ended = new AbortController();
  const work = events ? followEvents(view, node, lives, ended.signal) : followLists(view, lives, ended.signal);
  const sorted = () => [...lives.values()].sort((a, b) => a.startedAtMs - b.startedAtMs);
  return {
    lives: sorted,
    overlaps: () => overlapsOf(sorted()),
    async stop() {
      ended.abort();
      await work;
    },
  };
}

async function followEvents(view: RuntimeView, node: string, lives: Map<string, Life>, signal: AbortSignal) {
  for await (const event of view.client.stream("GetContainerEvents", {}, signal)) {
    for (const status of event.containers_statuses) {
      const labels = status.labels;
      const pod = podOf(labels, node);
      if (pod === undefined || status.started_at === 0n) continue;
      const key = `${labels["io.kubernetes.pod.namespace"]}/${pod}/${status.metadata?.name}`;
      const uid = labels["io.kubernetes.pod.uid"] ?? "";
      const id = status.id;
      // Late events tell old news: an end that was seen stays.
      const earlier = lives.get(id);
      if (earlier !== undefined && earlier.finishedAtMs > 0) continue;
      lives.set(id, { id, key, uid, attempt: status.metadata?.attempt ?? 0, ...timesOf(status) });
    }
  }
}

async function followLists(view: RuntimeView, lives: Map<string, Life>, signal: AbortSignal) {
  while (!signal.aborted) {
    for (const seen of await view.containers()) {
      const known = lives.get(seen.id);
      const settled = known !== undefined && (known.finishedAtMs > 0 || seen.state === "running");
      if (seen.state === "created" || settled) continue;
      const status = await view.status(seen.id).catch(() => undefined); // removed in between
      if (!status) continue;
      const key = `${seen.namespace}/${seen.pod}/${seen.name}`;
      lives.set(seen.id, { id: seen.id, key, uid: seen.uid, attempt: seen.attempt, ...status });
    }
    await sleep(POLL_MS);
  }
}

function overlapsOf(lives: readonly Life[]): string[] {
  return lives.flatMap((life, index) =>
    lives
      .slice(index + 1)
      .filter((later) => later.key === life.key)
      .filter((later) => life.finishedAtMs === 0 || later.startedAtMs < life.finishedAtMs)
      .map((later) => `${life.key}: ${later.id.slice(0, 12)} began before ${life.id.slice(0, 12)} had ended`),
  );
}
