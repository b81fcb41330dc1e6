import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type DesiredPod, type Ending, podId } from "../pod/desired.ts";
import type { PodEvent } from "../pod/event.ts";
import type { PodMemory } from "../pod/memory.ts";
import type { Meter } from "../pod/metrics.ts";
import type { NodeFacts, NodeSettings } from "../pod/node.ts";
import type { Around, DocumentVersions } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";
import type { PodFiles, StoredPod } from "../ports.ts";
import { type Gates, RANK } from "./gates.ts";
import type { Perform } from "./perform.ts";
import type { Prober } from "./prober.ts";
import { makeRecordKeeper, type RecordKeeper } from "./record-keeper.ts";
import type { Rules } from "./rules.ts";
import type { RuntimeState } from "./runtime-health.ts";
import type { Store } from "./store.ts";
import type { VolumeCounts } from "./volume-counts.ts";
import { makeWorker, type Worker, type WorkerStart } from "./worker.ts";

/** A worker with the keeper of its record. */
export type Hired = { readonly worker: Worker; readonly keeper: RecordKeeper };
/** Makes the worker of a pod; its record is kept only where its manifest is known. */
export type Hire = (start: WorkerStart, manifest: v1.Pod | undefined) => Hired;

/** What all workers share. */
export type HireTools = {
  readonly rules: Rules;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly meter: Meter;
  readonly perform: Perform;
  readonly facts: NodeFacts;
  readonly settings: NodeSettings;
  readonly files: PodFiles;
  readonly gates: Gates;
  readonly store: Store;
  readonly prober: Prober;
  readonly volumes: Pick<VolumeCounts, "note">;
  versions(pod: DesiredPod): DocumentVersions;
  servicesHeard(pod: DesiredPod): boolean;
  runtimeState(): RuntimeState;
  onStatus(worker: Worker): void;
  onObserved(worker: Worker): void;
  onFacts(): void;
  onEvents(events: readonly PodEvent[]): void;
};

/** Hires over these tools. */
export function makeHire(tools: HireTools): Hire {
  const { clock, chance, files, gates, rules, store } = tools;
  const around = (pod: DesiredPod): Omit<Around, "turn" | "admission" | "restartRequests"> => {
    const { runtimeReady, networkReady, message } = tools.runtimeState();
    return {
      runtimeReady,
      networkReady,
      ...(message === undefined ? {} : { networkMessage: message }),
      asked: store.asksFor(pod),
      documents: tools.versions(pod),
      servicesHeard: tools.servicesHeard(pod),
      bootId: tools.facts.bootId,
      maxRestartDelayMs: tools.settings.maxRestartDelayMs,
    };
  };

  return (start, manifest) => {
    const { uid } = start.pod;
    const log = tools.log.bind({ pod: podId(start.pod) });
    const save = async (stored: StoredPod, signal: AbortSignal): Promise<void> => {
      await gates.home(RANK.record, signal, () => files.saveRecord(stored, signal));
    };
    const keeper = makeRecordKeeper({ save, clock, chance, log });
    const keep = (pod: DesiredPod, memory: PodMemory, ending: Ending | undefined): void => {
      const known = (store.asksFor(pod) ? store.accepted(uid)?.manifest : undefined) ?? manifest;
      const stored =
        known === undefined ? undefined : storedPod(pod, known, rules.recordOf(memory), ending, store.state().device);
      if (stored !== undefined) keeper.keep(stored);
    };
    const worker = makeWorker(start, {
      ...tools,
      log,
      keeper,
      keep,
      around,
      verdicts: () => tools.prober.verdicts(uid),
      onPlanned(picture) {
        tools.prober.follow(picture);
        tools.volumes.note(picture.desired, picture.memory.volumes);
      },
    });
    return { worker, keeper };
  };
}

function storedPod(
  pod: DesiredPod,
  manifest: v1.Pod,
  record: StoredPod["record"],
  ending: Ending | undefined,
  device: string | undefined,
): StoredPod {
  const { uid, namespace, name, seenWallMs, origin } = pod;
  const from = origin.kind === "file" ? origin : { source: origin.kind, path: "", document: 0 };
  return {
    uid,
    namespace,
    name,
    ...("source" in from ? { source: from.source } : {}),
    path: from.path,
    document: from.document,
    seenWallMs,
    manifest,
    record,
    ...(device === undefined || origin.kind !== "file" ? {} : { device }),
    // What a shutdown has ended stands in the record with its boot: after the next one the pod runs again.
    ...(ending === undefined || ending.cause === "shutdown"
      ? {}
      : { ending: { cause: ending.cause, graceSeconds: ending.graceSeconds } }),
  };
}
