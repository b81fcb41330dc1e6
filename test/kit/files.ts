import type { Clock } from "../../src/base/clock.ts";
import { BerthError } from "../../src/base/errors.ts";
import type { DocumentBodies } from "../../src/pod/document.ts";
import type { Problem } from "../../src/pod/problem.ts";
import type { PodFiles, PodName, PreparedMount, StoredPod } from "../../src/ports.ts";

/** The agent's part of a disk, in memory; it outlives an agent as a disk does. */
export type FakeFiles = {
  readonly files: PodFiles;
  /** UIDs of pods that have a home. */
  readonly homes: ReadonlySet<string>;
  readonly records: ReadonlyMap<string, StoredPod>;
  /** `uid/volume` with the names of the documents that it was made from. */
  readonly volumes: ReadonlyMap<string, readonly string[]>;
  readonly links: readonly string[];
  /** Everything is gone, as after a reinstallation. */
  wipe(): void;
  /** From now on every write fails as on a full disk, or works again. */
  full(isFull: boolean): void;
  /** The runtime has opened the log of an instance. */
  wroteLog(podUid: string, container: string, attempt: number): void;
  /** The record of the pod of this name is damaged, as by a host that lost its power; a later write mends it. */
  tear(pod: string): void;
  /** A record that can be read, or a log, tells of this instance. */
  tellsOf(podUid: string, container: string, attempt: number): boolean;
  /** What a container of this name leaves at its terminationMessagePath. */
  leaves(container: string, message: string): void;
};

/** An empty disk; `onWrite` is told of each change. */
export function makeFakeFiles(options: {
  readonly clock: Clock;
  readonly writeMs?: number;
  readonly onWrite?: (line: string) => void;
  /** Nothing of the pod of this UID is left on the disk. */
  readonly onCleared?: (podUid: string) => void;
}): FakeFiles {
  const { clock, writeMs = 1, onWrite = () => {}, onCleared = () => {} } = options;
  const homes = new Set<string>();
  /** As text, so that nothing is shared with the agent. */
  const records = new Map<string, string>();
  const volumes = new Map<string, readonly string[]>();
  /** Attempts that have a log, by `uid/container`. */
  const logs = new Map<string, Set<number>>();
  const messages = new Map<string, string>();
  const links: string[] = [];
  /** UIDs of records that are damaged. */
  const torn = new Set<string>();
  let isFull = false;

  const write = async (line: string, change: () => void, signal: AbortSignal): Promise<void> => {
    await clock.sleep(writeMs, signal);
    signal.throwIfAborted();
    if (isFull) throw new BerthError("FileFailed", `${line}: no space left on device`);
    onWrite(line);
    change();
  };
  const logged = (key: string, attempt: number): void => {
    const attempts = logs.get(key) ?? new Set();
    logs.set(key, attempts.add(attempt));
  };
  const logKey = (pod: PodName, container: string): string => `${pod.uid}/${container}`;

  const files: PodFiles = {
    makeHome: (pod, signal) => write(`make home ${pod.name}`, () => homes.add(pod.uid), signal),
    setVolume: (pod, volume, bodies: DocumentBodies, signal) =>
      write(`set volume ${pod.name}/${volume}`, () => volumes.set(`${pod.uid}/${volume}`, [...bodies.keys()]), signal),
    async prepareContainer({ pod, container, attempt }, signal): Promise<readonly PreparedMount[]> {
      await write(`prepare ${pod.name}/${container.name}#${attempt}`, () => {}, signal);
      return [];
    },
    readVolumeFile: async () => undefined,
    async linkLog(pod, container, attempt) {
      links.push(`${pod.name}/${container}#${attempt}`);
      logged(logKey(pod, container), attempt);
    },
    readMessage: async (_pod, { name }) => messages.get(name) ?? "",
    removeInstance: (pod, container, attempt, _id, signal) =>
      write(
        `remove instance ${pod.name}/${container}#${attempt}`,
        () => void logs.get(logKey(pod, container))?.delete(attempt),
        signal,
      ),
    async lastAttempt(pod, container) {
      const attempts = logs.get(logKey(pod, container));
      return attempts === undefined || attempts.size === 0 ? undefined : Math.max(...attempts);
    },
    async clearHome(pod, keep, signal) {
      const clear = (): void => {
        for (const key of [...volumes.keys()]) if (key.startsWith(`${pod.uid}/`)) volumes.delete(key);
        if (keep === "logs") return;
        for (const key of [...logs.keys()]) if (key.startsWith(`${pod.uid}/`)) logs.delete(key);
        homes.delete(pod.uid);
        records.delete(pod.uid);
        torn.delete(pod.uid);
        onCleared(pod.uid);
      };
      await write(`clear home ${pod.name} keeping ${keep}`, clear, signal);
    },
    loadRecords: async () => ({
      pods: [...records].filter(([uid]) => !torn.has(uid)).map(([, text]) => parse(text)),
      problems: [...torn].map((uid) => tornRecord(uid)),
      unrecorded: [...new Set([...homes, ...torn])].filter((uid) => torn.has(uid) || !records.has(uid)),
    }),
    saveRecord(stored, signal) {
      const save = (): void => {
        torn.delete(stored.uid);
        records.set(stored.uid, JSON.stringify(stored));
      };
      return write(`save record ${stored.name}`, save, signal);
    },
    logPath: (pod, container, attempt) =>
      `/var/log/pods/${pod.namespace}_${pod.name}_${pod.uid}/${container}/${attempt}.log`,
  };

  return {
    files,
    homes,
    get records() {
      return new Map([...records].map(([uid, text]) => [uid, parse(text)]));
    },
    volumes,
    links,
    wipe() {
      for (const all of [homes, records, volumes, logs]) all.clear();
    },
    full(next) {
      isFull = next;
    },
    wroteLog: (podUid, container, attempt) => logged(`${podUid}/${container}`, attempt),
    tear(pod) {
      for (const [uid, text] of records) if (parse(text).name === pod) torn.add(uid);
    },
    tellsOf: (podUid, container, attempt) =>
      (records.has(podUid) && !torn.has(podUid)) || logs.get(`${podUid}/${container}`)?.has(attempt) === true,
    leaves: (container, message) => void messages.set(container, message),
  };
}

const parse = (text: string): StoredPod => JSON.parse(text) as StoredPod;

const tornRecord = (uid: string): Problem => ({
  code: "RecordTorn",
  severity: "warning",
  file: `pods/${uid}/berth.json`,
  message: "the record is damaged",
  advice: "nothing: it is written anew",
});
