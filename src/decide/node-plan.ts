import { type DesiredPod, type EndCause, type PodKey, podKey } from "../pod/desired.ts";
import type { NodePicture, NodePlan, Stranger, WorkerFacts } from "../pod/node-plan.ts";
import type { Admission } from "../pod/plan.ts";
import { forbiddenSysctl } from "../pod/sysctl.ts";
import { admit, allocatableOf, isCritical, nothingTaken, type Totals, withPod } from "./admission.ts";
import { pressureRefusal } from "./eviction.ts";
import { victimsFor } from "./preempt.ts";
import { resizesOf } from "./resize-admission.ts";
import { carryShutdown, comesBack, SHUTTING_DOWN, shutdownEnds, shutdownWakeAt } from "./shutdown.ts";
import { isHeard, sourceOf, unclaimed } from "./strangers.ts";

/** What follows between pods: who begins, ends and is forgotten, whose name's turn it is, who is admitted. */
export function nextNodePlan(picture: NodePicture): NodePlan {
  const asked = new Map(picture.asked.map((pod) => [pod.uid, pod]));
  const workers = picture.workers.toSorted((one, other) => one.arrival - other.arrival);
  const strangers = unclaimed(picture);
  const turns = turnsOf(workers);
  const shutdown = picture.shutdown && carryShutdown(picture.shutdown, workers, picture.now.monoMs);
  const wakeAt = shutdown && shutdownWakeAt(shutdown);
  const leaves = (worker: WorkerFacts): boolean =>
    isLeaving(worker) ? worker.cleaned && !staysBound(worker, asked) : picture.hostGoesOn && comesBack(worker);
  const { admissions, preempted, taken } = admissionsOf(picture, workers, turns);
  return {
    begin: beginnersOf(picture.asked, workers, strangers),
    end: [
      ...endsOf(picture, workers, asked),
      ...deletionsOf(workers, asked),
      ...preempted.map(preemption),
      ...(shutdown === undefined ? [] : shutdownEnds(shutdown, workers)),
    ],
    forget: workers.filter(leaves).map(({ pod }) => pod.uid),
    orphans: strangers.filter((stranger) => isHeard(sourceOf(stranger), picture)).map(({ uid }) => uid),
    turns,
    admissions,
    resizes: resizesOf(
      workers,
      allocatableOf(picture.facts, picture.settings, picture.placement),
      taken,
      picture.workersBefore,
    ),
    waiting: waitingOf(workers, turns),
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(wakeAt === undefined ? {} : { wakeAt }),
  };
}

/** Endings after which a pod's name is free: the pod left its source. Others keep the pod to be seen (T8). */
const LEAVING: readonly EndCause[] = ["removed", "replaced", "orphaned", "deleted"];

const isLeaving = ({ ending }: WorkerFacts): boolean => ending !== undefined && LEAVING.includes(ending.cause);

/** Nothing is left of a pod that was told to leave. */
export const isGone = (worker: WorkerFacts | undefined): boolean =>
  worker !== undefined && isLeaving(worker) && worker.cleaned;

/** A pod of an API server has one life: it is remembered as ended until the server has forgotten it (P1). */
const staysBound = ({ pod }: WorkerFacts, asked: ReadonlyMap<string, DesiredPod>): boolean =>
  pod.origin.kind === "api" && asked.has(pod.uid);

/**
 * A UID that is asked for again while its last life still ends begins only after that (T16). A stranger that has the name of
 * a new pod gets its worker first, so that the new one waits for it (T13).
 */
function beginnersOf(
  asked: readonly DesiredPod[],
  workers: readonly WorkerFacts[],
  strangers: readonly Stranger[],
): readonly DesiredPod[] {
  const known = new Set(workers.map(({ pod }) => pod.uid));
  const heldNames = new Set(strangers.map(podKey));
  const held = (pod: DesiredPod): boolean => heldNames.has(podKey(pod));
  return asked.filter((pod) => !known.has(pod.uid) && !held(pod));
}

/**
 * What no source asks for any more ends by its own grace (8.2), as soon as its source is heard (F14); its name may already be
 * asked for by another UID (T13).
 */
function endsOf(
  picture: NodePicture,
  workers: readonly WorkerFacts[],
  askedByUid: ReadonlyMap<string, DesiredPod>,
): NodePlan["end"] {
  const names = new Set(picture.asked.map(podKey));
  return workers
    .filter(
      (worker) => !isAsked(worker.pod, askedByUid) && !isLeaving(worker) && isHeard(worker.pod.origin.kind, picture),
    )
    .map(({ pod }) => ({
      uid: pod.uid,
      ending: { cause: names.has(podKey(pod)) ? "replaced" : "removed", graceSeconds: Math.max(pod.graceSeconds, 1) },
    }));
}

/** What is deleted from the API server ends by the grace that it gives, which may shrink later (node.md 3.4, T2). */
function deletionsOf(workers: readonly WorkerFacts[], asked: ReadonlyMap<string, DesiredPod>): NodePlan["end"] {
  return workers.flatMap((worker): NodePlan["end"] => {
    const deletion = asked.get(worker.pod.uid)?.bound?.deletion;
    if (deletion === undefined) return [];
    const graceSeconds = Math.max(deletion.graceSeconds, 1);
    if (isLeaving(worker) && (worker.ending?.graceSeconds ?? 0) <= graceSeconds) return [];
    return [{ uid: worker.pod.uid, ending: { cause: "deleted", graceSeconds } }];
  });
}

/** A UID that a manifest gives, under another name, is another pod: it begins when this one has left (F11b). */
function isAsked(pod: DesiredPod, askedByUid: ReadonlyMap<string, DesiredPod>): boolean {
  const asked = askedByUid.get(pod.uid);
  return asked !== undefined && podKey(asked) === podKey(pod);
}

/** A name belongs to the oldest worker that has it until that one left its source and is finished (T13, T14). */
function turnsOf(workers: readonly WorkerFacts[]): ReadonlyMap<string, boolean> {
  const taken = new Set<PodKey>();
  const turns = new Map<string, boolean>();
  for (const worker of workers) {
    const key = podKey(worker.pod);
    turns.set(worker.pod.uid, !taken.has(key));
    if (!(isLeaving(worker) && worker.finished)) taken.add(key);
  }
  return turns;
}

/**
 * Who runs already takes its room without being asked; then each other pod, in order of arrival, as one unit from running
 * totals. A refused pod is asked again each time, so that it runs when room appears. A critical one that lacks nothing but
 * room gets that of lesser pods, and waits until they have ended.
 */
function admissionsOf(
  picture: NodePicture,
  workers: readonly WorkerFacts[],
  turns: ReadonlyMap<string, boolean>,
): { admissions: ReadonlyMap<string, Admission>; preempted: readonly Preempted[]; taken: Totals } {
  const free = allocatableOf(picture.facts, picture.settings, picture.placement);
  const holding = workers.filter(takesRoom);
  const preempted: Preempted[] = [];
  let taken = totalsOf(holding);
  /** Room that is promised to pods which wait for it. */
  let promised = nothingTaken;
  const admissions = new Map<string, Admission>();
  for (const worker of workers) {
    const { uid } = worker.pod;
    if (isAdmitted(worker) || worker.byShutdown) admissions.set(uid, { kind: "admitted" });
    else if (isRefusedForGood(worker)) admissions.set(uid, worker.admission);
    else if (worker.pod.bound?.over !== undefined) admissions.set(uid, { kind: "admitted" });
    else if (worker.ending !== undefined || turns.get(uid) !== true) admissions.set(uid, { kind: "waiting" });
    else if (picture.shutdown !== undefined) admissions.set(uid, SHUTTING_DOWN);
    else {
      const pressed = picture.pressures && pressureRefusal(worker.pod, picture.pressures);
      const beyond = sysctlRefusal(worker.pod, picture) ?? groupsRefusal(worker.pod, picture);
      const refusal = unfitRefusal(worker.pod) ?? pressed ?? beyond;
      const admission = refusal ?? admit(worker.pod, picture.facts, free, taken, picture.placement);
      const victims = lacksRoom(worker.pod, admission) ? victimsOf(worker.pod) : undefined;
      admissions.set(uid, victims === undefined ? admission : { kind: "waiting" });
      if (victims !== undefined) {
        preempted.push(...victims.map((victim) => ({ victim, lack: lackOf(admission) })));
        promised = withPod(promised, worker.pod);
      }
      if (admission.kind === "admitted") taken = withPod(taken, worker.pod);
    }
  }
  return { admissions, preempted, taken: plus(taken, promised) };

  /** Who has to end besides those that are to end for others already; undefined when that would not help. */
  function victimsOf(pod: DesiredPod): readonly WorkerFacts[] | undefined {
    const left = holding.filter(
      (one) => one.ending?.cause !== "preempted" && !preempted.some(({ victim }) => victim === one),
    );
    const going = holding.filter((one) => !left.includes(one));
    const later = minus(plus(taken, promised), totalsOf(going));
    return victimsFor(pod, left, free, later);
  }
}

const totalsOf = (workers: readonly WorkerFacts[]): Totals =>
  workers.reduce((totals, { pod }) => withPod(totals, pod), nothingTaken);

const plus = (one: Totals, other: Totals): Totals => ({
  pods: one.pods + other.pods,
  cpuMillis: one.cpuMillis + other.cpuMillis,
  memoryBytes: one.memoryBytes + other.memoryBytes,
  // Nobody has to end for these: room of pods, processors and memory is all that is asked of the totals from here on.
  others: one.others,
  hostPorts: one.hostPorts,
});
const minus = (one: Totals, { pods, cpuMillis, memoryBytes }: Totals): Totals =>
  plus(one, { pods: -pods, cpuMillis: -cpuMillis, memoryBytes: -memoryBytes, others: new Map(), hostPorts: [] });

/** A critical pod for which there is no room, and against which nothing else stands. */
const lacksRoom = (pod: DesiredPod, admission: Admission): boolean =>
  isCritical(pod) && admission.kind === "refused" && ROOM.includes(admission.reason);
const ROOM: readonly string[] = ["OutOfpods", "OutOfcpu", "OutOfmemory"];

/** A pod that has to end, and what a critical one lacks. */
type Preempted = { readonly victim: WorkerFacts; readonly lack: string };
/** `cpu` of OutOfcpu. */
const lackOf = (admission: Admission): string =>
  admission.kind === "refused" ? admission.reason.slice("OutOf".length) : "";

/** The end of a pod whose room a critical one needs (node.md 4). */
function preemption({ victim: { pod }, lack }: Preempted): NodePlan["end"][number] {
  const message = "Preempted in order to admit critical pod";
  const result = { phase: "Failed", reason: "Preempting", message } as const;
  const ending = { cause: "preempted", graceSeconds: Math.max(pod.graceSeconds, 1), result } as const;
  return { uid: pod.uid, ending, lack };
}

/** The server's controllers replace a pod that was refused: it does not come back (node.md 4). */
const isRefusedForGood = ({ pod, admission }: WorkerFacts): boolean =>
  pod.origin.kind === "api" && admission.kind === "refused";

/** A pod that asks for what the node does not have is refused with the fields that say so. */
function unfitRefusal({ bound }: DesiredPod): Admission | undefined {
  if (bound?.unfit === undefined) return undefined;
  const message = `Pod requires node features that are not available: ${bound.unfit}`;
  return { kind: "refused", reason: "PodFeatureUnsupported", message };
}

/** A sysctl that is the whole host's, or that the node does not allow, keeps the pod away (node.md 4). */
function sysctlRefusal(pod: DesiredPod, { settings }: NodePicture): Admission | undefined {
  const name = forbiddenSysctl(pod, settings.allowedUnsafeSysctls ?? []);
  if (name === undefined) return undefined;
  return { kind: "refused", reason: "SysctlForbidden", message: `forbidden sysctl: "${name}" not allowlisted` };
}

/** A pod that relies on having no further groups must not run with them (node.md 4). */
function groupsRefusal({ spec }: DesiredPod, { lacksStrictGroups }: NodePicture): Admission | undefined {
  if (lacksStrictGroups !== true || spec.securityContext?.supplementalGroupsPolicy !== "Strict") return undefined;
  const message = "SupplementalGroupsPolicy=Strict is not supported in this node";
  return { kind: "refused", reason: "SupplementalGroupsPolicyNotSupported", message };
}

const isAdmitted = (worker: WorkerFacts): boolean => worker.adopted || worker.admission.kind === "admitted";

/** A pod gives its room back when nothing of it can run any more. */
const takesRoom = (worker: WorkerFacts): boolean => isAdmitted(worker) && !worker.finished && !worker.terminal;

function waitingOf(
  workers: readonly WorkerFacts[],
  turns: ReadonlyMap<string, boolean>,
): ReadonlyMap<PodKey, readonly string[]> {
  const waiting = new Map<PodKey, readonly string[]>();
  for (const { pod } of workers) {
    if (turns.get(pod.uid) === true) continue;
    const key = podKey(pod);
    waiting.set(key, [...(waiting.get(key) ?? []), pod.uid]);
  }
  return waiting;
}
