import type { DesiredPod } from "../../../src/pod/desired.ts";
import { askedBy } from "../host/directory.ts";
import type { Host } from "../host/host.ts";
import type { Invariant } from "./invariant.ts";

/** Once trouble has ended, the runtime comes to hold exactly what the directory asks for. */
export const comesToRest: Invariant = {
  number: 6,
  name: "once faults stop, the runtime holds exactly what the directory asks for",
  watch: ({ host, fail }) => ({
    calm() {
      const asked = askedBy(host.directory.truth());
      for (const problem of problemsOf(host, asked)) fail(problem);
    },
  }),
};

/** Nothing is left to be done. */
export const isAtRest = (host: Host): boolean => problemsOf(host, askedBy(host.directory.truth())).next().done === true;

function* problemsOf(host: Host, asked: ReadonlyMap<string, DesiredPod>): Generator<string> {
  const { state } = host.runtime;
  for (const { id, pod } of [...state.sandboxes.values(), ...state.containers.values()]) {
    if (!asked.has(pod.uid) && !host.foreign.has(id))
      yield `${pod.name} (${pod.uid.slice(0, 8)}) left ${id} in the runtime`;
  }
  for (const uid of [...host.disk.homes, ...host.disk.records.keys()]) {
    if (!asked.has(uid)) yield `${uid.slice(0, 8)} left a home or record`;
  }
  for (const pod of asked.values()) yield* problemsOfPod(host, pod);
  const shown = host.agent()?.view.pods() ?? [];
  for (const { metadata } of shown) if (!asked.has(String(metadata?.uid))) yield `${metadata?.name} is still shown`;
}

function* problemsOfPod(host: Host, pod: DesiredPod): Generator<string> {
  const { state } = host.runtime;
  const shown = host
    .agent()
    ?.view.pods()
    .find(({ metadata }) => metadata?.uid === pod.uid);
  if (shown === undefined) {
    yield `${pod.name} is not shown`;
    return;
  }
  const phase = shown.status?.phase;
  const running = [...state.containers.values()].filter((one) => one.pod.uid === pod.uid && one.state === "running");
  const ready = [...state.sandboxes.values()].filter((one) => one.pod.uid === pod.uid && one.state === "ready");
  if (phase === "Succeeded" || phase === "Failed") {
    if (mustRun(pod)) yield `${pod.name} is ${phase} (${shown.status?.reason ?? ""}) though it is to run`;
    if (running.length + ready.length > 0)
      yield `${pod.name} is ${phase} and ${running.length} containers, ${ready.length} sandboxes of it live`;
    return;
  }
  if (ready.length !== 1) yield `${pod.name} is ${phase} and has ${ready.length} ready sandboxes`;
  for (const { name, role } of pod.containers) {
    const count = running.filter((one) => one.name === name).length;
    const wanted = role === "init" ? 0 : 1;
    if (count !== wanted && !(role === "app" && pod.restartPolicy !== "Always" && count === 0))
      yield `${count} instances of ${pod.name}/${name} run, a ${role} container; the pod is ${phase}: ${waiting(host, pod)}`;
  }
}

const mustRun = (pod: DesiredPod): boolean => pod.restartPolicy === "Always" && pod.activeDeadlineSeconds === undefined;

const waiting = (host: Host, { namespace, name }: DesiredPod): string =>
  JSON.stringify(host.agent()?.view.holds(`${namespace}/${name}`));
