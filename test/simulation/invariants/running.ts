import type { Instance } from "../host/truth.ts";
import { askedAttempts } from "./asked.ts";
import type { Invariant } from "./invariant.ts";

/** Two instances of one container never run at the same time, whatever UIDs their pods have (D1, T13). */
export const oneInstance: Invariant = {
  number: 1,
  name: "one instance of a container at a time",
  watch: ({ host, fail }) => ({
    record({ object, before, after }) {
      if (object !== "container" || after?.state !== "running" || before?.state === "running") return;
      for (const other of host.runtime.state.containers.values()) {
        if (other.id === after.id || other.name !== after.name || other.state !== "running") continue;
        if (other.pod.name !== after.pod.name || other.pod.namespace !== after.pod.namespace) continue;
        fail(
          `${after.pod.name}/${after.name}#${after.attempt} starts beside #${other.attempt} (${other.pod.uid === after.pod.uid ? "same" : "other"} UID)`,
        );
      }
    },
  }),
};

/** An app container starts only in a sandbox in which every plain init container has succeeded and every sidecar began (S7 to S15). */
export const initFirst: Invariant = {
  number: 2,
  name: "no app container before every init container has succeeded",
  watch: ({ host: { truth }, fail }) => {
    const pods = new Map<string, readonly { name: string; role: string }[]>();
    return {
      call(call) {
        if (call.kind === "create") pods.set(call.request.pod.uid, call.request.pod.containers);
      },
      record({ object, before, after }) {
        if (object !== "container" || after?.state !== "running" || before?.state === "running") return;
        const containers = pods.get(after.pod.uid) ?? [];
        if (containers.find(({ name }) => name === after.name)?.role !== "app") return;
        for (const { name, role } of containers) {
          if (role === "app") continue;
          const done = truth
            .of(after.pod.uid, name)
            .some(
              (one) =>
                one.sandboxId === after.sandboxId &&
                (role === "init" ? one.exitCode === 0 && one.reason !== "OOMKilled" : one.startedAt !== undefined),
            );
          if (!done) fail(`${after.pod.name}/${after.name} starts before ${role} container ${name} has done its part`);
        }
      },
    };
  },
};

/** A record is written within this time of what it is about. */
const WRITTEN_AFTER_MS = 2000;

/** The attempt of each new instance of a UID's container is higher than all before it (S28). */
export const countsGrow: Invariant = {
  number: 3,
  name: "restart counts never go back",
  watch: ({ host: { truth, disk, clock }, fail }) => {
    /** Instances of lives that are over: their UID left nothing behind, or was forgotten after they had gone (T15, T16). */
    const past = new Set<string>();
    const asked = askedAttempts();
    const end = (uid: string, isOver: (instance: Instance) => boolean): void => {
      for (const instance of truth.ofPod(uid)) if (isOver(instance)) past.add(instance.id);
    };
    /** Instances that a plan was made with. */
    const seen = new Set<string>();
    /** Its create's answer was lost, and the runtime forgot it before anybody looked: it never began and nobody can know of it. */
    const isUnseen = ({ id, goneAt, startedAt }: Instance): boolean =>
      goneAt !== undefined && startedAt === undefined && !seen.has(id);
    let lastEndAt = 0;
    /** It never began, and the agent died before it had to write down that it was made. */
    const isUnwritten = ({ startedAt, createdAt }: Instance): boolean =>
      startedAt === undefined && createdAt > lastEndAt - WRITTEN_AFTER_MS;
    return {
      life(happens) {
        if (happens === "ends") lastEndAt = clock.now().monoMs;
        if (happens !== "begins") return;
        // Neither the runtime nor the disk tells of it any more: nobody can know that it was.
        for (const one of truth.instances.values())
          if (one.goneAt !== undefined && (!disk.tellsOf(one.uid, one.name, one.attempt) || isUnwritten(one)))
            past.add(one.id);
      },
      call: asked.note,
      plan({ observed }) {
        for (const { id } of observed.containers) seen.add(id);
      },
      cleared: (uid) => end(uid, () => true),
      nodePlan(_picture, { forget }) {
        for (const uid of forget) end(uid, ({ goneAt }) => goneAt !== undefined);
      },
      record({ object, before, after }) {
        if (object !== "container" || before !== undefined || after === undefined || asked.isLate(after)) return;
        const others = truth.of(after.pod.uid, after.name).filter(({ id }) => id !== after.id && !past.has(id));
        const earlier = others.filter((one) => !isUnseen(one));
        const highest = Math.max(-1, ...earlier.map(({ attempt }) => attempt));
        if (after.attempt <= highest)
          fail(`${after.pod.name}/${after.name} has attempt ${after.attempt} after ${highest}`);
      },
    };
  },
};
