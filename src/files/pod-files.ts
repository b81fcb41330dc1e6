import { BerthError } from "../base/errors.ts";
import { type DesiredPod, podKey } from "../pod/desired.ts";
import type { PodFiles } from "../ports.ts";
import { clearHome } from "./clear.ts";
import { readVolumeFile } from "./env-file.ts";
import { makeDirs } from "./exact.ts";
import { doing } from "./failure.ts";
import { lastAttempt, linkLog, removeInstance } from "./instance-files.ts";
import { logFile, type Places, podDir, podLogDir } from "./layout.ts";
import { readMessage } from "./message.ts";
import { makeMounts } from "./mounts.ts";
import type { PodFilesOptions } from "./options.ts";
import { prepareContainer } from "./prepare-container.ts";
import { loadRecords, makeRecordWriter } from "./records.ts";
import { setVolume } from "./set-volume.ts";
import { makeUserPaths } from "./user-paths.ts";
import { volumeSource } from "./volume-source.ts";

/** The agent's files on this host. `settings` must come from a root directory that was taken (root-dir.ts). */
export function makePodFiles(options: PodFilesOptions): PodFiles {
  const places: Places = options.settings;
  const { log, allocatable, recursiveReadOnly } = options;
  const mounts = makeMounts();
  const userPaths = makeUserPaths(options.threadPoolSize);
  const tools = { places, mounts, userPaths, allocatable, log, recursiveReadOnly, options };
  const writeRecord = makeRecordWriter(places);

  return {
    makeHome: (pod, signal) =>
      doing(`make the directories of pod ${podKey(pod)}`, "FileFailed", signal, async () => {
        await makeHome(places, pod);
        if (pod.spec.hostUsers === false) await options.users?.take(pod.uid);
      }),
    setVolume: (pod, name, bodies, signal) =>
      doing(`set up volume "${name}"`, "VolumeFailed", signal, async () => {
        const volume = pod.volumes.find((candidate) => candidate.name === name);
        if (volume === undefined) throw new BerthError("VolumeFailed", `there is no volume "${name}"`);
        await setVolume(pod, volume, bodies, tools, signal);
      }),
    prepareContainer: (request, signal) =>
      doing(`prepare container "${request.container.name}"`, "FileFailed", signal, () =>
        prepareContainer(request, tools, signal),
      ),
    readVolumeFile: (pod, name, path, signal) =>
      doing(`read a file of volume "${name}"`, "VolumeFailed", signal, async () => {
        const volume = pod.volumes.find((candidate) => candidate.name === name);
        if (!volume?.spec.emptyDir) throw new BerthError("VolumeFailed", `there is no emptyDir volume "${name}"`);
        return readVolumeFile(volumeSource(places, pod.uid, volume), path);
      }),
    linkLog: (pod, container, attempt, id, signal) =>
      doing("link a log", "FileFailed", signal, () => linkLog(places, pod, container, attempt, id)),
    readMessage: (pod, container, signal) =>
      doing("read a termination message", "FileFailed", signal, () => readMessage(places, pod, container)),
    removeInstance: (pod, container, attempt, id, signal) =>
      doing(`remove the log of container "${container}"`, "FileFailed", signal, () =>
        removeInstance(places, pod, container, attempt, id),
      ),
    lastAttempt: (pod, container, signal) =>
      doing("look for logs", "FileFailed", signal, () => lastAttempt(places, pod, container)),
    clearHome: (pod, keep, signal) =>
      doing(`clear the directories of pod ${podKey(pod)}`, "VolumeFailed", signal, async () => {
        await clearHome(places, pod, keep, mounts, signal);
        if (keep === "nothing") options.users?.leave(pod.uid);
      }),
    loadRecords: (signal) => doing("load the records of pods", "FileFailed", signal, () => loadRecords(places, signal)),
    saveRecord: (stored, signal) =>
      doing(`save the record of pod ${podKey(stored)}`, "FileFailed", signal, () => writeRecord(stored)),
    logPath: (pod, container, attempt) => logFile(places, pod, container, attempt),
  };
}

/** The pod's own directories and its log directory (5.1, S30). */
async function makeHome(places: Places, pod: DesiredPod): Promise<void> {
  const home = podDir(places, pod.uid);
  const logs = podLogDir(places, pod);
  const parts = async (): Promise<unknown> => {
    await makeDirs(home, 0o750);
    return Promise.all(["volumes", "containers"].map((part) => makeDirs(`${home}/${part}`, 0o750)));
  };
  await Promise.all([parts(), makeDirs(logs, 0o755)]);
}
