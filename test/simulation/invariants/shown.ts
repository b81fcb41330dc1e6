import type * as v1 from "../../../src/pod/v1.ts";
import type { Invariant } from "./invariant.ts";

/** What a status says of an instance was so at some moment before, and what it said last is never taken back (C1 to C9). */
export const statusIsTrue: Invariant = {
  number: 11,
  name: "the status shown was true at some moment, and never goes back",
  watch: ({ host: { truth }, fail }) => {
    /** By instance: how far it was shown to be. */
    const shown = new Map<string, "running" | "terminated">();
    /** By UID and container. */
    const counts = new Map<string, number>();
    /** By name: who was shown last. */
    const uids = new Map<string, string>();
    const drop = (uid: string): void => {
      for (const key of [...counts.keys()]) if (key.startsWith(uid)) counts.delete(key);
    };
    const check = (pod: v1.Pod, status: v1.ContainerStatus): void => {
      const who = `${pod.metadata?.name}/${status.name}`;
      const { running, terminated } = status.state ?? {};
      const id = idOf(running === undefined ? terminated?.containerID : status.containerID);
      const instance = truth.instances.get(id);
      if (instance === undefined) return;
      if (running !== undefined) {
        if (instance.startedAt === undefined) fail(`${who}#${instance.attempt} is shown to run and never did`);
        if (shown.get(id) === "terminated") fail(`${who}#${instance.attempt} is shown to run again`);
        shown.set(id, "running");
        if (status.restartCount < instance.attempt) fail(`${who}#${instance.attempt} has count ${status.restartCount}`);
      }
      if (terminated !== undefined) {
        if (instance.endedAt === undefined && instance.goneAt === undefined)
          fail(`${who}#${instance.attempt} is shown as ended and is not`);
        shown.set(id, "terminated");
        const isKnown = terminated.reason !== "ContainerStatusUnknown" && instance.exitCode !== undefined;
        if (isKnown && terminated.exitCode !== instance.exitCode && terminated.exitCode !== 255)
          fail(`${who}#${instance.attempt} ended with ${instance.exitCode} and is shown with ${terminated.exitCode}`);
      }
    };
    return {
      life: () => counts.clear(),
      nodePlan(_picture, { forget }) {
        for (const uid of forget) drop(uid);
      },
      shown(change) {
        // The last status of a life may be told after it was forgotten; with its end its counts are over.
        if (change.kind === "gone") drop(uids.get(change.key) ?? "nobody");
        if (change.kind !== "put") return;
        const { pod } = change;
        uids.set(`${pod.metadata?.namespace}/${pod.metadata?.name}`, String(pod.metadata?.uid));
        for (const status of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) {
          check(pod, status);
          const key = `${pod.metadata?.uid}/${status.name}`;
          const before = counts.get(key) ?? 0;
          if (status.restartCount < before)
            fail(`${pod.metadata?.name}/${status.name} is shown with count ${status.restartCount} after ${before}`);
          counts.set(key, status.restartCount);
        }
      },
    };
  },
};

/** So long does a record take to be on the disk, with a full disk shortly before. */
const WRITTEN_MS = 60_000;

/** The start of a pod that was shown for a while is the same after the agent came back, unless its record was damaged (D8). */
export const startIsKept: Invariant = {
  number: 21,
  name: "the start of a pod is kept over lives of the agent",
  watch: ({ host: { clock }, script, fail }) => {
    const starts = new Map<
      string,
      { readonly text: string; readonly at: number; readonly life: number; safe: boolean }
    >();
    let life = 0;
    const troubled = (until: number): boolean =>
      script.steps.some(
        ({ atMs, ...step }) =>
          (step.do === "tear-record" && atMs <= until) ||
          (step.do === "disk-full" && atMs <= until && atMs + step.forMs + WRITTEN_MS > until),
      );
    return {
      life(happens) {
        if (happens === "begins") life += 1;
        if (happens !== "ends") return;
        const { monoMs } = clock.now();
        const hurt = troubled(monoMs);
        // Only a life that shows it writes it down.
        for (const start of starts.values())
          if (start.life === life) start.safe = !hurt && monoMs - start.at > WRITTEN_MS;
          else start.safe &&= !hurt;
      },
      cleared: (uid) => void starts.delete(uid),
      nodePlan(_picture, { forget }) {
        for (const uid of forget) starts.delete(uid);
      },
      shown(change) {
        if (change.kind !== "put") return;
        const { metadata, status } = change.pod;
        const uid = String(metadata?.uid);
        const text = status?.startTime;
        if (text === undefined) return;
        const before = starts.get(uid);
        if (before?.safe === true && before.text !== text && !troubled(clock.now().monoMs))
          fail(`${metadata?.name} began at ${before.text} and is now said to have begun at ${text}`);
        if (before?.text === text && before.life === life) return;
        starts.set(uid, { text, at: clock.now().monoMs, life, safe: before?.text === text && before.safe });
      },
    };
  },
};

const idOf = (shown: string | undefined): string => shown?.replace(/^.*:\/\//, "") ?? "";
