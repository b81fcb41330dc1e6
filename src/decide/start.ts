import type { Subject } from "../pod/action.ts";
import { type DesiredContainer, podId } from "../pod/desired.ts";
import { goDuration } from "../pod/duration.ts";
import type { StartMemory } from "../pod/memory.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import { act, type Draft, hold, instanceOf, isBusy, noteInstance, noteStart, startOf, wake } from "./draft.ts";
import { missingDocument } from "./env-documents.ts";
import { isDead } from "./exits.ts";
import { holdForImage, type ImageNeed, SHOWN_FIRST_MS, stepToImage, volumeImages } from "./image-need.ts";
import { instancesOf, isFitting } from "./instances.ts";
import { isRequested, noteRequestDone } from "./requests.ts";
import { restartOf } from "./restart.ts";

/** How far the start of a container is. `held`: it waits for something that no action of this start brings. */
export type StartStep = "held" | "looking" | "pulling" | "making";

/** Takes the next step in the start of a container: back-off, documents, image, create, start (S27). */
export function carryStart(draft: Draft, container: DesiredContainer, mayMake: boolean): StartStep {
  const subject: Subject = `container/${container.name}`;
  const newest = instancesOf(draft.picture, container.name)[0];
  if (isBusy(draft, subject)) return "making";
  if (newest !== undefined && isFitting(draft, container, newest)) return begin(draft, container, newest, mayMake);
  if (isHeldBack(draft, container, newest)) return "held";
  const image = imageFor(draft, container, newest);
  if (typeof image === "string") return image;
  if (!mayMake || lacksTarget(draft, container)) return "held";
  make(draft, container, newest, image.id);
  return "making";
}

/** A created container is started, not replaced; it has its image and its back-off behind it. */
function begin(
  draft: Draft,
  container: DesiredContainer,
  { id, name }: ObservedContainer,
  mayMake: boolean,
): StartStep {
  if (!mayMake) return "held";
  act(draft, { subject: `container/${name}`, kind: "start-container", id, name });
  if (container.spec.lifecycle?.postStart !== undefined) noteInstance(draft, id, { postStart: "due" });
  return "making";
}

/** What a start waits for before its image is looked at. */
function isHeldBack(draft: Draft, container: DesiredContainer, newest: ObservedContainer | undefined): boolean {
  const { name } = container;
  if (isRequested(draft, name)) {
    noteRequestDone(draft, name);
    const { retryAt: _skipped, ...start } = startOf(draft, name);
    noteStart(draft, name, newest === undefined ? start : { ...start, decision: { after: newest.id, backOffMs: 0 } });
  }
  return (
    (newest !== undefined && isBackingOff(draft, container, newest)) ||
    waitsForRetry(draft, name) ||
    lacksDocument(draft, container) ||
    hasNoImageName(draft, container)
  );
}

/** B5: decides the restart when its delay is over, and says CrashLoopBackOff until then. */
function isBackingOff(draft: Draft, container: DesiredContainer, newest: ObservedContainer): boolean {
  const { picture } = draft;
  const { name } = container;
  if (startOf(draft, name).decision?.after === newest.id) return false;
  const start = startAfter(draft, newest);
  if (!isDead(draft, newest) || endedWithSandbox(draft, newest)) {
    // It never ran and cannot be used: its successor takes its place and its back-off.
    noteStart(draft, name, { ...start, decision: { after: newest.id, backOffMs: newest.backOffMs } });
    return false;
  }
  const { dueAt, delayMs, nextMs } = restartOf(draft, container, newest);
  const { wallMs, monoMs } = picture.now;
  if (dueAt <= monoMs) {
    const decision = { after: newest.id, backOffMs: nextMs };
    noteStart(draft, name, { ...start, decision, decidedWallMs: wallMs, decidedAt: monoMs });
    return false;
  }
  const shownFirst = (instanceOf(draft, newest.id).endedAt ?? monoMs) + SHOWN_FIRST_MS;
  const reason = monoMs < shownFirst ? "" : "CrashLoopBackOff";
  if (reason === "") wake(draft, shownFirst);
  const text = `back-off ${goDuration(delayMs)} restarting failed container=${name} pod=${podId(picture.desired)}`;
  hold(draft, { subject: `container/${name}`, reason, message: text, until: dueAt, needs: "time" });
  return true;
}

/**
 * Where a start that failed left an exit, that is what its successor waits for, and not the next try of the same start (B8);
 * what goes wrong with the successor from its decision on is waited for.
 */
function startAfter(draft: Draft, newest: ObservedContainer): StartMemory {
  const start = startOf(draft, newest.name);
  if (newest.state !== "exited" || !(instanceOf(draft, newest.id).startFailed === true || neverRan(newest)))
    return start;
  const { retryAt: _past, ...rest } = start;
  return rest;
}

/** Its start failed in a sandbox that is no more: that says nothing of the container. */
const endedWithSandbox = (draft: Draft, instance: ObservedContainer): boolean =>
  neverRan(instance) && instance.sandboxId !== draft.picture.observed.sandboxes[0]?.id;

/** The runtime calls an instance whose start failed exited, without a start. */
const neverRan = ({ state, detailed, startedWallMs }: ObservedContainer): boolean =>
  state === "exited" && detailed && startedWallMs === undefined;

/** B8: a start that failed before it left an exit is tried again after a fixed time. */
function waitsForRetry(draft: Draft, name: string): boolean {
  const { retryAt, error } = startOf(draft, name);
  if (retryAt === undefined || retryAt <= draft.picture.now.monoMs) return false;
  const why = error ?? { reason: "", message: "" };
  hold(draft, { subject: `container/${name}`, ...why, until: retryAt, needs: "time" });
  return true;
}

function lacksDocument(draft: Draft, container: DesiredContainer): boolean {
  const message = missingDocument(draft.picture, container);
  if (message === undefined) return false;
  const subject: Subject = `container/${container.name}`;
  hold(draft, { subject, reason: "CreateContainerConfigError", message, needs: "document" });
  return true;
}

/** Whose processes it is to see has to be there. */
function lacksTarget(draft: Draft, { name, target }: DesiredContainer): boolean {
  if (target === undefined || instancesOf(draft.picture, target)[0] !== undefined) return false;
  const message = `unable to find target container ${target}`;
  hold(draft, { subject: `container/${name}`, reason: "CreateContainerConfigError", message, needs: "sibling" });
  return true;
}

function hasNoImageName(draft: Draft, { name, image, imageRef, imageProblem }: DesiredContainer): boolean {
  if (imageRef !== undefined) return false;
  const quoted = JSON.stringify(image);
  const cause = imageProblem ?? `couldn't parse image name ${quoted}: invalid reference format`;
  const message = `Failed to apply default image tag ${quoted}: ${cause}`;
  holdForImage(draft, name, { reason: "InvalidImageName", message, needs: "image" });
  return true;
}

/** The image of the coming instance, with those of its image volumes beside it; or how far the way is. */
function imageFor(
  draft: Draft,
  container: DesiredContainer,
  newest: ObservedContainer | undefined,
): { readonly id: string } | Exclude<StartStep, "making"> {
  const { desired, now } = draft.picture;
  const { name, image, imageRef = image, pullPolicy } = container;
  const reuse = newest === undefined || newest.sandboxId !== draft.picture.observed.sandboxes[0]?.id;
  const since = startOf(draft, name).wantedAt ?? now.monoMs;
  const own: ImageNeed = { ref: imageRef, written: image, policy: pullPolicy, since, reuse };
  noteStart(draft, name, { ...startOf(draft, name), wantedAt: since });
  const kept = startOf(draft, name).image;
  const first = kept === undefined ? stepToImage(draft, name, own) : ({ kind: "here", image: kept } as const);
  if (first.kind === "here" && kept === undefined)
    noteStart(draft, name, { ...startOf(draft, name), image: first.image });
  const others = volumeImages(desired, container).map((need) => stepToImage(draft, name, { ...need, since, reuse }));
  for (const step of [first, ...others]) {
    if (step.kind !== "here") return step.kind;
  }
  return first.kind === "here" ? first.image : "held";
}

function make(draft: Draft, container: DesiredContainer, newest: ObservedContainer | undefined, imageId: string): void {
  const { name } = container;
  const start: StartMemory = startOf(draft, name);
  const sandbox = draft.picture.observed.sandboxes[0]?.id ?? "";
  const attempt = Math.max(start.attempt ?? 0, newest === undefined ? 0 : newest.attempt + 1);
  const backOffMs = start.decision?.backOffMs ?? 0;
  const target = container.target === undefined ? undefined : instancesOf(draft.picture, container.target)[0]?.id;
  const seen = target === undefined ? {} : { target };
  const made = { kind: "create-container", name, sandbox, attempt, imageId, backOffMs, ...seen } as const;
  act(draft, { subject: `container/${name}`, ...made });
}
