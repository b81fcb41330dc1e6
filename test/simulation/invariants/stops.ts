import type { DesiredPod } from "../../../src/pod/desired.ts";
import type { Picture } from "../../../src/pod/plan.ts";
import type { Invariant } from "./invariant.ts";

/** Smallest timeout of any stop, in seconds (H9). */
const LEAST_SECONDS = 2;
const NOISE_MS = 1001;

/** From its first stop or preStop a container has its whole grace, and its preStop has begun before it is signalled (H7 to H9, T1, T2). */
export const graceIsGiven: Invariant = {
  number: 9,
  name: "grace and hooks are given",
  watch: ({ host: { truth, clock }, fail }) => {
    /** First stop or preStop of an instance. */
    const begun = new Map<string, number>();
    const hooked = new Set<string>();
    const pods = new Map<string, Picture>();
    const resetting = new Set<string>();
    /** Instances that a restart of all containers has begun to stop: a grace only shrinks, so none comes back later (T2). */
    const reset = new Set<string>();
    /** The agent's life in which the stop of an instance was decided. */
    const decided = new Map<string, number>();
    let life = 0;
    /** A grace goes on over a restart of the agent (T2): one that was used up while none ran leaves no time for a preStop (H9). */
    const isUsedUp = (id: string, { memory }: Picture): boolean =>
      (decided.get(id) ?? life) < life && (memory.instances[id]?.stop?.byWallMs ?? Infinity) <= clock.now().wallMs;
    return {
      life(happens) {
        if (happens === "begins") life += 1;
      },
      plan(picture, { memory, holds }) {
        const { uid } = picture.desired;
        for (const [id, { stop }] of Object.entries(memory.instances))
          if (stop !== undefined && !decided.has(id)) decided.set(id, life);
        pods.set(uid, { ...picture, memory });
        if (holds.some(({ reason }) => reason === "RestartingAllContainers")) resetting.add(uid);
        else resetting.delete(uid);
      },
      hook({ hook, containerId }) {
        if (hook !== "preStop") return;
        hooked.add(containerId);
        if (!begun.has(containerId)) begun.set(containerId, clock.now().monoMs);
      },
      call(call) {
        if (call.kind !== "stop") return;
        const instance = truth.instances.get(call.id);
        const picture = instance && pods.get(instance.uid);
        if (instance === undefined || picture === undefined || instance.endedAt !== undefined) return;
        const { monoMs } = clock.now();
        const who = `${instance.pod}/${instance.name}#${instance.attempt}`;
        if (call.timeoutSeconds < LEAST_SECONDS) fail(`${who} is stopped with ${call.timeoutSeconds} s`);
        if (picture.ending?.cause === "orphaned") return;
        // A restart of all containers gives neither grace nor hooks, nor the rest of a grace that is under way (S24).
        if (resetting.has(instance.uid)) reset.add(call.id);
        if (reset.has(call.id)) return;
        const container = picture.desired.containers.find(({ name }) => name === instance.name);
        if (container === undefined || container.role === "sidecar") return;
        const since = begun.get(call.id) ?? monoMs;
        begun.set(call.id, since);
        const graceMs =
          Math.min(graceOf(picture.desired), picture.ending?.graceSeconds ?? Number.POSITIVE_INFINITY) * 1000;
        if (monoMs + call.timeoutSeconds * 1000 < since + graceMs - NOISE_MS)
          fail(`${who} is given ${call.timeoutSeconds} s, ${Math.round(monoMs - since)} ms after its stop began`);
        const hasHook = container.spec.lifecycle?.preStop !== undefined && graceMs > 0;
        if (hasHook && !hooked.has(call.id) && instance.startedAt !== undefined && !isUsedUp(call.id, picture))
          fail(`${who} is stopped without its preStop`);
      },
    };
  },
};

const graceOf = ({ graceSeconds }: DesiredPod): number => graceSeconds;

/** Whoever is stopped was told of by a Killing event before (H8). */
export const stopsAreTold: Invariant = {
  number: 10,
  name: "no container is stopped without a cause that an event names",
  watch: ({ host: { truth }, fail }) => {
    const told = new Map<string, number>();
    const killed = (uid: string, name: string): string => `${uid}/${name}`;
    return {
      life: () => told.clear(),
      told(_picture, events) {
        for (const { reason, object } of events) {
          if (reason !== "Killing" || object.kind !== "Pod") continue;
          const name = /\{(.*)\}/.exec(object.fieldPath ?? "")?.[1] ?? "";
          // One that a call made long after it was given up is no successor.
          const attempts = truth.of(object.uid, name).map(({ attempt }) => attempt);
          told.set(killed(object.uid, name), Math.max(0, ...attempts));
        }
      },
      call(call) {
        const instance = call.kind === "stop" ? truth.instances.get(call.id) : undefined;
        if (instance === undefined || instance.endedAt !== undefined) return;
        if ((told.get(killed(instance.uid, instance.name)) ?? -1) < instance.attempt)
          fail(`${instance.pod}/${instance.name}#${instance.attempt} is stopped and no event said why`);
      },
    };
  },
};
