import { podOf, type RuntimeView } from "./cri.ts";
import type { SharedRuntime } from "./shared-runtime.ts";
import { followTasks, type TaskEvent } from "./task-events.ts";

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

type Name = Pick<Life, "key" | "uid" | "attempt">;
type Times = Pick<Life, "startedAtMs" | "finishedAtMs" | "exitCode">;

/** Records from containerd's own events, from the moment that this resolves: CRI knows less of what runs. */
export async function recordLives(view: RuntimeView, node: string, runtime: SharedRuntime): Promise<LifeRecorder> {
  const names = new Map<string, Name>();
  const times = new Map<string, Times>();
  const asking = new Set<Promise<void>>();

  const ask = async (id: string): Promise<void> => {
    const answer = await view.call("ContainerStatus", { container_id: id }).catch(() => undefined); // a sandbox has none
    const { labels = {}, metadata } = answer?.status ?? {};
    const pod = podOf(labels, node);
    if (pod === undefined) return;
    const key = `${labels["io.kubernetes.pod.namespace"]}/${pod}/${metadata?.name}`;
    names.set(id, { key, uid: labels["io.kubernetes.pod.uid"] ?? "", attempt: metadata?.attempt ?? 0 });
  };
  const take = ({ topic, atMs, body }: TaskEvent): void => {
    const id = String(body.container_id);
    if (topic === "/tasks/create") {
      const asked = ask(id).finally(() => asking.delete(asked));
      asking.add(asked);
    }
    if (topic === "/tasks/start") times.set(id, { startedAtMs: atMs, finishedAtMs: 0, exitCode: 0 });
    // Commands that were run inside end under ids of their own.
    const begun = body.id === id ? times.get(id) : undefined;
    if (topic !== "/tasks/exit" || begun === undefined) return;
    times.set(id, { ...begun, finishedAtMs: atMs, exitCode: Number(body.exit_status ?? 0) });
  };
  const lives = (): Life[] =>
    [...times]
      .flatMap(([id, time]): Life[] => {
        const name = names.get(id);
        return name === undefined ? [] : [{ id, ...name, ...time }];
      })
      .sort((a, b) => a.startedAtMs - b.startedAtMs);

  const end = await followTasks(runtime, take);
  return {
    lives,
    overlaps: () => overlapsOf(lives()),
    async stop() {
      await end();
      await Promise.all(asking);
    },
  };
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
