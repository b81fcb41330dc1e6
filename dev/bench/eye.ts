import { openBareCalls } from "./bare-calls.ts";

/** When a container started, by the runtime's own clock, in ms since the epoch. */
export type Start = {
  readonly id: string;
  readonly pod: string;
  readonly attempt: number;
  readonly startedAtMs: number;
};

/** Watches the runtime's event stream for starts, whoever asked for them. */
export type Eye = {
  /** Starts of containers of pods whose names begin like this, by their time. */
  starts(prefix: string): Start[];
  /** Waits until so many have started. */
  waitFor(prefix: string, count: number, withinMs: number): Promise<Start[]>;
  /** Waits until no sandbox of such a pod is left. */
  waitGone(prefix: string, withinMs: number): Promise<void>;
  /** Process id of a running container's first process. */
  pidOf(id: string): Promise<number>;
  /** Ids of the running containers of such pods. */
  running(prefix: string): Promise<string[]>;
  close(): void;
};

const POD = "io.kubernetes.pod.name";

/** Opens the eye on a runtime with an event stream. */
export function openEye(endpoint: string): Eye {
  const cri = openBareCalls(endpoint);
  const seen = new Map<string, Start>();
  let ring: () => void = () => undefined;
  cri.onEvent((event) => {
    for (const { id, labels, metadata, started_at } of event.containers_statuses) {
      const pod = labels[POD];
      if (pod === undefined || started_at === 0n || seen.has(id)) continue;
      seen.set(id, { id, pod, attempt: metadata?.attempt ?? 0, startedAtMs: Number(started_at / 1000n) / 1000 });
    }
    ring();
  });
  const starts = (prefix: string) =>
    [...seen.values()].filter(({ pod }) => pod.startsWith(prefix)).sort((a, b) => a.startedAtMs - b.startedAtMs);

  return {
    starts,
    async waitFor(prefix, count, withinMs) {
      const { promise, resolve, reject } = Promise.withResolvers<Start[]>();
      const late = () => reject(new Error(`only ${starts(prefix).length} of ${count} started within ${withinMs} ms`));
      const timer = setTimeout(late, withinMs);
      ring = () => {
        if (starts(prefix).length >= count) resolve(starts(prefix));
      };
      ring();
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        ring = () => undefined;
      }
    },
    async waitGone(prefix, withinMs) {
      for (const end = performance.now() + withinMs; ; await pause(250)) {
        const { items } = await cri.call("ListPodSandbox", {});
        const left = items.filter(({ metadata }) => metadata?.name.startsWith(prefix)).length;
        if (left === 0) return;
        if (performance.now() > end) throw new Error(`${left} pods are still there after ${withinMs} ms`);
      }
    },
    async pidOf(id) {
      const { info } = await cri.call("ContainerStatus", { container_id: id, verbose: true });
      const { pid } = JSON.parse(info.info ?? "{}") as { pid?: number };
      if (!pid) throw new Error(`container ${id} does not run`);
      return pid;
    },
    async running(prefix) {
      const { containers } = await cri.call("ListContainers", { filter: { state: { state: 1 } } });
      return containers.filter(({ labels }) => labels[POD]?.startsWith(prefix)).map(({ id }) => id);
    },
    close: () => cri.close(),
  };
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
