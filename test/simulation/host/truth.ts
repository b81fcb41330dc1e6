import type { Clock, MonoMs } from "../../../src/base/clock.ts";
import type { Container, RecordChange, Sandbox } from "../../kit/runtime/state.ts";

/** One container from its making to its removal, as it truly was. All moments are on the simulation's own clock. */
export type Instance = {
  readonly id: string;
  readonly uid: string;
  /** `namespace/name` of its pod. */
  readonly pod: string;
  readonly name: string;
  readonly sandboxId: string;
  readonly attempt: number;
  readonly backOffMs: number;
  readonly hash: string;
  readonly createdAt: MonoMs;
  startedAt?: MonoMs;
  endedAt?: MonoMs;
  exitCode?: number;
  reason?: string;
  goneAt?: MonoMs;
};

/** One sandbox, likewise. */
export type Box = {
  readonly id: string;
  readonly uid: string;
  readonly pod: string;
  readonly attempt: number;
  readonly madeAt: MonoMs;
  /** When it stopped being ready. */
  lostAt?: MonoMs;
  goneAt?: MonoMs;
};

/** Everything that ever was in the runtime, written down as it changes, whoever knows of it. */
export type Truth = {
  readonly instances: ReadonlyMap<string, Instance>;
  readonly boxes: ReadonlyMap<string, Box>;
  /** Instances of a container, oldest first. */
  of(uid: string, name: string): readonly Instance[];
  /** All instances of a pod, oldest first. */
  ofPod(uid: string): readonly Instance[];
  boxesOf(uid: string): readonly Box[];
};

export type TruthKeeper = Truth & { note(change: RecordChange): void };

/** Nothing has been yet. */
export function makeTruth(clock: Clock): TruthKeeper {
  const instances = new Map<string, Instance>();
  const boxes = new Map<string, Box>();
  const byPod = new Map<string, Instance[]>();
  const boxesByPod = new Map<string, Box[]>();

  const made = ({ id, pod, name, sandboxId, attempt, backOffMs, hash }: Container): Instance => {
    const createdAt = clock.now().monoMs;
    const instance = { id, uid: pod.uid, pod: keyOf(pod), name, sandboxId, attempt, backOffMs, hash, createdAt };
    instances.set(id, instance);
    push(byPod, pod.uid, instance);
    return instance;
  };
  const makeBox = ({ id, pod, attempt }: Sandbox): Box => {
    const box = { id, uid: pod.uid, pod: keyOf(pod), attempt, madeAt: clock.now().monoMs };
    boxes.set(id, box);
    push(boxesByPod, pod.uid, box);
    return box;
  };

  return {
    instances,
    boxes,
    of: (uid, name) => (byPod.get(uid) ?? []).filter((one) => one.name === name),
    ofPod: (uid) => byPod.get(uid) ?? [],
    boxesOf: (uid) => boxesByPod.get(uid) ?? [],
    note(change) {
      const { monoMs } = clock.now();
      if (change.object === "sandbox") {
        const { before, after } = change;
        if (after === undefined) {
          const box = boxes.get(before?.id ?? "");
          if (box !== undefined) Object.assign(box, { lostAt: box.lostAt ?? monoMs, goneAt: monoMs });
          return;
        }
        const box = boxes.get(after.id) ?? makeBox(after);
        if (after.state === "notReady") box.lostAt ??= monoMs;
        return;
      }
      const { before, after } = change;
      if (after === undefined) {
        const gone = instances.get(before?.id ?? "");
        if (gone !== undefined) gone.goneAt = monoMs;
        return;
      }
      const instance = instances.get(after.id) ?? made(after);
      if (after.state === "running") instance.startedAt ??= monoMs;
      if (after.state === "exited" && instance.endedAt === undefined) {
        instance.endedAt = monoMs;
        if (after.exitCode !== undefined) instance.exitCode = after.exitCode;
        if (after.reason !== undefined) instance.reason = after.reason;
      }
    },
  };
}

/** It runs at this moment. */
export const isRunning = ({ startedAt, endedAt, goneAt }: Instance): boolean =>
  startedAt !== undefined && endedAt === undefined && goneAt === undefined;

const keyOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
