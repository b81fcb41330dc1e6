import type { MonoMs } from "../base/clock.ts";
import type { Action, Failure, SeenImage, Subject } from "../pod/action.ts";
import type { DesiredContainer, DesiredPod } from "../pod/desired.ts";
import type { FailedPull, ImageMemory } from "../pod/memory.ts";
import type { Hold } from "../pod/plan.ts";
import { act, type Draft, failureKey, flightOf, hold, isBusy, waitsAfterFailure, wake } from "./draft.ts";
import { sandboxNeed } from "./sandbox-need.ts";

/** A reason is shown for so long before a back-off takes its place: the kubelet's statuses lag one sync (3.1). */
export const SHOWN_FIRST_MS = 2000;
/** An image that was absent is looked for again after so long: somebody may have brought it (0.1, B8). */
const LOOK_AGAIN_MS = 10_000;

/** One image that a start needs. */
export type ImageNeed = {
  /** As sent to the runtime. */
  readonly ref: string;
  /** As written in the manifest, for people. */
  readonly written: string;
  readonly policy: "Always" | "IfNotPresent" | "Never";
  /** Nothing learnt before this moment serves a pull that each start asks for (B11). */
  readonly since: MonoMs;
  /** A first start may use what the pod has learnt before; a restart looks again, since a tag may have moved. */
  readonly reuse: boolean;
};

/** The image, or how far the way to it is. */
export type ImageStep =
  | { readonly kind: "here"; readonly image: SeenImage }
  | { readonly kind: "looking" | "pulling" | "held" };

/** Takes the next step towards an image for this container: find, pull, or hold (4.2, cri-mapping 6.2). */
export function stepToImage(draft: Draft, container: string, need: ImageNeed): ImageStep {
  const memory = draft.memory.images[need.ref];
  const image = serving(memory, need);
  if (image !== undefined) return { kind: "here", image };
  const subject: Subject = `image/${need.ref}`;
  const flight = flightOf(draft, subject) ?? draft.actions.find((action) => action.subject === subject);
  const kind = flight === undefined ? undefined : "action" in flight ? flight.action.kind : flight.kind;
  if (kind === "find-image") holdFailedPull(draft, container, need, memory);
  if (kind !== undefined) return { kind: kind === "find-image" ? "looking" : "pulling" };
  if (isBusy(draft, subject)) return { kind: "held" };
  return need.policy === "Always" || isKnownMissing(draft, memory, need)
    ? fetchImage(draft, container, need, memory)
    : find(draft, container, need, memory);
}

function serving(memory: ImageMemory | undefined, { policy, since, reuse }: ImageNeed): SeenImage | undefined {
  if (memory?.seen === undefined || memory.seen === "missing") return undefined;
  const learntAt = policy === "Always" ? memory.pulledAt : memory.seenAt;
  if (learntAt === undefined) return undefined;
  return learntAt >= since || (reuse && policy !== "Always") ? memory.seen : undefined;
}

function isKnownMissing(draft: Draft, memory: ImageMemory | undefined, { since }: ImageNeed): boolean {
  if (memory?.seen !== "missing" || memory.seenAt === undefined || memory.seenAt < since) return false;
  return draft.picture.now.monoMs < memory.seenAt + LOOK_AGAIN_MS;
}

function find(draft: Draft, container: string, need: ImageNeed, memory: ImageMemory | undefined): ImageStep {
  const action: Action = { subject: `image/${need.ref}`, kind: "find-image", ref: need.ref };
  const failed = draft.memory.failures[failureKey(action)];
  if (failed !== undefined && waitsAfterFailure(draft, action)) {
    const message = `Failed to inspect image "${need.written}": ${failed.failure.message}`;
    return held(draft, container, need, { reason: "ImageInspectError", message, until: failed.retryAt, needs: "time" });
  }
  act(draft, action);
  holdFailedPull(draft, container, need, memory);
  return { kind: "looking" };
}

/** What is to be done about an image that is to come from the registry: pull, wait, or say that it must not be pulled. */
function fetchImage(draft: Draft, container: string, need: ImageNeed, memory: ImageMemory | undefined): ImageStep {
  if (need.policy === "Never") {
    const message = `Container image "${need.written}" is not present with pull policy of Never`;
    const until = (memory?.seenAt ?? draft.picture.now.monoMs) + LOOK_AGAIN_MS;
    return held(draft, container, need, { reason: "ErrImageNeverPull", message, until, needs: "image" });
  }
  if (holdFailedPull(draft, container, need, memory)) {
    if (need.policy === "IfNotPresent" && memory?.seenAt !== undefined) wake(draft, memory.seenAt + LOOK_AGAIN_MS);
    return { kind: "held" };
  }
  act(draft, { subject: `image/${need.ref}`, kind: "pull-image", ref: need.ref });
  return { kind: "pulling" };
}

/** B10: says why a pull is not tried yet. False when it may be tried now. */
function holdFailedPull(draft: Draft, container: string, need: ImageNeed, memory: ImageMemory | undefined): boolean {
  const failed = memory?.failed;
  const { monoMs } = draft.picture.now;
  if (failed === undefined || monoMs >= failed.at + failed.delayMs) return false;
  const { reason, message } = pullError(need, failed.failure);
  const until = failed.at + failed.delayMs;
  const shownFrom = noteShown(draft, need.ref, failed);
  if (shownFrom === undefined || monoMs < shownFrom + SHOWN_FIRST_MS) {
    if (shownFrom !== undefined) wake(draft, shownFrom + SHOWN_FIRST_MS);
    held(draft, container, need, { reason, message, until, needs: "image" });
    return true;
  }
  const backOff = `Back-off pulling image "${need.written}": ${reason}: ${message}`;
  held(draft, container, need, { reason: "ImagePullBackOff", message: backOff, until, needs: "image" });
  return true;
}

/** Since when this failure is shown; not before the sandbox is up. */
function noteShown(draft: Draft, ref: string, failed: FailedPull): MonoMs | undefined {
  if (failed.shownFrom !== undefined || !isSandboxUp(draft)) return failed.shownFrom;
  const shownFrom = draft.picture.now.monoMs;
  const { images } = draft.memory;
  draft.memory = {
    ...draft.memory,
    images: { ...images, [ref]: { ...images[ref], failed: { ...failed, shownFrom } } },
  };
  return shownFrom;
}

const isSandboxUp = ({ picture }: Draft): boolean => sandboxNeed(picture).kind === "none";

/** The words of table 4.3 for a failed pull. */
function pullError({ written }: ImageNeed, failure: Failure): { reason: string; message: string } {
  const { code, message } = failure;
  if (code === "RegistryUnavailable" || code === "SignatureValidationFailed") {
    return { reason: failure.reason ?? code, message: `image pull failed for ${written} because ${message}` };
  }
  return { reason: failure.reason ?? "ErrImagePull", message };
}

function held(
  draft: Draft,
  container: string,
  { written: image }: ImageNeed,
  why: { reason: string; message: string; until: MonoMs; needs: "time" | "image" },
): ImageStep {
  holdForImage(draft, container, { ...why, image });
  return { kind: "held" };
}

/** Until the sandbox is up a pod is only shown as being created, whatever is known of its images by then (5.4). */
export function holdForImage(
  draft: Draft,
  container: string,
  why: Pick<Hold, "reason" | "message" | "image" | "until" | "needs">,
): void {
  hold(draft, { subject: `container/${container}`, ...why, ...(isSandboxUp(draft) ? {} : { reason: "" }) });
}

/** Image volumes that the container mounts: their images have to be there before it (cri-mapping 6.2). */
export function volumeImages(
  pod: DesiredPod,
  container: DesiredContainer,
): readonly Omit<ImageNeed, "since" | "reuse">[] {
  return pod.volumes.flatMap(({ name, spec }) => {
    const ref = spec.image?.reference;
    if (ref === undefined || !container.volumes.includes(name)) return [];
    return [{ ref, written: ref, policy: policyOf(spec.image?.pullPolicy) }];
  });
}

function policyOf(written: string | undefined): ImageNeed["policy"] {
  const policies: readonly ImageNeed["policy"][] = ["Always", "IfNotPresent", "Never"];
  return policies.find((policy) => policy === written) ?? "IfNotPresent";
}

/** The image needs that a whole pod has, to tell which pulls under way still serve it. */
export const neededRefs = (pod: DesiredPod): ReadonlySet<string> =>
  new Set(
    pod.containers.flatMap((container) => [
      ...(container.imageRef === undefined ? [] : [container.imageRef]),
      ...volumeImages(pod, container).map(({ ref }) => ref),
    ]),
  );
