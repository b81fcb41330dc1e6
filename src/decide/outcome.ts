import { assertNever } from "../base/assert-never.ts";
import type { MonoMs, Now } from "../base/clock.ts";
import type { Action, ActionKind, ActionOf, Failure, Outcome, Seen } from "../pod/action.ts";
import type { ImageMemory, InstanceMemory, PodMemory, StartMemory } from "../pod/memory.ts";
import { failureKey } from "./draft.ts";

/** A step that failed is tried again after so long (0.1, S6, T6, B8). */
const RETRY_MS = 10_000;
/** A look costs little, and much waits for it. */
const LOOK_RETRY_MS = 1000;
/** Image pull back-off (B10). */
const FIRST_PULL_DELAY_MS = 10_000;
const LONGEST_PULL_DELAY_MS = 300_000;
const PULL_FORGOTTEN_AFTER_MS = 600_000;

/**
 * What an action's outcome leaves in the memory: errors, back-offs, doubts. What it proved of the runtime goes through join,
 * which has to have seen it, too, before the next plan is made.
 */
export function noteOutcome(memory: PodMemory, action: Action, outcome: Outcome, now: Now): PodMemory {
  switch (outcome.kind) {
    case "done":
      return noteDone(withoutFailure(memory, action), action, outcome.seen, now.monoMs);
    case "withdrawn":
      return noteWithdrawn(memory, action);
    case "failed":
      return noteFailed(noteDoubt(memory, action, outcome.failure, now.monoMs), action, outcome.failure, now.monoMs);
    default:
      return assertNever(outcome);
  }
}

function noteDone(memory: PodMemory, action: Action, seen: Seen | undefined, at: MonoMs): PodMemory {
  switch (action.kind) {
    case "look":
      return seen?.kind === "objects" ? noteLook(memory, seen.sighting.whole?.begunMonoMs ?? at) : memory;
    case "make-home":
      return { ...memory, home: "made", ...(action.bounds === undefined ? {} : { bounds: action.bounds }) };
    case "limit-pod":
      return noteLimits(memory, action);
    case "clear-home":
      return { ...memory, home: action.keep === "logs" ? "cleared" : "gone", volumes: {} };
    case "set-volume":
      return { ...memory, volumes: { ...memory.volumes, [action.volume]: action.version } };
    case "find-image":
      return withImage(memory, action.ref, { seen: seen?.kind === "image" ? seen.image : "missing", seenAt: at });
    case "pull-image":
      return withImage(memory, action.ref, {
        seen: seen?.kind === "image" ? seen.image : "missing",
        seenAt: at,
        pulledAt: at,
      });
    case "stop-sandbox":
      return { ...memory, stoppedSandboxes: [...new Set([...memory.stoppedSandboxes, action.id])] };
    case "create-container":
      return withStart(memory, action.name, afterMaking);
    case "start-container":
      return withStart(memory, action.name, ({ error: _over, retryAt: _past, ...start }) => start);
    case "run-hook":
      return noteHook(memory, action, seen?.kind === "hook" ? seen.failure : undefined);
    case "read-message":
      return withInstance(memory, action.id, { messageRead: true });
    case "update-container":
      return withInstance(memory, action.id, { given: action.given });
    case "run-sandbox":
    case "remove-sandbox":
    case "remove-container":
    case "stop-container":
      return memory;
    default:
      return assertNever(action);
  }
}

function noteLimits(memory: PodMemory, { bounds, sandbox }: ActionOf<"limit-pod">): PodMemory {
  const { resizing } = memory;
  if (resizing === undefined || sandbox === undefined) return { ...memory, bounds };
  return { ...memory, bounds, resizing: { ...resizing, told: true } };
}

/** A container was made: its image and its decision are used up; its error stands until it runs. */
const afterMaking = ({ error, decidedWallMs, decidedAt, attempt }: StartMemory): StartMemory => ({
  ...(attempt === undefined ? {} : { attempt }),
  ...(error === undefined ? {} : { error }),
  ...(decidedWallMs === undefined ? {} : { decidedWallMs }),
  ...(decidedAt === undefined ? {} : { decidedAt }),
});

/** A look answers the doubts that are older than its begin; of those of the very same moment, the ones it was planned for. */
function noteLook(memory: PodMemory, begunMonoMs: MonoMs): PodMemory {
  const { lookFor = [], ...rest } = memory;
  const stands = ([subject, since = 0]: [string, MonoMs | undefined]): boolean =>
    since > begunMonoMs || (since === begunMonoMs && !lookFor.some((other) => other === subject));
  return { ...rest, lookedAt: begunMonoMs, inDoubt: Object.fromEntries(Object.entries(memory.inDoubt).filter(stands)) };
}

function noteHook(memory: PodMemory, { hook, id, name }: ActionOf<"run-hook">, failure: string | undefined): PodMemory {
  if (hook === "preStop") return withInstance(memory, id, { preStop: "done" });
  if (failure === undefined) return withInstance(memory, id, { postStart: "done" });
  const failed = withInstance(memory, id, { postStart: "failed" });
  return withStart(failed, name, (start) => ({ ...start, error: { reason: "PostStartHookError", message: failure } }));
}

/**
 * A preStop that was given up is over for this agent: its grace was cut, or the agent leaves and the next one runs it again. A
 * postStart is given up when its container stops, or when the agent leaves: the next agent runs it again. Everything else is as if it had not been begun, or as the runtime shows.
 */
function noteWithdrawn(memory: PodMemory, action: Action): PodMemory {
  const isOver = action.kind === "run-hook" && action.hook === "preStop";
  return isOver ? withInstance(memory, action.id, { preStop: "cut" }) : memory;
}

/** Calls that change the runtime: only of these does it matter whether they worked. */
const WRITES: readonly ActionKind[] = [
  "run-sandbox",
  "stop-sandbox",
  "remove-sandbox",
  "create-container",
  "start-container",
  "update-container",
  "remove-container",
  "stop-container",
];

/**
 * What may have worked is in doubt; so is a name that the runtime holds for an earlier call (cri-mapping 7), a start that
 * failed, since runtimes differ in what they leave behind, and what met something that is not there any more.
 */
function noteDoubt(memory: PodMemory, action: Action, { code, effect }: Failure, at: MonoMs): PodMemory {
  const differs = code === "RuntimeNameReserved" || code === "RuntimeNotFound";
  const doubtful = effect === "unknown" || differs || action.kind === "start-container";
  if (!doubtful || !WRITES.includes(action.kind)) return memory;
  return { ...memory, inDoubt: { ...memory.inDoubt, [action.subject]: at } };
}

function noteFailed(memory: PodMemory, action: Action, failure: Failure, at: MonoMs): PodMemory {
  switch (action.kind) {
    case "pull-image":
      return notePullFailure(memory, action.ref, failure, at);
    case "create-container": {
      const error = { reason: failure.reason ?? "CreateContainerError", message: failure.message };
      const retryAt = at + RETRY_MS;
      const forgotten = withoutImages(memory);
      return withStart(forgotten, action.name, (start) => ({ ...withoutAnswer(start), error, retryAt }));
    }
    case "start-container": {
      const error = { reason: failure.reason ?? "RunContainerError", message: failure.message };
      const failed = failure.effect === "none" ? withInstance(memory, action.id, { startFailed: true }) : memory;
      return withStart(failed, action.name, (start) => ({ ...start, error, retryAt: at + RETRY_MS }));
    }
    case "run-hook":
      return noteHook(memory, action, failure.message);
    case "read-message":
      return withInstance(memory, action.id, { messageRead: true });
    case "look":
      return withFailure(memory, action, failure, at + LOOK_RETRY_MS);
    case "make-home":
    case "clear-home":
    case "set-volume":
    case "find-image":
    case "run-sandbox":
    case "stop-sandbox":
    case "remove-sandbox":
    case "update-container":
    case "limit-pod":
    case "remove-container":
    case "stop-container":
      return withFailure(memory, action, failure, at + RETRY_MS);
    default:
      return assertNever(action);
  }
}

/** B10: doubles with each failure; one that is older than ten minutes is forgotten. */
function notePullFailure(memory: PodMemory, ref: string, failure: Failure, at: MonoMs): PodMemory {
  const before = memory.images[ref]?.failed;
  const goesOn = before !== undefined && at - before.at <= PULL_FORGOTTEN_AFTER_MS;
  const delayMs = goesOn ? Math.min(before.delayMs * 2, LONGEST_PULL_DELAY_MS) : FIRST_PULL_DELAY_MS;
  return withImage(memory, ref, { failed: { delayMs, at, failure } });
}

/** An image may be why the container could not be made, its own or that of a volume: the next try asks for each again. */
function withoutImages(memory: PodMemory): PodMemory {
  const images = Object.entries(memory.images).map(([ref, { failed }]): [string, ImageMemory] => [
    ref,
    failed === undefined ? {} : { failed },
  ]);
  return { ...memory, images: Object.fromEntries(images) };
}

const withoutAnswer = ({ image: _image, wantedAt: _since, ...start }: StartMemory): StartMemory => start;

function withImage(memory: PodMemory, ref: string, changes: ImageMemory): PodMemory {
  return { ...memory, images: { ...memory.images, [ref]: { ...memory.images[ref], ...changes } } };
}

function withInstance(memory: PodMemory, id: string, changes: InstanceMemory): PodMemory {
  return { ...memory, instances: { ...memory.instances, [id]: { ...memory.instances[id], ...changes } } };
}

function withStart(memory: PodMemory, name: string, change: (start: StartMemory) => StartMemory): PodMemory {
  return { ...memory, starts: { ...memory.starts, [name]: change(memory.starts[name] ?? {}) } };
}

function withFailure(memory: PodMemory, action: Action, failure: Failure, retryAt: MonoMs): PodMemory {
  const key = failureKey(action);
  const count = (memory.failures[key]?.count ?? 0) + 1;
  const version = action.kind === "set-volume" ? { version: action.version } : {};
  const id = action.kind === "stop-container" ? { id: action.id } : {};
  return { ...memory, failures: { ...memory.failures, [key]: { failure, count, retryAt, ...version, ...id } } };
}

function withoutFailure(memory: PodMemory, action: Action): PodMemory {
  const key = failureKey(action);
  if (memory.failures[key] === undefined) return memory;
  const { [key]: _over, ...failures } = memory.failures;
  return { ...memory, failures };
}
