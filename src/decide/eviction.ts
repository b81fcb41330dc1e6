import type { DesiredPod, Ending } from "../pod/desired.ts";
import type { DiskUse } from "../pod/local-storage.ts";
import type { Admission } from "../pod/plan.ts";
import type { PressureKind, PressureReading, PressureSignal, Pressures } from "../pod/pressure.ts";
import { ceilUnits, formatQuantity, quantityOfUnits, ZERO } from "../pod/quantity.ts";
import { podRequests, qosClass, readResources } from "../pod/resources.ts";
import type { ContainerUsage } from "../pod/usage.ts";
import { isCritical } from "./admission.ts";
import { SIGNALS, type Threshold, unitsOf } from "./pressure.ts";

/** A pod that has a worker and is not ending, with what its containers use; empty: nothing is known of it. */
export type Candidate = {
  readonly pod: DesiredPod;
  readonly usage: readonly ContainerUsage[];
  /** Its volumes and logs, as far as they lie on the disk that is short; empty: none, or not counted. */
  readonly files: readonly DiskUse[];
};

/** The one pod that has to go (node.md 5.1): never a critical one, and static pods are critical (I3). */
export function chooseVictim(signal: PressureSignal, candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.filter(({ pod }) => !isCritical(pod)).sort((one, other) => byRank(signal, one, other))[0];
}

/** What nothing is known of first, then who uses more than it asked for, then the least important, then the greediest. */
function byRank(signal: PressureSignal, one: Candidate, other: Candidate): number {
  const [left, right] = [standing(signal, one), standing(signal, other)];
  return (
    Number(right.unknown) - Number(left.unknown) ||
    Number(right.excess > 0) - Number(left.excess > 0) ||
    priorityOf(one) - priorityOf(other) ||
    right.excess - left.excess ||
    (one.pod.uid < other.pod.uid ? -1 : 1)
  );
}

const priorityOf = ({ pod }: Candidate): number => pod.spec.priority ?? 0;

/** Of process ids the runtime tells nothing: there only the priority counts. */
function standing(signal: PressureSignal, { pod, usage, files }: Candidate): { unknown: boolean; excess: number } {
  if (SIGNALS[signal].kind === "pid") return { unknown: false, excess: 0 };
  const ofFiles = SIGNALS[signal].kind === "disk" ? files : [];
  const parts = [...usage.map((one) => usedOf(signal, one) ?? 0), ...ofFiles.map((one) => sizeOf(signal, one))];
  const used = parts.reduce((sum, one) => sum + one, 0);
  const asked = podRequests(pod.spec).get(SIGNALS[signal].resource) ?? ZERO;
  return { unknown: usage.length === 0, excess: used - ceilUnits(asked) };
}

function usedOf(signal: PressureSignal, { workingSetBytes, more }: ContainerUsage): number | undefined {
  if (SIGNALS[signal].kind === "memory") return workingSetBytes;
  return signal.endsWith("inodesFree") ? more?.writtenInodes : more?.writtenBytes;
}

const sizeOf = (signal: PressureSignal, { bytes, inodes }: DiskUse): number =>
  signal.endsWith("inodesFree") ? inodes : bytes;

/** How its victim ends: at once under a hard threshold, within the allowed grace under a soft one. */
export function evictionOf(
  threshold: Threshold,
  reading: PressureReading,
  { pod, usage }: Pick<Candidate, "pod" | "usage">,
  maxPodGraceSeconds: number,
): Omit<Ending, "sinceMonoMs"> {
  const isSoft = threshold.graceMs !== undefined;
  const graceSeconds = Math.max(1, isSoft ? Math.min(maxPodGraceSeconds, pod.graceSeconds) : 1);
  const message = evictionMessage(threshold, reading, { pod, usage });
  return { cause: "evicted", graceSeconds, result: { phase: "Failed", reason: "Evicted", message } };
}

const binary = (units: number): string => formatQuantity(quantityOfUnits(units, "binary"));
const decimal = (units: number): string => formatQuantity(quantityOfUnits(units));

function evictionMessage(
  { signal, amount }: Threshold,
  reading: PressureReading,
  { pod, usage }: Pick<Candidate, "pod" | "usage">,
): string {
  const { resource, kind } = SIGNALS[signal];
  const write = kind === "pid" || signal.endsWith("inodesFree") ? decimal : binary;
  const said = `Threshold quantity: ${write(unitsOf(amount, reading))}, available: ${write(reading.available)}. `;
  const offenders = usage.flatMap((one) => {
    const used = usedOf(signal, one) ?? 0;
    const spec = pod.containers.find(({ name }) => name === one.container)?.spec;
    const asked = ceilUnits(readResources(spec?.resources?.requests).get(resource) ?? ZERO);
    const name = `Container ${one.container} was using ${write(used)}, request is ${write(asked)}, has larger consumption of ${resource}. `;
    return used > asked ? [name] : [];
  });
  return [`The node was low on resource: ${resource}. `, said, ...offenders].join("");
}

const CONDITIONS: Readonly<Record<PressureKind, string>> = {
  memory: "MemoryPressure",
  disk: "DiskPressure",
  pid: "PIDPressure",
};

/** What keeps a pod that is not critical away while the node is short of something (node.md 4). */
export function pressureRefusal(pod: DesiredPod, pressures: Pressures): Admission | undefined {
  const kinds = (["memory", "disk", "pid"] as const).filter((kind) => pressures[kind]);
  if (kinds.length === 0 || isCritical(pod)) return undefined;
  const onlyMemory = kinds.every((kind) => kind === "memory");
  if (onlyMemory && (qosClass(pod.spec) !== "BestEffort" || toleratesMemoryPressure(pod))) return undefined;
  const message = `The node had condition: [${kinds.map((kind) => CONDITIONS[kind]).join(" ")}]. `;
  return { kind: "refused", reason: "Evicted", message };
}

const toleratesMemoryPressure = ({ spec }: DesiredPod): boolean =>
  (spec.tolerations ?? []).some(
    ({ key = "", operator = "Equal", value = "", effect = "" }) =>
      (key === "node.kubernetes.io/memory-pressure" || (key === "" && operator === "Exists")) &&
      (operator === "Exists" || value === "") &&
      (effect === "" || effect === "NoSchedule"),
  );
