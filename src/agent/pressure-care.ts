import type { Clock, MonoMs } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { isCritical } from "../decide/admission.ts";
import { type Candidate, chooseVictim, evictionOf } from "../decide/eviction.ts";
import type { NodeMoment } from "../decide/node-news.ts";
import {
  bytesToReclaim,
  judgePressure,
  NO_PRESSURE,
  type PressureLimits,
  type PressureVerdict,
  SIGNALS,
  type Threshold,
} from "../decide/pressure.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { ImageStore } from "../pod/image-store.ts";
import type { DiskUse, LocalStorage } from "../pod/local-storage.ts";
import type { Meter } from "../pod/metrics.ts";
import type { WorkerFacts } from "../pod/node-plan.ts";
import type {
  PressureGauge,
  PressureKind,
  PressureReading,
  PressureReadings,
  PressureSignal,
  Pressures,
} from "../pod/pressure.ts";
import type { Runtime } from "../ports.ts";
import type { ImageCare } from "./image-care.ts";
import type { Round } from "./loop.ts";
import type { Roster } from "./roster.ts";
import { makeStorageCare } from "./storage-care.ts";
import type { Worker } from "./worker.ts";

/**
 * Watches what is left of the host, and frees some of it before the host itself suffers (node.md 5.1).
 *
 * P1  A threshold is acted on when it is met, a soft one when it was met for its grace; one at a time, memory first. The next
 *     one has its turn when nothing can be done about the first.
 * P2  On a disk, images that nobody needs go first; a pod goes only when that was not enough.
 * P3  One pod at a time, and the next only after it is gone or had its time. Static pods are never taken.
 * P4  Dead containers stay: there is one of each at most, and it is the memory of the next one's count and back-off.
 * P5  Before all thresholds, pods that have more on disk than they themselves allow have to go (storage-care.ts).
 */
export type PressureCare = {
  readonly run: Round;
  readonly beatWithinMs: number;
  pressures(): Pressures;
};

const BEAT_MS = 10_000;
/** How long a pod that was told to go is waited for, and how often it is looked after. */
const EVICTION_MS = 30_000;
const EVICTION_LOOK_MS = 1000;
/** A round asks the runtime, which may let each question run into its deadline, and removes images one after the other. */
const LONGEST_ROUND_MS = 900_000;
/** Images are not looked through again so soon when there was nothing to remove. */
const NO_IMAGES_MS = 60_000;

type Look = PressureVerdict & {
  readonly readings: PressureReadings;
  /** When they were asked for. */
  readonly readMonoMs: MonoMs;
  readonly isOneDisk: boolean;
};

/** The care for the host, not begun. */
export function makePressureCare(tools: {
  readonly gauge: PressureGauge;
  readonly limits: PressureLimits;
  /** Absent where what pods have on disk is not counted. */
  readonly storage?: LocalStorage;
  readonly imageDisk: ImageStore["disk"];
  /** Absent where images are not collected. */
  readonly images?: Pick<ImageCare, "reclaim"> | undefined;
  readonly runtime: Pick<Runtime, "usage">;
  readonly roster: Pick<Roster, "all">;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  tell(moment: NodeMoment): void;
  /** The conditions have changed. */
  onChange(): void;
}): PressureCare {
  const { gauge, limits, clock, log, meter, roster } = tools;
  const careForStorage = tools.storage && makeStorageCare({ ...tools, storage: tools.storage });
  let memory = NO_PRESSURE;
  let pressures: Pressures = { memory: false, disk: false, pid: false };
  let told: ReadonlySet<Threshold> = new Set();
  let imagesFromMonoMs = Number.NEGATIVE_INFINITY;

  const look = async (signal: AbortSignal): Promise<Look> => {
    const { monoMs: readMonoMs } = clock.now();
    const [{ readings: ofHost, rootDevice }, disk] = await Promise.all([
      gauge.read(signal),
      tools.imageDisk(signal).catch(() => undefined),
    ]);
    const readings = new Map(ofHost);
    if (disk !== undefined && disk.capacityBytes > 0) {
      readings.set("imagefs.available", { available: disk.availableBytes, capacity: disk.capacityBytes });
    }
    if (disk?.inodes !== undefined && disk.inodes.capacity > 0) readings.set("imagefs.inodesFree", disk.inodes);
    const verdict = judgePressure(memory, readings, limits, clock.now().monoMs);
    memory = verdict.memory;
    show(verdict.conditions);
    return { ...verdict, readMonoMs, readings, isOneDisk: disk?.device === rootDevice };
  };
  const show = (now: Pressures): void => {
    const changed = KINDS.filter((kind) => now[kind] !== pressures[kind]);
    pressures = now;
    for (const kind of KINDS) meter.set("berth_node_pressure", { kind }, now[kind] ? 1 : 0);
    for (const kind of changed) log.warn(`the node is ${now[kind] ? "" : "no longer "}short of ${NAMES[kind]}`);
    if (changed.length > 0) tools.onChange();
  };
  const tellOf = (due: readonly Threshold[]): void => {
    const [first] = due;
    if (first !== undefined && !told.has(first)) {
      tools.tell({ kind: "reclaiming", resource: SIGNALS[first.signal].resource });
    }
    told = new Set(due.filter((one) => one === first || told.has(one)));
  };
  /** Whether images went. */
  const reclaimImages = async (threshold: Threshold, { readings, isOneDisk }: Look, signal: AbortSignal) => {
    const wantedBytes = bytesToReclaim(threshold, readings, isOneDisk);
    if (wantedBytes === 0 || tools.images === undefined || clock.now().monoMs < imagesFromMonoMs) return false;
    const freedBytes = await tools.images.reclaim(wantedBytes, signal);
    if (freedBytes === 0) imagesFromMonoMs = clock.now().monoMs + NO_IMAGES_MS;
    return freedBytes > 0;
  };
  const workersToTake = (): readonly Worker[] => roster.all().filter((worker) => isCandidate(worker.facts()));
  const candidates = async (of: PressureSignal, isOneDisk: boolean, signal: AbortSignal) => {
    const workers = workersToTake();
    if (workers.length === 0) return [];
    const usage = await tools.runtime.usage(signal);
    const found: Candidate[] = [];
    for (const worker of workers) {
      const { pod } = worker.facts();
      const local = countsFiles(of, isOneDisk) ? await filesOf(pod, signal) : [];
      found.push({ pod, usage: usage.filter(({ podUid }) => podUid === worker.uid), files: local });
    }
    return found;
  };
  /** Nothing, where that cannot be told. */
  const filesOf = async (pod: DesiredPod, signal: AbortSignal): Promise<readonly DiskUse[]> => {
    const local = await tools.storage?.use(pod, signal).catch(() => undefined);
    signal.throwIfAborted();
    return local === undefined ? [] : [...local.volumes.values(), ...local.logs.values()];
  };
  /** Whether a pod was told to go. */
  const evictOne = async (
    threshold: Threshold,
    reading: PressureReading,
    { isOneDisk, readMonoMs }: Look,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const victim = chooseVictim(threshold.signal, await candidates(threshold.signal, isOneDisk, signal));
    const worker = roster.all().find(({ uid }) => uid === victim?.pod.uid);
    if (victim === undefined || worker === undefined) return false;
    const ending = evictionOf(threshold, reading, victim, limits.maxPodGraceSeconds);
    const sinceMonoMs = clock.now().monoMs;
    log.warn("a pod has to go", { pod: victim.pod.uid, name: victim.pod.name, signal: threshold.signal });
    const labels = { eviction_signal: threshold.signal };
    meter.add("kubelet_evictions", labels);
    meter.observe("kubelet_eviction_stats_age_seconds", labels, (sinceMonoMs - readMonoMs) / 1000);
    worker.end({ ...ending, sinceMonoMs });
    while (!signal.aborted && !worker.facts().finished && clock.now().monoMs - sinceMonoMs < EVICTION_MS) {
      await clock.sleep(EVICTION_LOOK_MS, signal);
    }
    return true;
  };
  /** What went. Where nothing can go, as with static pods alone, the next threshold has its turn. */
  const relieve = async (threshold: Threshold, seen: Look, signal: AbortSignal): Promise<"pod" | "images" | "none"> => {
    const freed = await reclaimImages(threshold, seen, signal);
    const now = freed ? await look(signal) : seen;
    const reading = now.readings.get(threshold.signal);
    const isDue = reading !== undefined && now.due.includes(threshold);
    if (isDue && (await evictOne(threshold, reading, now, signal))) return "pod";
    return freed ? "images" : "none";
  };
  /** Whether something was freed, so that the next look is due at once. */
  const round = async (signal: AbortSignal): Promise<boolean> => {
    const now = await look(signal);
    tellOf(now.due);
    // What they free is seen by the next look.
    if (await careForStorage?.(workersToTake(), signal)) return false;
    for (const threshold of now.due) {
      const relief = await relieve(threshold, now, signal);
      if (relief !== "none") return relief === "pod";
    }
    return false;
  };

  return {
    beatWithinMs: LONGEST_ROUND_MS,
    pressures: () => pressures,
    async run(signal, beat) {
      while (!signal.aborted) {
        beat();
        let again = false;
        try {
          again = await round(signal);
        } catch (error) {
          if (!signal.aborted) log.warn("what is left of the host could not be watched", { error });
        }
        if (!again) await clock.sleep(BEAT_MS, signal);
      }
    },
  };
}

const KINDS: readonly PressureKind[] = ["memory", "disk", "pid"];
const NAMES: Readonly<Record<PressureKind, string>> = { memory: "memory", disk: "disk space", pid: "process ids" };

/** Volumes and logs lie on the disk of the root directory, which may be that of the images too. */
const countsFiles = (of: PressureSignal, isOneDisk: boolean): boolean =>
  of.startsWith("nodefs") || (of.startsWith("imagefs") && isOneDisk);

const isCandidate = ({ pod, ending, finished, terminal, admission }: WorkerFacts): boolean =>
  ending === undefined && !finished && !terminal && admission.kind === "admitted" && !isCritical(pod);
