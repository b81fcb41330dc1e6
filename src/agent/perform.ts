import { OVER } from "../base/bell.ts";
import { BerthError } from "../base/errors.ts";
import type { Action, ActionKind, ActionOf, Outcome } from "../pod/action.ts";
import { type Allocation, withAllocation } from "../pod/allocation.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { ObservedContainer, ObservedPod } from "../pod/observed.ts";
import { containerType } from "./container-type.ts";
import { makeDnsNews } from "./dns-news.ts";
import { RANK, WITHDRAWN } from "./gates.ts";
import { createContainer } from "./perform-create.ts";
import { pullImage } from "./perform-pull.ts";
import { limitPod, updateContainer } from "./perform-resize.ts";
import { tellPorts } from "./port-news.ts";
import { done, failed, type Performers, proved, type Step, type Tools } from "./step.ts";

/** Carries out any action. Never rejects: what goes wrong is an outcome. */
export type Perform = (action: Action, step: Step) => Promise<Outcome>;

/**
 * What withdrawal does to an action that has begun: a pull or a hook is cancelled, of a stop only the wait ends, everything
 * else finishes, since a call that was cut off may still take effect.
 */
export const WITHDRAWAL: { readonly [K in ActionKind]: "cancel" | "stop waiting" | "finish" } = {
  look: "finish",
  "make-home": "finish",
  "clear-home": "finish",
  "set-volume": "finish",
  "find-image": "finish",
  "pull-image": "cancel",
  "run-sandbox": "finish",
  "stop-sandbox": "finish",
  "remove-sandbox": "finish",
  "create-container": "finish",
  "start-container": "finish",
  "update-container": "finish",
  "limit-pod": "finish",
  "remove-container": "finish",
  "run-hook": "cancel",
  "stop-container": "stop waiting",
  "read-message": "finish",
};

/** The performers over these tools. */
export function makePerform(tools: Tools): Perform {
  const performers = makePerformers(tools);
  return async (action, step) => {
    try {
      return await dispatch(performers, action, step);
    } catch (thrown) {
      if (step.withdrawn.aborted && WITHDRAWAL[action.kind] !== "finish") return { kind: "withdrawn" };
      return failed(thrown, doing(action));
    }
  };
}

/** The compiler cannot see that a kind's entry takes that kind's action; this is the only place that says so. */
function dispatch(performers: Performers, action: Action, step: Step): Promise<Outcome> {
  const perform = performers[action.kind] as (action: Action, step: Step) => Promise<Outcome>;
  return perform(action, step);
}

/** What already runs of a pod may still have more than the pod (S26). */
const boundedBy = (pod: DesiredPod, bounds: Allocation | undefined): DesiredPod =>
  bounds === undefined ? pod : withAllocation(pod, bounds);

const doing = (action: Action): string => `${action.kind} of ${action.subject}`;

function makePerformers(tools: Tools): Performers {
  const { runtime, files, images, documents, clock } = tools;
  const tellDns = makeDnsNews({ ...tools, resolvConf: () => tools.resolver?.now() ?? tools.facts.resolvConf });
  return {
    async look(_action, step) {
      step.begun();
      return done({ kind: "objects", sighting: await runtime.look(step.pod.uid, step.givenUp) });
    },
    async "make-home"(action, step) {
      const made = await tools.gates.home(RANK.home, step.withdrawn, async () => {
        step.begun();
        const cgroup = timeCgroup(
          tools,
          "create",
          tools.cgroups?.ensure(boundedBy(step.pod, action.bounds), step.givenUp),
        );
        const [refusal] = await Promise.all([
          cgroup.catch((thrown: unknown) => failed(thrown, doing(action), "FailedCreatePodContainer")),
          files.makeHome(step.pod, step.givenUp),
        ]);
        return refusal ?? done();
      });
      return made === WITHDRAWN ? { kind: "withdrawn" } : made;
    },
    async "clear-home"({ keep }, step) {
      step.begun();
      if (keep === "nothing") await step.closeRecord();
      await files.clearHome(step.pod, keep, step.givenUp);
      await timeCgroup(tools, "destroy", tools.cgroups?.remove(step.pod, step.givenUp));
      return done();
    },
    async "set-volume"({ volume, version }, step) {
      step.begun();
      const uses = step.pod.volumes.find(({ name }) => name === volume)?.documents ?? [];
      const bodies = documents.bodies(
        uses.map(({ key }) => key),
        step.pod,
      );
      await files.setVolume(step.pod, volume, bodies, step.givenUp);
      return done({ kind: "volume", version });
    },
    async "find-image"({ ref }, step) {
      step.begun();
      return done({ kind: "image", image: (await images.find(ref, step.givenUp)) ?? "missing" });
    },
    "pull-image": (action, step) => pullImage(tools, action, step),
    async "run-sandbox"(action, step) {
      const outcome = await runSandbox(tools, action, step, tellDns);
      if (outcome.kind === "done") await tellPorts(runtime, step);
      return outcome;
    },
    async "stop-sandbox"({ id }, step) {
      step.begun();
      await runtime.stopSandbox(id, step.givenUp);
      const sandbox = step.observed.sandboxes.find((other) => other.id === id);
      return proved(step, { sandboxes: sandbox === undefined ? [] : [{ ...sandbox, state: "notReady" }] });
    },
    async "remove-sandbox"({ id }, step) {
      step.begun();
      await runtime.removeSandbox(id, step.givenUp);
      return proved(step, { gone: [id] });
    },
    "create-container": (action, step) => createContainer(tools, action, step),
    "start-container": (action, step) => startContainer(tools, action, step),
    "update-container": (action, step) => updateContainer(tools, action, step),
    "limit-pod": (action, step) => limitPod(tools, action, step),
    async "remove-container"({ id, name, keepLog }, step) {
      step.begun();
      const { attempt } = known(step.observed, id);
      if (!keepLog) await files.removeInstance(step.pod, name, attempt, id, step.givenUp);
      await runtime.removeContainer(id, step.givenUp);
      return proved(step, { gone: [id] });
    },
    "run-hook": (action, step) => runHook(tools, action, step),
    async "stop-container"({ id, graceSeconds }, step) {
      step.begun();
      await runtime.stopContainer(id, graceSeconds, step.withdrawn);
      const container = find(step.observed, id);
      if (container === undefined || container.state === "exited") return done();
      const finishedWallMs = clock.now().wallMs;
      return proved(step, { containers: [{ ...container, state: "exited", finishedWallMs, detailed: false }] });
    },
    async "read-message"({ id }, step) {
      step.begun();
      const text = await files.readMessage(step.pod, known(step.observed, id), step.givenUp);
      return done({ kind: "message", text });
    },
  };
}

async function timeCgroup(
  { clock, meter }: Tools,
  operation_type: string,
  work: Promise<void> | undefined,
): Promise<void> {
  if (work === undefined) return;
  const begunMonoMs = clock.now().monoMs;
  await work;
  meter.observe(
    "kubelet_cgroup_manager_duration_seconds",
    { operation_type },
    (clock.now().monoMs - begunMonoMs) / 1000,
  );
}

const find = (observed: ObservedPod, id: string): ObservedContainer | undefined =>
  observed.containers.find((container) => container.id === id);

function known(observed: ObservedPod, id: string): ObservedContainer {
  const container = find(observed, id);
  if (container === undefined) throw new BerthError("Internal", `container ${id} is not known`);
  return container;
}

async function runSandbox(
  tools: Tools,
  { attempt, handler }: ActionOf<"run-sandbox">,
  step: Step,
  tellDns: (step: Step) => void,
): Promise<Outcome> {
  const { gates, meter, runtime } = tools;
  try {
    const sandbox = await gates.start(RANK.sandbox, step.withdrawn, async () => {
      step.begun();
      await tools.resolver?.refresh();
      tellDns(step);
      meter.add("kubelet_started_pods_total", {});
      // Processes whose shim died run on, and the runtime knows nothing of them: no successor may run beside them (S3).
      if (attempt > 0) await tools.cgroups?.empty(step.pod, step.givenUp);
      const own = handler === undefined ? {} : { handler };
      return runtime.runSandbox({ pod: step.pod, attempt, ...own }, step.givenUp);
    });
    return sandbox === WITHDRAWN ? { kind: "withdrawn" } : proved(step, { sandboxes: [sandbox] });
  } catch (thrown) {
    meter.add("kubelet_started_pods_errors_total", {});
    throw thrown;
  }
}

async function startContainer(tools: Tools, { id, name }: ActionOf<"start-container">, step: Step): Promise<Outcome> {
  const { clock, files, gates, meter, runtime } = tools;
  const container_type = containerType(step.pod, name);
  try {
    const started = await gates.start(RANK.start, step.withdrawn, () => {
      step.begun();
      meter.add("kubelet_started_containers_total", { container_type });
      return runtime.startContainer(id, step.givenUp);
    });
    if (started === WITHDRAWN) return { kind: "withdrawn" };
  } catch (thrown) {
    const { failure } = failed(thrown, `starting container ${name}`) as Extract<Outcome, { kind: "failed" }>;
    meter.add("kubelet_started_containers_errors_total", { container_type, code: failure.code });
    throw thrown;
  }
  const container = find(step.observed, id);
  if (container === undefined) return done();
  step.aside(`linking the log of container ${name}`, (signal) =>
    files.linkLog(step.pod, name, container.attempt, id, signal),
  );
  if (container.state !== "created") return done();
  const startedWallMs = clock.now().wallMs;
  return proved(step, { containers: [{ ...container, state: "running", startedWallMs, detailed: false }] });
}

/** A preStop is waited for until its deadline and no longer; it is then left alone, not cancelled (H8). */
async function runHook(tools: Tools, action: ActionOf<"run-hook">, step: Step): Promise<Outcome> {
  const { clock, facts, handlers } = tools;
  step.begun();
  const container = step.pod.containers.find(({ name }) => name === action.name);
  if (container === undefined) throw new BerthError("Internal", `container ${action.name} is not known`);
  const sandboxId = known(step.observed, action.id).sandboxId;
  const ips = step.observed.sandboxes.find(({ id }) => id === sandboxId)?.ips ?? [];
  const podIp = (step.pod.hostNetwork ? facts.ips[0] : ips[0]) ?? "";
  const onFallback = (address: string): void => step.notice({ kind: "httpsFallback", address });
  const request = { pod: step.pod, container, hook: action.hook, containerId: action.id, podIp, onFallback };
  const running = handlers.runHook(request, step.withdrawn);
  const failure = await untilDue(running, action.until, step, clock);
  if (step.withdrawn.aborted) return { kind: "withdrawn" };
  return done({ kind: "hook", ...(failure === "" ? {} : { failure }) });
}

async function untilDue(
  running: Promise<string>,
  until: number | undefined,
  step: Step,
  clock: Tools["clock"],
): Promise<string> {
  if (until === undefined) return running;
  const settled = new AbortController();
  const due = clock
    .sleep(until - clock.now().monoMs, AbortSignal.any([settled.signal, step.withdrawn]))
    .then((end) => (end === "elapsed" ? "" : running));
  running.catch(() => {});
  try {
    return await Promise.race([running, due]);
  } finally {
    settled.abort(OVER);
  }
}
