import { assertNever } from "../base/assert-never.ts";
import type { Now } from "../base/clock.ts";
import type { ErrorCode } from "../base/errors.ts";
import type { Action, Cause, Failure } from "../pod/action.ts";
import { type DesiredContainer, type Ending, podId } from "../pod/desired.ts";
import { goDurationOfMillis } from "../pod/duration.ts";
import type { EventObject, PodEvent } from "../pod/event.ts";
import type { Hold, Picture } from "../pod/plan.ts";
import { EVENTS, type EventName } from "./event-table.ts";
import { volumeImages } from "./image-need.ts";
import { killingText } from "./killing.ts";
import type { Moment, Notice } from "./moment.ts";
import { resizeText } from "./resize-text.ts";

/** What is told: a row of the table, the words for its text, and the container that it is about, if any. */
type Told = { readonly event: EventName; readonly words: readonly string[]; readonly container?: string };
type Settled = Extract<Moment, { kind: "settled" }>;

/** Characters of the message of an event: a runtime's error may have any length. @limit The rest is left out. */
const LONGEST_MESSAGE = 4096;

/** The events of one moment, by the one table that there is (lifecycle.md 10). */
export function news(picture: Picture, moment: Moment, now: Now): readonly PodEvent[] {
  if (moment.kind === "refused") return [refusal(picture, moment, now)];
  return toldOf(picture, moment).map((told) => eventOf(picture, told, now));
}

/** The one event whose reason the table cannot know (1.4, A1). */
const refusal = (picture: Picture, { reason, message }: Extract<Moment, { kind: "refused" }>, now: Now): PodEvent => ({
  type: "Warning",
  reason,
  message,
  object: objectOf(picture, undefined),
  atWallMs: now.wallMs,
});

function toldOf(picture: Picture, moment: Exclude<Moment, { kind: "refused" }>): readonly Told[] {
  switch (moment.kind) {
    case "begun":
      return begun(picture, moment.action);
    case "settled":
      return settled(picture, moment);
    case "held":
      return held(picture, moment.hold);
    case "probed":
      return probed(moment);
    case "ending":
      return ended(moment.ending);
    case "terminal":
      return moment.terminal.reason === "DeadlineExceeded" ? [pod("deadlineExceeded")] : [];
    case "resize":
      return [resized(moment)];
    case "noticed":
      return [noticed(picture, moment.notice)];
    default:
      return assertNever(moment);
  }
}

const pod = (event: EventName, ...words: string[]): Told => ({ event, words });
const of = (container: string, event: EventName, ...words: string[]): Told => ({ event, words, container });

function begun(picture: Picture, action: Action): readonly Told[] {
  switch (action.kind) {
    case "pull-image": {
      const pulling = waitingFor(picture, action.ref).map(({ name, image }) => of(name, "pulling", image));
      return [...missingPullSecrets(picture), ...pulling];
    }
    case "create-container":
      return reused(picture, action.name);
    case "run-sandbox":
      return isReplacement(picture) ? [pod("sandboxChanged")] : [];
    case "run-hook":
      return action.hook === "preStop"
        ? killing(picture, action, picture.memory.instances[action.id]?.stop?.cause)
        : [];
    case "stop-container":
      return isToldBefore(picture, action.id) ? [] : killing(picture, action, action.cause);
    default:
      return [];
  }
}

function resized({ stage, pod: asked }: Extract<Moment, { kind: "resize" }>): Told {
  if (stage === "started") return pod("resizeStarted", resizeText(asked));
  if (stage === "completed") return pod("resizeCompleted", resizeText(asked));
  const text = resizeText(asked, stage.message);
  return pod(stage.kind === "deferred" ? "resizeDeferred" : "resizeInfeasible", text);
}

/** Killing precedes preStop (H8), and each agent tells it once for both. */
function isToldBefore({ memory }: Picture, id: string): boolean {
  const { preStop } = memory.instances[id] ?? {};
  return preStop !== undefined && preStop !== "earlier";
}

function killing({ desired }: Picture, { name }: { name: string }, cause: Cause = "podEnding"): readonly Told[] {
  const container = desired.containers.find((other) => other.name === name);
  return [of(name, "killing", container ? killingText(container, cause) : `Stopping container ${name}`)];
}

type Waiting = { readonly name: string; readonly image: string };

/** Containers whose coming start waits for this image, its own or that of a volume: each is told of it, as it was written. */
function waitingFor({ desired, memory }: Picture, ref: string): readonly Waiting[] {
  return desired.containers.flatMap((container) => {
    const { name, image, imageRef } = container;
    const start = memory.starts[name];
    if (start?.wantedAt === undefined) return [];
    if (imageRef === ref && !start.image) return [{ name, image }];
    return volumeImages(desired, container).some((need) => need.ref === ref) ? [{ name, image: ref }] : [];
  });
}

/** E1: a start that takes what an earlier look or pull of this pod has shown is told of its image, too. */
function reused({ desired, memory }: Picture, name: string): readonly Told[] {
  const container = desired.containers.find((other) => other.name === name);
  const { seenAt = Number.NEGATIVE_INFINITY } = memory.images[container?.imageRef ?? ""] ?? {};
  const wasTold = seenAt >= (memory.starts[name]?.wantedAt ?? Number.NEGATIVE_INFINITY);
  return container === undefined || wasTold ? [] : [of(name, "imagePresent", container.image)];
}

function missingPullSecrets({ desired, around }: Picture): readonly Told[] {
  const names = (desired.spec.imagePullSecrets ?? []).flatMap(({ name = "" }) =>
    around.documents.get(`Secret/${desired.namespace}/${name}`) === "missing" ? [name] : [],
  );
  return names.length === 0 ? [] : [pod("pullSecretsMissing", names.join(", "))];
}

/** There was a sandbox before, and not just one with the wrong network (table 3.3). */
function isReplacement({ desired, observed }: Picture): boolean {
  const [newest] = observed.sandboxes;
  return newest !== undefined && (newest.hostNetwork ?? desired.hostNetwork) === desired.hostNetwork;
}

function settled(picture: Picture, moment: Settled): readonly Told[] {
  const { action, outcome } = moment;
  if (outcome.kind === "withdrawn") return [];
  if (outcome.kind === "failed") return failed(picture, action, outcome.failure);
  switch (action.kind) {
    case "find-image":
      return outcome.seen?.kind === "image" && outcome.seen.image !== "missing"
        ? waitingFor(picture, action.ref).map(({ name, image }) => of(name, "imagePresent", image))
        : [];
    case "pull-image":
      return pulled(picture, action.ref, moment);
    case "create-container":
      return [of(action.name, "created")];
    case "start-container":
      return [of(action.name, "started")];
    case "run-hook":
      return outcome.seen?.kind === "hook" && outcome.seen.failure !== undefined ? [hookFailed(action)] : [];
    default:
      return [];
  }
}

function pulled(picture: Picture, ref: string, { outcome, durationMs, queuedMs = 0 }: Settled): readonly Told[] {
  const image = outcome.kind === "done" && outcome.seen?.kind === "image" ? outcome.seen.image : undefined;
  const bytes = image === undefined || image === "missing" ? 0 : (image.size ?? 0);
  const words = [goDurationOfMillis(durationMs - queuedMs), goDurationOfMillis(durationMs), String(bytes)];
  return waitingFor(picture, ref).map(({ name, image: written }) => of(name, "imagePulled", written, ...words));
}

const hookFailed = ({ hook, name }: { readonly hook: "postStart" | "preStop"; readonly name: string }): Told =>
  of(name, hook === "postStart" ? "postStartFailed" : "preStopFailed");

/** Failures of pulls that statuses and events call by their own name (4.3). */
const NAMED_PULL_FAILURES: readonly ErrorCode[] = ["RegistryUnavailable", "SignatureValidationFailed"];

function failed(picture: Picture, action: Action, { code, message, reason }: Failure): readonly Told[] {
  switch (action.kind) {
    case "look":
      return [pod("lookFailed", message)];
    case "make-home":
      return [pod(reason === "FailedCreatePodContainer" ? "cgroupFailed" : "homeFailed", message)];
    case "set-volume":
      return [pod("mountFailed", action.volume, message)];
    case "find-image":
      return waitingFor(picture, action.ref).flatMap(({ name }) => [
        of(name, "inspectFailed", action.ref, message),
        of(name, "startFailed", "ImageInspectError"),
      ]);
    case "pull-image":
      return waitingFor(picture, action.ref).flatMap(({ name, image }) => [
        of(name, "pullFailed", image, message),
        of(name, "startFailed", reason ?? (NAMED_PULL_FAILURES.includes(code) ? code : "ErrImagePull")),
      ]);
    case "run-sandbox":
      if (picture.ending) return [];
      return [pod(code === "SandboxUnread" ? "sandboxUnread" : "sandboxFailed", message)];
    case "stop-sandbox":
    case "stop-container":
      return [pod("killFailed", message)];
    case "create-container":
    case "start-container":
      return [of(action.name, "startFailed", message)];
    case "run-hook":
      return [hookFailed(action)];
    case "update-container":
    case "limit-pod":
      return [pod("resizeFailed", resizeText(picture.desired, message))];
    case "clear-home":
    case "remove-sandbox":
    case "remove-container":
    case "read-message":
      return [];
    default:
      return assertNever(action);
  }
}

/** Reasons for waiting that are events of their own; the others follow from what failed before. */
function held(picture: Picture, hold: Hold): readonly Told[] {
  const { desired } = picture;
  const containers = desired.containers.filter(
    ({ name, imageRef }) => hold.subject === `container/${name}` || hold.subject === `image/${imageRef}`,
  );
  const each = (tell: (container: DesiredContainer) => readonly Told[]): readonly Told[] => containers.flatMap(tell);
  switch (hold.reason) {
    case "CrashLoopBackOff":
      return each(({ name }) => [of(name, "restartBackOff", name, podId(desired))]);
    case "ImagePullBackOff":
      return each(({ name, image }) => [
        of(name, "imageBackOff", hold.image ?? image),
        of(name, "startFailed", hold.reason),
      ]);
    case "ErrImageNeverPull":
      return each(({ name, image }) => [
        of(name, "imageNeverPulled", hold.image ?? image),
        of(name, "startFailed", hold.reason),
      ]);
    case "InvalidImageName":
      return each(({ name }) => [of(name, "imageNameInvalid", hold.message), of(name, "startFailed", hold.reason)]);
    case "CreateContainerConfigError":
      return each(({ name }) => (isToldFailure(picture, name, hold) ? [] : [of(name, "startFailed", hold.message)]));
    case "FailedCreatePodSandBox":
      // what the runtime refused was told when it did
      return hold.needs === "document" ? [pod("sandboxFailed", hold.message)] : [];
    case "NetworkNotReady":
      return [pod("networkNotReady", hold.message)];
    case "ExceededGracePeriod":
      return [pod("graceExceeded")];
    default:
      return hold.subject.startsWith("volume/") && hold.needs === "document"
        ? [pod("mountFailed", hold.subject.slice("volume/".length), hold.message)]
        : [];
  }
}

/** The hold only repeats how the last try of this container failed. */
const isToldFailure = ({ memory }: Picture, name: string, { message }: Hold): boolean =>
  memory.starts[name]?.error?.message === message;

const PROBE_WORDS = { startup: "Startup", liveness: "Liveness", readiness: "Readiness" } as const;

function probed({ container, probe, result }: Extract<Moment, { kind: "probed" }>): readonly Told[] {
  const word = PROBE_WORDS[probe];
  switch (result.kind) {
    case "success":
      return [];
    case "warning":
      return [of(container, "probeWarned", word, result.output)];
    case "failure":
      return [of(container, "probeFailed", word, result.output)];
    case "discarded":
      return [of(container, "probeErrored", word, result.output)];
    default:
      return assertNever(result.kind);
  }
}

function ended({ cause, result }: Ending): readonly Told[] {
  const message = result?.message ?? "";
  if (cause === "deadline") return [pod("deadlineExceeded")];
  if (cause === "evicted" || cause === "overused") return [pod("evicted", message)];
  return cause === "preempted" ? [pod("preempted", message)] : [];
}

function noticed({ desired }: Picture, notice: Notice): Told {
  switch (notice.kind) {
    case "httpsFallback":
      return pod("hookFellBack", notice.address);
    case "dnsCut":
      return pod(notice.what === "nameservers" ? "nameserversCut" : "searchesCut", notice.applied);
    case "noClusterDns":
      return pod("noClusterDns", podId(desired));
    case "portsUnmapped":
      return pod("portsUnmapped", notice.ports, notice.list);
    default:
      return assertNever(notice);
  }
}

function eventOf(picture: Picture, { event, words, container }: Told, now: Now): PodEvent {
  const { type, reason, text } = EVENTS[event];
  const message = withNames(picture, text(...words)).slice(0, LONGEST_MESSAGE);
  return { type, reason, message, object: objectOf(picture, container), atWallMs: now.wallMs };
}

/** Ids differ from one instance to the next; with names in their place equal events stay equal (lifecycle.md 10). */
const withNames = ({ observed }: Picture, message: string): string =>
  observed.containers.reduce((text, { id, name }) => text.replaceAll(id, name), message);

function objectOf({ desired }: Picture, container: string | undefined): EventObject {
  const { namespace, name, uid } = desired;
  if (container === undefined) return { kind: "Pod", namespace, name, uid };
  const role = desired.containers.find((other) => other.name === container)?.role;
  const field = role === "app" ? "containers" : role === "ephemeral" ? "ephemeralContainers" : "initContainers";
  return {
    kind: "Pod",
    namespace,
    name,
    uid,
    fieldPath: `spec.${field}{${container}}`,
  };
}
