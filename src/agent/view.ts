import type { Clock } from "../base/clock.ts";
import { BerthError } from "../base/errors.ts";
import { containerUri } from "../decide/container-state.ts";
import { fullPod } from "../decide/full-pod.ts";
import { isFollowed } from "../decide/restart-policy.ts";
import { type DesiredPod, type PodKey, podKey } from "../pod/desired.ts";
import type { DocumentSummary } from "../pod/document.ts";
import { nothingObserved, type ObservedContainer } from "../pod/observed.ts";
import type { Problem } from "../pod/problem.ts";
import type * as v1 from "../pod/v1.ts";
import type { AgentHealth, InstanceView } from "../pod/view.ts";
import type { PodChange, PodFiles, Runtime, View } from "../ports.ts";
import type { NewsStand } from "./news-stand.ts";
import type { Prober } from "./prober.ts";
import type { Roster } from "./roster.ts";
import { makeWatch } from "./watch.ts";
import type { Worker } from "./worker.ts";

/** What sockets and ports see, and what they have to be told. */
export type ViewDesk = {
  readonly view: View;
  tellPod(worker: Worker): void;
  tellGone(pod: DesiredPod): void;
  tellProblems(problems: readonly Problem[]): void;
};

/** A view over the roster; costs are paid by who looks. */
export function makeView(tools: {
  readonly clock: Clock;
  readonly roster: Roster;
  readonly runtime: Runtime;
  readonly files: PodFiles;
  readonly news: NewsStand;
  readonly prober: Pick<Prober, "show">;
  asked(): readonly DesiredPod[];
  documents(): readonly DocumentSummary[];
  problems(): readonly Problem[];
  health(): AgentHealth;
}): ViewDesk {
  const { clock, roster, runtime, files } = tools;
  const pods = makeWatch<PodChange>(clock);
  const problems = makeWatch<readonly Problem[]>(clock);

  const all = (): readonly v1.Pod[] => {
    const shown = roster.all().map((worker) => rendered(worker));
    const waiting = tools.asked().filter(({ uid }) => roster.get(uid) === undefined);
    return [...shown, ...waiting.map((pod) => fullPod({ pod, status: { phase: "Pending" } }))].sort(byKey);
  };
  const find = (key: PodKey): Worker | undefined => newestOf(roster.all().filter((worker) => keyOf(worker) === key));
  const instanceView = (worker: Worker, container: ObservedContainer): InstanceView => ({
    id: container.id,
    running: container.state === "running",
    ended: container.state === "exited",
    attempt: container.attempt,
    last: isLast(worker, container),
    logPath: files.logPath(worker.show().pod, container.name, container.attempt),
  });

  const view: View = {
    pods: all,
    watchPods: (signal) =>
      pods.follow([...all().map((pod): PodChange => ({ kind: "put", pod })), { kind: "synced" }], signal),
    problems: tools.problems,
    watchProblems: (signal) => problems.follow([tools.problems()], signal),
    documents: tools.documents,
    events: tools.news.recent,
    watchEvents: tools.news.watch,
    holds: (key) => find(key)?.show().holds,
    probes: (key) => tools.prober.show(find(key)?.uid ?? ""),
    instance(key, name, which) {
      const worker = find(key);
      const { status, observed } = worker?.show() ?? { status: {}, observed: nothingObserved };
      const instances = observed.containers.filter((container) => container.name === name);
      const container = which === "newest" ? instances[0] : (lastOf(status, name, instances) ?? instances[1]);
      return worker === undefined || container === undefined ? undefined : instanceView(worker, container);
    },
    restart: (key, container) => find(key)?.restart(container) ?? false,
    exec: (id, command, streams, signal) => runtime.exec(id, command, streams, signal),
    attach: (id, streams, signal) => runtime.attach(id, streams, signal),
    async portForward(key, ports, signal) {
      const sandbox = find(key)
        ?.show()
        .observed.sandboxes.find(({ state }) => state === "ready");
      if (sandbox === undefined) throw new BerthError("NotFound", `pod "${key}" has no network that is ready`);
      return runtime.portForward(sandbox.id, ports, signal);
    },
    health: tools.health,
  };
  return {
    view,
    tellPod: (worker) => pods.tell(worker.uid, { kind: "put", pod: rendered(worker) }),
    tellGone(pod) {
      const heir = find(podKey(pod));
      // Another pod of that name lives on: readers know pods by name.
      const change: PodChange =
        heir === undefined ? { kind: "gone", key: podKey(pod) } : { kind: "put", pod: rendered(heir) };
      pods.tell(pod.uid, change);
    },
    tellProblems: (all) => problems.tell("problems", all),
  };
}

/** The pod with its status, as API readers have it. */
export function rendered(worker: Worker): v1.Pod {
  return fullPod(worker.show());
}

/** The instance that the status tells as the last one: of a container that waits it is the newest, which has ended. */
function lastOf(
  { containerStatuses = [], initContainerStatuses = [] }: v1.PodStatus,
  container: string,
  instances: readonly ObservedContainer[],
): ObservedContainer | undefined {
  const shown = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container);
  const uri = shown?.lastState?.terminated?.containerID;
  return instances.find(({ id }) => uri === containerUri(id));
}

/** Whether an instance has ended and its pod or its policy asks for no other one. */
function isLast(worker: Worker, { id, name, state, exitCode }: ObservedContainer): boolean {
  const { pod, status, ending, memory } = worker.show();
  if (state !== "exited") return false;
  if (ending !== undefined || status.phase === "Succeeded" || status.phase === "Failed") return true;
  const container = pod.containers.find((one) => one.name === name);
  return container === undefined || (exitCode !== undefined && !isFollowed(pod, container, memory, { id, exitCode }));
}

const keyOf = (worker: Worker): PodKey => podKey(worker.show().pod);

/** Of a name's old and new pod, the one that ends is shown as long as it is there (T14). */
function newestOf(workers: readonly Worker[]): Worker | undefined {
  return workers.find((worker) => worker.show().ending !== undefined && !worker.facts().finished) ?? workers.at(-1);
}

function byKey(one: v1.Pod, other: v1.Pod): number {
  const left = `${one.metadata?.namespace}/${one.metadata?.name}/${one.metadata?.uid}`;
  const right = `${other.metadata?.namespace}/${other.metadata?.name}/${other.metadata?.uid}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
