import type { MonoMs } from "../base/clock.ts";
import type { FailureMemory, InstanceMemory, PodMemory, StartMemory } from "../pod/memory.ts";
import type { ObservedContainer, ObservedPod } from "../pod/observed.ts";
import type { Picture } from "../pod/plan.ts";
import { neededRefs } from "./image-need.ts";
import { isAlive } from "./instances.ts";

/** The wall clock has jumped when its distance from the monotonic one changed by more than this. */
const JUMP_MS = 1000;

/**
 * What a plan notes before it decides anything: when the pod and its instances began and ended on the agent's own clock, so
 * that no jump of the wall clock shortens or stretches a wait; and it forgets what is about nothing any more.
 */
export function noteMoments(memory: PodMemory, picture: Picture): PodMemory {
  return forget(noteCounts(clearErrors(noteEnds(noteStart(memory, picture), picture), picture), picture), picture);
}

/** B13: a container that runs was started, whatever its call said; only a failed postStart still counts against it. */
function clearErrors(memory: PodMemory, { observed }: Picture): PodMemory {
  const running = observed.containers.filter(({ state, id }) => {
    return state === "running" && memory.instances[id]?.postStart !== "failed";
  });
  const stale = running.filter(({ name }) => memory.starts[name]?.error !== undefined);
  if (stale.length === 0) return memory;
  const starts = { ...memory.starts };
  for (const { name } of stale) {
    const { error: _over, retryAt: _past, ...start } = starts[name] ?? {};
    starts[name] = start;
  }
  return { ...memory, starts };
}

/** P5: the first moment that the pod is more than a name in a queue. */
function noteStart(memory: PodMemory, { now, around, observed, ending }: Picture): PodMemory {
  const begun =
    (around.turn && ending === undefined) || observed.sandboxes.length > 0 || observed.containers.length > 0;
  if (memory.startedAt !== undefined || (memory.startedWallMs === undefined && !begun)) return memory;
  const startedWallMs = memory.startedWallMs ?? now.wallMs;
  return { ...memory, startedWallMs, startedAt: now.monoMs - Math.max(0, now.wallMs - startedWallMs) };
}

/** How far the count of each container is: it goes on from there when its instances are gone (S25, S28). */
function noteCounts(memory: PodMemory, { desired, observed }: Picture): PodMemory {
  let { starts } = memory;
  for (const { name } of desired.containers) {
    const start = starts[name] ?? {};
    const newest = observed.containers.reduce<ObservedContainer | undefined>(
      (most, one) => (one.name === name && one.attempt >= (most?.attempt ?? start.attempt ?? 0) ? one : most),
      undefined,
    );
    if (newest !== undefined) starts = { ...starts, [name]: { ...start, ...countOf(start, newest) } };
  }
  return starts === memory.starts ? memory : { ...memory, starts };
}

/**
 * An instance that the record of an earlier agent did not count is younger than the decision that stands there: its own was
 * made no later than itself (B6).
 */
function countOf(
  { decidedAt, decidedWallMs }: StartMemory,
  { attempt, createdWallMs }: ObservedContainer,
): StartMemory {
  const isStale = decidedAt === undefined && decidedWallMs !== undefined && decidedWallMs < createdWallMs;
  return { attempt: attempt + 1, ...(isStale ? { decidedWallMs: createdWallMs } : {}) };
}

function noteEnds(memory: PodMemory, picture: Picture): PodMemory {
  const changes = picture.observed.containers.flatMap((container): [string, InstanceMemory][] => {
    const known = memory.instances[container.id] ?? {};
    const next = noteEnd(known, container, picture);
    return next === known ? [] : [[container.id, next]];
  });
  if (changes.length === 0) return memory;
  return { ...memory, instances: { ...memory.instances, ...Object.fromEntries(changes) } };
}

function noteEnd(known: InstanceMemory, container: ObservedContainer, { now }: Picture): InstanceMemory {
  const clockGapMs = now.wallMs - now.monoMs;
  const isDead = container.state === "exited" || (container.state === "created" && known.startFailed === true);
  if (!isDead) return known.clockGapMs === undefined ? { ...known, clockGapMs } : known;
  return known.endedAt === undefined ? { ...known, endedAt: endOf(known, container, now, clockGapMs) } : known;
}

/**
 * The runtime tells the end by the wall clock. An instance that was watched from its life to its end, across a jump of that
 * clock, has ended now: never earlier than it did, so that its successor waits its whole back-off (D8).
 */
function endOf(
  known: InstanceMemory,
  { finishedWallMs }: ObservedContainer,
  now: Picture["now"],
  clockGapMs: number,
): MonoMs {
  const jumped = known.clockGapMs !== undefined && Math.abs(clockGapMs - known.clockGapMs) > JUMP_MS;
  if (finishedWallMs === undefined || jumped) return now.monoMs;
  return now.monoMs - Math.max(0, now.wallMs - finishedWallMs);
}

/** Memory stays as large as what it is about. */
function forget(memory: PodMemory, { desired, observed }: Picture): PodMemory {
  const ids = new Set(observed.containers.map(({ id }) => id));
  const names = new Set(desired.containers.map(({ name }) => name));
  const sandboxes = new Set(observed.sandboxes.map(({ id }) => id));
  const refs = neededRefs(desired);
  const instances = only(memory.instances, ids);
  const starts = only(memory.starts, names);
  const restarted = only(memory.restarted, names);
  const images = only(memory.images, refs);
  const stopped = memory.stoppedSandboxes.filter((id) => sandboxes.has(id));
  const failures = withoutEnded(memory.failures, observed);
  const same =
    instances === memory.instances &&
    starts === memory.starts &&
    restarted === memory.restarted &&
    images === memory.images &&
    failures === memory.failures &&
    stopped.length === memory.stoppedSandboxes.length;
  return same ? memory : { ...memory, instances, starts, restarted, images, failures, stoppedSandboxes: stopped };
}

/** What went wrong with the stop of an instance that has ended holds up no other: its successor has its whole grace (H9). */
function withoutEnded(failures: PodMemory["failures"], { containers }: ObservedPod): PodMemory["failures"] {
  const entries = Object.entries(failures);
  const stands = ({ id }: FailureMemory): boolean =>
    id === undefined || containers.some((one) => one.id === id && isAlive(one));
  const standing = entries.filter(([, failure]) => stands(failure));
  return standing.length === entries.length ? failures : Object.fromEntries(standing);
}

function only<T>(entries: Readonly<Record<string, T>>, wanted: ReadonlySet<string>): Readonly<Record<string, T>> {
  const kept = Object.entries(entries).filter(([key]) => wanted.has(key));
  return kept.length === Object.keys(entries).length ? entries : Object.fromEntries(kept);
}
